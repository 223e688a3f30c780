import Basics
import Documents
import Testing
import Workloads

/// A small seeded generator for random cases.
struct SplitMix {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// Fields of an entry as bytes.
func fields(_ pairs: (String, String)...) -> [([UInt8], [UInt8])] { pairs.map { (Array($0.0.utf8), Array($0.1.utf8)) } }

/// A moment, for tests only: nothing but a well-formed text may be passed.
func time(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? Timestamp(milliseconds: -1) }

func configuration(_ text: String) throws -> ServiceConfiguration {
  try ServiceConfiguration.read(bytes: Array(text.utf8), file: "shop.yaml")
}

/// The error that something throws, as people see it; empty when it throws none.
func complaint(of body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}

import Basics
import Testing
import Workloads

private func problem(_ fields: [([UInt8], [UInt8])]) -> SampleProblem? {
  do {
    _ = try StreamMessage(parsing: fields)
    return nil
  } catch {
    return error
  }
}

@Test func `the contract's example is a sample`() throws {
  let message = try StreamMessage(
    parsing: fields(
      ("service", "checkout"),
      ("instance", "i-1"),
      ("cpu", "0.42"),
      ("memory", "3.1e8"),
      ("requests", "120"),
      ("latency", "0.12")
    )
  )
  let sample = Sample(
    service: "checkout",
    instance: "i-1",
    readings: [.init("cpu", 0.42), .init("latency", 0.12), .init("memory", 3.1e8), .init("requests", 120)]
  )
  #expect(message == .sample(sample))
}

@Test func `a sample and a watermark read back from their fields`() throws {
  let messages: [StreamMessage] = [
    .sample(
      Sample(
        service: "köln",
        instance: "i-0",
        time: Timestamp(milliseconds: 1_764_000_000_123),
        readings: [.init("temperature", -12.625), .init("cpu", 0.1 + 0.2)]
      )
    ),
    .sample(Sample(service: "a", readings: [.init("requests", 1e15)])),
    .watermark(Timestamp(milliseconds: 0)),
  ]
  for message in messages { #expect(try StreamMessage(parsing: message.fields) == message) }
}

private let refusals: [(pairs: [(String, String)], reason: SampleProblem.Reason)] = [
  ([("cpu", "1")], .noService),
  ([], .noService),
  ([("service", "a")], .noNumericField),
  ([("service", "a"), ("instance", "i"), ("ts", "5")], .noNumericField),
  ([("service", ""), ("cpu", "1")], .badName),
  ([("service", "*"), ("cpu", "1")], .badName),
  ([("service", String(repeating: "a", count: 201)), ("cpu", "1")], .badName),
  ([("service", "a\nb"), ("cpu", "1")], .badName),
  ([("service", "a\u{202E}b"), ("cpu", "1")], .badName),
  ([("service", "a"), ("instance", ""), ("cpu", "1")], .badName),
  ([("service", "a"), ("", "1")], .badName),
  ([("service", "a"), ("cpu\u{7}", "1")], .badName),
  ([("service", "a"), ("service", "b"), ("cpu", "1")], .repeatedField),
  ([("service", "a"), ("cpu", "1"), ("cpu", "1")], .repeatedField),
  ([("service", "a"), ("ts", "1"), ("ts", "1"), ("cpu", "1")], .repeatedField),
  ([("service", "a"), ("cpu", "high")], .notANumber),
  ([("service", "a"), ("cpu", "")], .notANumber),
  ([("service", "a"), ("cpu", "0x1p3")], .notANumber),
  ([("service", "a"), ("cpu", "1,5")], .notANumber),
  ([("service", "a"), ("cpu", "nan")], .notANumber),
  ([("service", "a"), ("cpu", String(repeating: "1", count: 65))], .notANumber),
  ([("service", "a"), ("cpu", "-Infinity")], .infinite),
  ([("service", "a"), ("cpu", "1e999")], .infinite),
  ([("service", "a"), ("requests", "-1")], .negative),
  ([("service", "a"), ("cpu", "-1e-9")], .negative),
  ([("service", "a"), ("memory", "-1")], .negative),
  ([("service", "a"), ("latency", "-1")], .negative),
  ([("service", "a"), ("memory", "1.1e15")], .absurd),
  ([("service", "a"), ("balance", "-2e15")], .absurd),
  ([("service", "a"), ("ts", "soon"), ("cpu", "1")], .badTime),
  ([("service", "a"), ("ts", "1.5"), ("cpu", "1")], .badTime),
  ([("service", "a"), ("ts", "-1"), ("cpu", "1")], .badTime),
  ([("service", "a"), ("ts", "9223372036854775807"), ("cpu", "1")], .badTime),
  ([("watermark", "x")], .badTime),
  ([("watermark", "1"), ("service", "a")], .strayWatermark),
]

@Test(arguments: refusals.indices)
func `a bad entry is refused with its reason`(index: Int) {
  let (pairs, reason) = refusals[index]
  let found = problem(pairs.map { (Array($0.utf8), Array($1.utf8)) })
  #expect(found?.reason == reason)
  #expect(found?.description.isEmpty == false)
}

@Test func `names that are not UTF-8 are refused and shown without harm`() {
  let found = problem([(Array("service".utf8), [0xFF, 0x1B, 0x61]), (Array("cpu".utf8), Array("1".utf8))])
  #expect(found?.reason == .badName)
  #expect(found?.description == "the name of service is not UTF-8: '\u{FFFD}?a'")
}

@Test func `an entry has at most 64 fields`() throws {
  var many = fields(("service", "a"))
  for i in 1..<64 { many.append((Array("m\(i)".utf8), Array("1".utf8))) }
  guard case .sample(let sample) = try StreamMessage(parsing: many) else {
    Issue.record("not a sample")
    return
  }
  #expect(sample.readings.count == 63)
  many.append((Array("m64".utf8), Array("1".utf8)))
  #expect(problem(many)?.reason == .tooManyFields)
}

@Test func `negative zero is zero, and values that may be negative are taken`() throws {
  let message = try StreamMessage(parsing: fields(("service", "a"), ("cpu", "-0"), ("balance", "-5")))
  guard case .sample(let sample) = message else {
    Issue.record("not a sample")
    return
  }
  #expect(sample.readings.map(\.value) == [-5, 0])
  #expect(sample.readings[1].value.sign == .plus)
}

@Test(arguments: 0..<4) func `no bytes crash the parser`(seed: UInt64) {
  var random = SplitMix(seed)
  let words = [
    "service", "instance", "ts", "cpu", "requests", "watermark", "a", "1", "1e400", "-3", "nan", "", "\u{85}",
  ]
  for _ in 0..<5000 {
    let entry = (0..<random.next(below: 6)).map { _ in
      (0..<2).map { _ in
        random.next(below: 4) == 0 ? random.bytes(random.next(below: 12)) : Array(words[random.next(below: 13)].utf8)
      }
    }
    guard let message = try? StreamMessage(parsing: entry.map { ($0[0], $0[1]) }) else { continue }
    #expect((try? StreamMessage(parsing: message.fields)) == message)
  }
}

@Test(arguments: [
  ("requests", false), ("cpu", false), ("memory", false), ("queue_depth", false), ("latency", true),
  ("latency_p95", true), ("db_latency", true), ("hit_ratio", true), ("utilization", true), ("disk_utilisation", true),
  ("errors_percent", true), ("replicas", true), ("ratios", false),
])
func `metrics are summed or averaged over instances by their name`(metric: String, isMean: Bool) {
  #expect(MetricRule.isMeanOverInstances(metric) == isMean)
}

@Test func `identifiers of entries read back and keep the order of the stream`() {
  let ids = ["5-9", "10-0", "10-1", "10-10"].compactMap { StreamEntryID($0) }
  #expect(ids.map(\.description) == ["5-9", "10-0", "10-1", "10-10"])
  #expect(ids.reversed().sorted() == ids)
  for bad in ["", "5", "5-", "-5", "a-1", "1-2-3", "+1-1", "99999999999999999999-0"] {
    #expect(StreamEntryID(bad) == nil)
  }
}

/// The sealed inputs since the committed epoch, which a new generation is given again.
struct InputLog: Sendable {
  private var sealed: [Int64: [UInt8]] = [:]
  /// The ordinal of the next input.
  private(set) var next: Int64 = 0
  /// How many are kept.
  var count: Int { sealed.count }

  /// Appends the next input; false when it is not the next one.
  mutating func append(_ ordinal: Int64, _ bytes: [UInt8]) -> Bool {
    guard ordinal == next else { return false }
    sealed[ordinal] = bytes
    next += 1
    return true
  }

  /// Forgets what lies before `first`, the first input that is not yet committed.
  mutating func forget(before first: Int64) { sealed = sealed.filter { $0.key >= first } }

  /// Takes up the position `first` of the store, which may have gone back: what is kept must join what it has.
  mutating func resume(at first: Int64) {
    forget(before: first)
    if sealed[first] == nil { sealed = [:] }
    next = first + Int64(sealed.count)
  }

  /// Forgets everything: a store that was away may have lost inputs that were sealed.
  mutating func clear() { sealed = [:] }

  /// The inputs from `first` on, ascending.
  func from(_ first: Int64) -> [(ordinal: Int64, bytes: [UInt8])] {
    (first..<max(next, first)).compactMap { ordinal in sealed[ordinal].map { (ordinal, $0) } }
  }
}

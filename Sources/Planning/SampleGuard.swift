public import Wire

/// Decides whether a value may be believed: what is absurd waits until it has lasted.
///
/// | what came | believed |
/// | --- | --- |
/// | nothing, not a number, negative | never |
/// | 0 after something else | after `zeroBeliefTicks` (an hour): a service can be closed, but zeros are often a broken exporter |
/// | less than 3/10 of the last believed value | after `dropBeliefTicks` (three minutes) |
/// | more than 4 times the last believed value | on the second tick, or at once if other series of the service jump too |
///
/// A value near its forecast band (within two half-bands of the median) is believed at once, unless a doubted run has
/// begun: by then the forecast itself may have learned the absurd values.
public struct SampleGuard: Equatable, Sendable {
  /// What a value was taken for.
  public enum Verdict: UInt8, Sendable {
    case believed, missing, zero, drop, jump
    /// Whether the value may be planned with.
    public var isBelieved: Bool { self == .believed }
  }

  /// The last value that was believed.
  public private(set) var lastBelieved: Double?
  private var doubt = Verdict.believed
  private var run = 0

  /// Starts without a value.
  public init() {}

  /// Judges the value of one tick.
  public mutating func judge(
    _ value: Double?,
    expected: [Double] = [],
    corroborated: Bool = false,
    zeroBeliefTicks: Int,
    dropBeliefTicks: Int
  ) -> Verdict {
    guard let value, value.isFinite, value >= 0 else { return .missing }
    var verdict = Verdict.believed
    if let last = lastBelieved, last > 0 {
      if value <= last * 1e-3 {
        verdict = .zero
      } else if value < 0.3 * last {
        verdict = .drop
      } else if value > 4 * last {
        verdict = .jump
      }
      if doubt == .believed, Self.isNear(value, expected) { verdict = .believed }
    }
    run = verdict == doubt ? run + 1 : 1
    let patience =
      switch verdict {
      case .zero: zeroBeliefTicks
      case .drop: dropBeliefTicks
      case .jump: corroborated ? 0 : 1
      case .believed, .missing: 0
      }
    if run > patience { verdict = .believed }
    doubt = verdict
    if verdict == .believed {
      lastBelieved = value
      run = 0
    }
    return verdict
  }

  private static func isNear(_ value: Double, _ expected: [Double]) -> Bool {
    guard expected.count == 7 else { return false }
    return Surprise.measure(value, expected: expected) <= 2
  }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    w.write(optional: lastBelieved)
    w.write(doubt.rawValue)
    w.write(int: run)
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    lastBelieved = try r.readOptionalDouble()
    doubt = try r.readCase()
    run = try r.readAmount()
  }
}

/// Why an entry of the stream was not taken: a reason to count by and a sentence for people.
public struct SampleProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The reasons, as they are counted and stored.
  public enum Reason: String, Sendable, CaseIterable {
    case noService = "no-service"
    case badName = "bad-name"
    case repeatedField = "repeated-field"
    case notANumber = "not-a-number"
    case infinite
    case negative
    case absurd
    case noNumericField = "no-numeric-field"
    case tooManyFields = "too-many-fields"
    case badTime = "bad-time"
    case noTime = "no-time"
    case fromFuture = "from-future"
    case tooOld = "too-old"
    case doubled
    case tooManySeries = "too-many-series"
    case tooManyInstances = "too-many-instances"
    case tickFull = "tick-full"
    case strayWatermark = "stray-watermark"
  }

  /// What to count by.
  public var reason: Reason
  /// What was found and what would be right, in one sentence.
  public var description: String

  /// Describes a problem.
  public init(_ reason: Reason, _ description: String) { (self.reason, self.description) = (reason, description) }
}

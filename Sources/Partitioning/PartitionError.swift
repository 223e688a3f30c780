/// A network that cannot be laid out as asked: what was asked, and what would do.
public struct PartitionError: Error, Equatable, CustomStringConvertible {
  /// One sentence.
  public var description: String
  /// Describes a problem.
  init(_ description: String) { self.description = description }
}

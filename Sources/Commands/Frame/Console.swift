internal import Basics

/// Where a command's text goes, and what kind of place that is.
public struct Console: Sendable {
  /// Writes results; returns whether all of it was taken.
  public var output: @Sendable (String) -> Bool
  /// Writes errors and progress.
  public var error: @Sendable (String) -> Void
  /// Reads a line of input without its end; nil when there are no more.
  public var input: @Sendable () -> String? = { readLine(strippingNewline: true) }
  /// Columns of the terminal that results go to; nil when they go to a file or pipe.
  public var outputColumns: Int?
  /// Columns of the terminal that progress goes to; nil when it goes to a file or pipe.
  public var errorColumns: Int?

  /// Puts a console together.
  public init(
    output: @escaping @Sendable (String) -> Bool,
    error: @escaping @Sendable (String) -> Void,
    outputColumns: Int? = nil,
    errorColumns: Int? = nil
  ) {
    (self.output, self.error) = (output, error)
    (self.outputColumns, self.errorColumns) = (outputColumns, errorColumns)
  }

  /// The standard streams of this process.
  public static var process: Console {
    Console(
      output: { StandardStream.output.write($0) },
      error: { StandardStream.error.write($0) },
      outputColumns: StandardStream.output.isTerminal ? StandardStream.output.columns ?? 80 : nil,
      errorColumns: StandardStream.error.isTerminal ? StandardStream.error.columns ?? 80 : nil
    )
  }
}

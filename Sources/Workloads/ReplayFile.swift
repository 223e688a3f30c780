internal import Basics
public import Documents

/// Recorded samples as CSV: `ts,service,instance,<metric>,…`, one row per instance and moment.
///
/// `ts` is RFC 3339 or milliseconds since the Unix epoch; `instance` may be left out; every other column is a metric,
/// whose empty cells say nothing. The rows need not be in order.
public enum ReplayFile {
  /// Reads the samples in order of time; rows of the same moment stay in the order of the file.
  ///
  /// - Throws: the first thing that is wrong, with file and line: a column that is missing, a time or number that cannot
  ///   be read, a value that the stream would reject.
  public static func read(csv bytes: [UInt8], file: String) throws(DocumentError) -> [Sample] {
    let table = try CSVTable(bytes, file: file)
    let ts = try table.require("ts")
    _ = try table.require("service")
    guard table.column("watermark") == nil else {
      throw table.headerError("a column cannot be named 'watermark': that word tells the time of the stream")
    }
    let keys = table.header.map { Array($0.utf8) }
    var samples: [Sample] = []
    samples.reserveCapacity(table.rows.count)
    for row in table.rows {
      var fields: [([UInt8], [UInt8])] = []
      for column in table.header.indices where !table.isEmpty(row, column) {
        let text = column == ts ? try milliseconds(table, row, ts) : table[row, column].trimmed
        fields.append((keys[column], Array(text.utf8)))
      }
      do throws(SampleProblem) {
        guard case .sample(let sample) = try StreamMessage(parsing: fields) else { continue }
        guard sample.time != nil else { throw SampleProblem(.noTime, "the time of the row is missing") }
        samples.append(sample)
      } catch {
        throw table.error(row, error.description)
      }
    }
    return samples.enumerated()
      .sorted { a, b in
        let x = a.element.time ?? Timestamp(milliseconds: 0), y = b.element.time ?? Timestamp(milliseconds: 0)
        return x != y ? x < y : a.offset < b.offset
      }
      .map(\.element)
  }

  private static func milliseconds(_ table: CSVTable, _ row: Int, _ column: Int) throws(DocumentError) -> String {
    let text = table[row, column].trimmed
    if let time = Timestamp(rfc3339: text) { return String(time.milliseconds) }
    guard Int64(text) != nil else {
      throw table.error(row, "ts: RFC 3339 or milliseconds are wanted, found '\(NameRule.shown(text))'")
    }
    return text
  }

  /// Puts watermarks between samples that are in order of time, so that ticks can be sealed on the way and at the end.
  ///
  /// A watermark stands before the first sample of every tick but the first, and one that seals the last tick at the end.
  ///
  /// - Precondition: every sample has its time.
  public static func messages(
    of samples: [Sample],
    tickMilliseconds: Int64,
    graceMilliseconds: Int64
  ) -> [StreamMessage] {
    var messages: [StreamMessage] = []
    messages.reserveCapacity(samples.count + samples.count / 8 + 1)
    var tick: Int64?
    for sample in samples {
      guard let time = sample.time else { preconditionFailure("a recorded sample has its time") }
      let own = time.milliseconds / tickMilliseconds
      if let tick, own > tick { messages.append(.watermark(Timestamp(milliseconds: own * tickMilliseconds))) }
      tick = max(tick ?? own, own)
      messages.append(.sample(sample))
    }
    if let tick {
      messages.append(.watermark(Timestamp(milliseconds: (tick + 1) * tickMilliseconds + graceMilliseconds)))
    }
    return messages
  }
}

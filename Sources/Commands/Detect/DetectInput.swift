internal import Basics
internal import Documents

/// A recorded series as `detect` reads it.
struct DetectInput {
  /// A row: its cells as they stand in the file, and what they mean.
  struct Row {
    var time: String
    var text: String
    var seconds: Double
    /// Not finite where it is missing.
    var value: Double
  }

  /// Spellings of a value that is missing, in lower case.
  static let missing: Set<String> = [
    "", "nan", "null", "none", "na", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity",
  ]

  var file: String
  var rows: [Row]

  /// Reads a series.
  ///
  /// - Throws: `DocumentError` with the line of a time or value that cannot be read, or what `CSVTable` throws.
  init(_ bytes: [UInt8], file: String) throws(DocumentError) {
    let table = try CSVTable(bytes, file: file)
    let (time, value) = (try table.require("timestamp"), try table.require("value"))
    self.file = file
    rows = []
    rows.reserveCapacity(table.rows.count)
    for row in table.rows {
      let timeText = Self.trimmed(table[row, time]), text = Self.trimmed(table[row, value])
      guard let moment = Timestamp(rfc3339: timeText) ?? Timestamp(rfc3339: timeText + "Z") else {
        throw table.error(row, "timestamp: a time like 2026-11-25T00:54:27Z is wanted, found '\(timeText)'")
      }
      let isMissing = Self.missing.contains(text.lowercased())
      rows.append(
        Row(
          time: timeText,
          text: text,
          seconds: Double(moment.milliseconds) / 1000,
          value: isMissing ? .nan : try table.double(row, value)
        )
      )
    }
  }

  private static func trimmed(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(text[first...last])
  }
}

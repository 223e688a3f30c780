internal import Basics

/// A table read from CSV (RFC 4180): a header, then rows of as many cells that know their line.
///
/// Lines end in LF or CRLF, blank lines are skipped, a byte order mark is dropped. A cell in quotes may hold commas,
/// line ends and doubled quotes. White space around header names and numbers is not part of them.
///
///     let table = try CSVTable(bytes, file: "neurons.csv")
///     let ids = try table.require("neuron_id")
///     for row in table.rows { print(try table.int(row, ids)) }
public struct CSVTable: Sendable, Equatable {
  /// The file, as the user named it.
  public let file: String
  /// Names of the columns in file order, each unique and not empty.
  public let header: [String]
  /// Line of the header, counted from 1.
  public let headerLine: Int
  /// Line on which each row begins, counted from 1.
  private let lines: [Int]
  /// All cells of all rows, one after the other, without quotes.
  private let content: [UInt8]
  /// Where each cell ends in `content`.
  private let ends: [Int]

  /// Reads a table.
  ///
  /// - Throws: what is wrong and on which line: bytes that are not UTF-8, no header, an empty or repeated name, a row
  ///   with too few or too many cells, a quote out of place or never closed, a carriage return alone.
  /// - Complexity: linear in the number of bytes; 8 bytes a cell beside the text.
  public init(_ bytes: [UInt8], file: String) throws(DocumentError) {
    try CSVTable.checkUTF8(bytes, file: file)
    var scanner = CSVScanner(bytes, file: file)
    guard try scanner.scanRow(cells: nil) else {
      throw DocumentError(file: file, line: 0, message: "the file is empty; a header line with column names is wanted")
    }
    let names = scanner.ends.indices.map { i in
      String(decoding: scanner.content[(i == 0 ? 0 : scanner.ends[i - 1])..<scanner.ends[i]], as: UTF8.self).trimmed
    }
    headerLine = scanner.rowLine
    for (i, name) in names.enumerated() {
      if name.isEmpty {
        throw DocumentError(file: file, line: headerLine, message: "column \(i + 1) has no name in the header")
      }
      if names[..<i].contains(name) {
        throw DocumentError(file: file, line: headerLine, message: "the column '\(name)' stands in the header twice")
      }
    }
    scanner.content.removeAll(keepingCapacity: true)
    scanner.ends.removeAll(keepingCapacity: true)
    var lines: [Int] = []
    while try scanner.scanRow(cells: names.count) { lines.append(scanner.rowLine) }
    (self.file, header, self.lines) = (file, names, lines)
    (content, ends) = (scanner.content, scanner.ends)
  }

  /// Indices of the rows; the header is not one.
  public var rows: Range<Int> { lines.indices }

  /// The line on which a row begins, counted from 1.
  public func line(_ row: Int) -> Int { lines[row] }

  /// The index of the column with a name, or nil.
  public func column(_ name: String) -> Int? { header.firstIndex(of: name) }

  /// The index of a column that must be there; the error names the nearest one.
  public func require(_ name: String) throws(DocumentError) -> Int {
    guard let column = column(name) else {
      throw headerError("the column '\(name)' is missing; found are: \(header.joined(separator: ", "))")
    }
    return column
  }

  /// The text of a cell.
  public subscript(row: Int, column: Int) -> String {
    String(decoding: bytes(row, column), as: UTF8.self)
  }

  /// Whether a cell holds nothing but white space.
  public func isEmpty(_ row: Int, _ column: Int) -> Bool {
    bytes(row, column).allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// The finite number in a cell.
  public func double(_ row: Int, _ column: Int) throws(DocumentError) -> Double {
    let text = self[row, column].trimmed
    guard text.utf8.allSatisfy(CSVTable.isNumeric), let value = Double(text), value.isFinite else {
      throw error(row, "\(header[column]): a number is wanted, found '\(text)'")
    }
    return value
  }

  /// The whole number in a cell.
  public func int(_ row: Int, _ column: Int) throws(DocumentError) -> Int {
    let text = self[row, column].trimmed
    guard let value = Int(text) else {
      throw error(row, "\(header[column]): a whole number is wanted, found '\(text)'")
    }
    return value
  }

  /// An error at a row.
  public func error(_ row: Int, _ message: String) -> DocumentError {
    DocumentError(file: file, line: lines[row], message: message)
  }

  /// An error at the header.
  public func headerError(_ message: String) -> DocumentError {
    DocumentError(file: file, line: headerLine, message: message)
  }

  private func bytes(_ row: Int, _ column: Int) -> ArraySlice<UInt8> {
    precondition(header.indices.contains(column))
    let cell = row * header.count + column
    return content[(cell == 0 ? 0 : ends[cell - 1])..<ends[cell]]
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  private static func checkUTF8(_ bytes: [UInt8], file: String) throws(DocumentError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let line = bytes[..<error.byteOffsets.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
      throw DocumentError(file: file, line: line, message: "a text is not UTF-8")
    }
  }
}

/// Splits bytes into the cells of one row after the other.
private struct CSVScanner {
  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var line = 1
  /// The line on which the last row began.
  private(set) var rowLine = 0
  /// Text of all cells so far.
  var content: [UInt8] = []
  /// Where each cell ends.
  var ends: [Int] = []

  init(_ bytes: [UInt8], file: String) {
    (self.bytes, self.file) = (bytes, file)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    content.reserveCapacity(bytes.count)
  }

  /// Appends the cells of the next row that is not blank; false at the end of the file.
  mutating func scanRow(cells wanted: Int?) throws(DocumentError) -> Bool {
    while try endOfLine() {}
    guard position < bytes.count else { return false }
    rowLine = line
    let first = ends.count
    while true {
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { try scanQuoted() } else { try scanPlain() }
      ends.append(content.count)
      guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else {
        break
      }
      position += 1
      // A comma at the very end of the file opens one more, empty cell.
      if position == bytes.count {
        ends.append(content.count)
        break
      }
    }
    _ = try endOfLine()
    if let wanted, ends.count - first != wanted {
      throw fail(rowLine, "the row has \(ends.count - first) cells, the header \(wanted)")
    }
    return true
  }

  private mutating func scanPlain() throws(DocumentError) {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"): return
      case UInt8(ascii: "\""):
        throw fail(line, "a quote inside a cell; put the whole cell in quotes and double the quotes in it")
      case let byte: content.append(byte)
      }
      position += 1
    }
  }

  private mutating func scanQuoted() throws(DocumentError) {
    let opened = line
    position += 1
    while true {
      guard position < bytes.count else { throw fail(opened, "the quote that opens here is never closed") }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard position < bytes.count, bytes[position] == byte else { break }
        position += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      content.append(byte)
    }
    guard position < bytes.count else { return }
    guard [UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(bytes[position]) else {
      throw fail(line, "text after the closing quote of a cell; a comma or the end of the line is wanted")
    }
  }

  /// Takes one line end; false when none stands here.
  private mutating func endOfLine() throws(DocumentError) -> Bool {
    guard position < bytes.count else { return false }
    if bytes[position] == UInt8(ascii: "\r") {
      guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "\n") else {
        throw fail(line, "a carriage return without a line feed; lines end in LF or CRLF")
      }
      position += 1
    } else if bytes[position] != UInt8(ascii: "\n") {
      return false
    }
    position += 1
    line += 1
    return true
  }

  private func fail(_ line: Int, _ message: String) -> DocumentError {
    DocumentError(file: file, line: line, message: message)
  }
}

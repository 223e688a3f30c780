public import Documents

/// Where two records part first.
public struct RecordDifference: Equatable, Sendable {
  /// The file, relative to the folders compared.
  public var file: String
  /// Line in the first record, counted from 1; nil where it has none.
  public var lineA: Int?
  /// Line in the second record.
  public var lineB: Int?
  /// What names the row: `time_ms`, `neuron_id`, ….
  public var place: [JSONValue.Member]
  /// The column that differs; `row` when only one record has the row, `header`, `file` or `byte N` for other kinds.
  public var variable: String
  /// What the first record says; nil where it has nothing.
  public var a: String?
  /// What the second record says.
  public var b: String?

  /// Describes a difference.
  public init(
    file: String,
    lineA: Int? = nil,
    lineB: Int? = nil,
    place: [JSONValue.Member] = [],
    variable: String,
    a: String?,
    b: String?
  ) {
    (self.file, self.lineA, self.lineB, self.place) = (file, lineA, lineB, place)
    (self.variable, self.a, self.b) = (variable, a, b)
  }

  /// The time of the row in ms, or infinity where there is none.
  public var time: Double { place.first { $0.name == "time_ms" }?.value.double ?? .infinity }
}

/// Finds where two recorded tables part.
///
/// Rows are told apart by their leading columns of time and identity, in whose order records are written; numbers that
/// read to the same value are equal however they are written.
public enum RecordComparison {
  /// Columns that name a row rather than say something of it.
  private static let keys: Set<String> = [
    "time_ms", "neuron_id", "source_id", "target_id", "synapse", "timestamp", "ts", "tick", "service", "instance",
    "series_id", "origin", "h",
  ]

  /// Returns the first difference of two files' bytes, or nil when they say the same.
  ///
  /// - Complexity: linear in the bytes; equal stretches are skipped without being read as text.
  public static func firstDifference(of file: String, _ a: [UInt8], _ b: [UInt8]) -> RecordDifference? {
    if a == b { return nil }
    guard file.hasSuffix(".csv"), a.first != nil, b.first != nil else { return byteDifference(of: file, a, b) }
    var left = LineReader(a), right = LineReader(b)
    let header = left.next(), other = right.next()
    guard header == other else {
      return RecordDifference(file: file, lineA: 1, lineB: 1, variable: "header", a: header, b: other)
    }
    let names = (header ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let keyCount = names.prefix { keys.contains($0) }.count
    LineReader.skipEqualLines(&left, &right)
    while true {
      let (x, y) = (left.next(), right.next())
      if x == nil, y == nil { return nil }
      if x == y { continue }
      let cellsX = x.map(cells), cellsY = y.map(cells)
      func difference(_ variable: String, _ a: String?, _ b: String?) -> RecordDifference {
        let row = a == nil ? cellsY : cellsX
        let place = zip(names, row ?? []).prefix(keyCount).map { JSONValue.Member($0, value(of: $1)) }
        let lines = (a == nil ? nil : left.line, b == nil ? nil : right.line)
        return RecordDifference(
          file: file,
          lineA: lines.0,
          lineB: lines.1,
          place: place,
          variable: variable,
          a: a,
          b: b
        )
      }
      guard let cellsX, let cellsY else { return difference("row", x, y) }
      switch order(cellsX.prefix(keyCount), cellsY.prefix(keyCount)) {
      case let order where order < 0: return difference("row", x, nil)
      case let order where order > 0: return difference("row", nil, y)
      default: break
      }
      for i in keyCount..<max(cellsX.count, cellsY.count, keyCount) {
        let (p, q) = (i < cellsX.count ? cellsX[i] : nil, i < cellsY.count ? cellsY[i] : nil)
        if !isSame(p, q) { return difference(i < names.count ? names[i] : "column \(i + 1)", p ?? "", q ?? "") }
      }
    }
  }

  private static func byteDifference(of file: String, _ a: [UInt8], _ b: [UInt8]) -> RecordDifference {
    let at = zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(a.count, b.count)
    func text(_ bytes: [UInt8]) -> String? { at < bytes.count ? "0x" + String(bytes[at], radix: 16) : nil }
    return RecordDifference(file: file, variable: "byte \(at)", a: text(a), b: text(b))
  }

  private static func cells(_ line: String) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  private static func value(of text: String) -> JSONValue {
    Int64(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number) ?? .string(text)
  }

  private static func isSame(_ a: String?, _ b: String?) -> Bool {
    if a == b { return true }
    guard let a, let b, let x = Double(a), let y = Double(b) else { return false }
    return x == y
  }

  private static func order(_ a: ArraySlice<String>, _ b: ArraySlice<String>) -> Int {
    for (p, q) in zip(a, b) where !isSame(p, q) {
      if let x = Double(p), let y = Double(q) { return x < y ? -1 : 1 }
      return p < q ? -1 : 1
    }
    return 0
  }
}

/// Hands out the lines of a file one after the other.
private struct LineReader {
  private let bytes: [UInt8]
  private var position = 0
  /// Number of the line handed out last, counted from 1.
  private(set) var line = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> String? {
    guard position < bytes.count else { return nil }
    let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
    let last = end > position && bytes[end - 1] == 0x0D ? end - 1 : end
    defer { (position, line) = (end + 1, line + 1) }
    return String(decoding: bytes[position..<last], as: UTF8.self)
  }

  /// Moves two readers over the lines whose bytes are equal; does nothing once the readers stand at different places.
  static func skipEqualLines(_ a: inout LineReader, _ b: inout LineReader) {
    guard a.position == b.position else { return }
    let end = min(a.bytes.count, b.bytes.count)
    var start = a.position, lines = a.line, i = start
    while i < end, a.bytes[i] == b.bytes[i] {
      if a.bytes[i] == 0x0A { (start, lines) = (i + 1, lines + 1) }
      i += 1
    }
    (a.position, a.line, b.position, b.line) = (start, lines, start, lines)
  }
}

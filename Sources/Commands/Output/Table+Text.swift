extension Table {
  /// How a table is shown to people.
  public struct TextLayout: Sendable {
    /// Whether there is a header line.
    public var header = true
    /// Whether columns for `-o wide` are shown.
    public var wide = false
    /// Whether colours are used.
    public var colour = false
    /// Columns of the terminal; nil for no limit.
    public var width: Int?
    /// Chooses a layout.
    public init(header: Bool = true, wide: Bool = false, colour: Bool = false, width: Int? = nil) {
      (self.header, self.wide, self.colour, self.width) = (header, wide, colour, width)
    }
  }

  /// The table as aligned lines; numbers stand to the right, and a line never wraps where the width allows.
  public func text(_ layout: TextLayout = TextLayout()) -> String {
    let shown = columns.indices.filter { layout.wide || !columns[$0].isWideOnly }
    guard !shown.isEmpty else { return "" }
    var grid = rows.map { row in shown.map { TerminalText.visible(row[$0].text) } }
    let titles = shown.map { i in columns[i].title + (columns[i].unit.isEmpty ? "" : " (\(columns[i].unit))") }
    if layout.header { grid.insert(titles, at: 0) }
    let toRight = shown.map { i in rows.contains { $0[i].isNumber } }
    var widths = shown.indices.map { i in grid.map { TerminalText.width($0[i]) }.max() ?? 0 }
    if let limit = layout.width { Self.shrink(&widths, toRight, to: limit) }

    var out = ""
    for (r, line) in grid.enumerated() {
      let isHeader = layout.header && r == 0
      var text = ""
      for (i, cell) in line.enumerated() {
        let cut = TerminalText.cut(cell, to: widths[i])
        let space = String(repeating: " ", count: max(0, widths[i] - TerminalText.width(cut)))
        let mood = isHeader ? Mood.plain : rows[r - (layout.header ? 1 : 0)][shown[i]].mood
        let painted = layout.colour ? TerminalText.painted(cut, isHeader ? "1" : mood.code) : cut
        let isLast = i == line.count - 1
        text += toRight[i] ? space + painted : painted + (isLast ? "" : space)
        if !isLast { text += "  " }
      }
      while text.hasSuffix(" ") { text.removeLast() }
      out += text + "\n"
    }
    return out
  }

  /// Takes from the widest columns of text until the line fits; numbers are never cut.
  private static func shrink(_ widths: inout [Int], _ toRight: [Bool], to limit: Int) {
    var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - limit
    while excess > 0 {
      let candidates = widths.indices.filter { !toRight[$0] && widths[$0] > 8 }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
      excess -= 1
    }
  }
}

extension Table.Mood {
  /// The SGR parameter (ECMA-48) that paints it, empty for none.
  var code: String {
    switch self {
    case .plain: ""
    case .good: "32"
    case .doubtful: "33"
    case .bad: "31"
    case .faint: "2"
    }
  }
}

/// Text as it stands on a terminal.
enum TerminalText {
  /// Returns a text with control characters made visible, so that data cannot steer the terminal.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var out = ""
    for c in text.unicodeScalars {
      if isControl(c) { out += "\\u{\(String(c.value, radix: 16))}" } else { out.unicodeScalars.append(c) }
    }
    return out
  }

  /// Returns a text of several lines with all other control characters made visible.
  static func visibleLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { visible(String($0)) }.joined(separator: "\n")
  }

  private static func isControl(_ c: Unicode.Scalar) -> Bool {
    c.properties.generalCategory == .control || c.properties.generalCategory == .format
      || c.properties.generalCategory == .lineSeparator || c.properties.generalCategory == .paragraphSeparator
  }

  /// Terminal cells that a text takes.
  static func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + width($1) }
  }

  private static func width(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    // Wide ranges of Unicode Standard Annex #11, coarsely: Hangul, CJK, full-width forms, emoji.
    let isWide: Bool =
      switch first.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        true
      default: first.properties.isEmojiPresentation
      }
    return isWide ? 2 : 1
  }

  /// Returns a text cut to a width, with "…" where something was left out.
  static func cut(_ text: String, to limit: Int) -> String {
    guard width(text) > limit else { return text }
    var (out, used) = ("", 0)
    for c in text {
      guard used + width(c) < limit else { break }
      out.append(c)
      used += width(c)
    }
    return out + "…"
  }

  /// Returns a text within an SGR sequence; an empty code changes nothing.
  static func painted(_ text: String, _ code: String) -> String {
    code.isEmpty || text.isEmpty ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

/// What names of services, instances, metrics and events may be.
public enum NameRule {
  /// The most bytes a name may have.
  public static let longestBytes = 200

  /// Returns what is wrong with a name ("is empty"), or nil.
  ///
  /// Control characters, line separators and invisible formatting characters are refused: names are printed on
  /// terminals and stand in keys.
  public static func problem(with name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > longestBytes { return "has \(name.utf8.count) bytes, at most \(longestBytes) are allowed" }
    if name.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
    for scalar in name.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: return "has a control character"
      default: continue
      }
    }
    return nil
  }

  /// Returns text fit for an error message: not longer than 40 characters, without control characters.
  static func shown(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars.prefix(41) {
      if out.unicodeScalars.count == 40 { return out + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: out += "?"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

extension String {
  /// Whether a name comes before another in the order of bytes, never by locale.
  func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

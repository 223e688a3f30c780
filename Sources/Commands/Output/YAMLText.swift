internal import Documents

/// Writes values as YAML in block style.
enum YAMLText {
  /// Returns a value as a YAML document.
  static func write(_ value: JSONValue) -> String {
    switch value {
    case .object(let members) where !members.isEmpty: return lines(of: members, indent: 0)
    case .array(let elements) where !elements.isEmpty: return lines(of: elements, indent: 0)
    default: return scalar(value) + "\n"
    }
  }

  private static func lines(of members: [JSONValue.Member], indent: Int) -> String {
    members.map { member in
      String(repeating: " ", count: indent) + plain(member.name) + ":" + after(member.value, indent: indent)
    }.joined()
  }

  private static func lines(of elements: [JSONValue], indent: Int) -> String {
    elements.map { element in
      let space = String(repeating: " ", count: indent)
      // The first line of a nested block stands beside its dash.
      switch element {
      case .object(let members) where !members.isEmpty:
        return space + "- " + lines(of: members, indent: indent + 2).dropFirst(indent + 2)
      case .array(let inner) where !inner.isEmpty:
        return space + "- " + lines(of: inner, indent: indent + 2).dropFirst(indent + 2)
      default: return space + "- " + scalar(element) + "\n"
      }
    }.joined()
  }

  private static func after(_ value: JSONValue, indent: Int) -> String {
    switch value {
    case .object(let members) where !members.isEmpty: "\n" + lines(of: members, indent: indent + 2)
    case .array(let elements) where !elements.isEmpty: "\n" + lines(of: elements, indent: indent + 2)
    default: " " + scalar(value) + "\n"
    }
  }

  private static func scalar(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): return plain(text)
    case .number(let number) where !number.isFinite: return number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf"
    case .number(let number):
      // YAML 1.1 readers take an exponent for a number only after a point.
      let text = JSONValue.shortest(number)
      guard let e = text.firstIndex(of: "e"), !text.contains(".") else { return text }
      return text[..<e] + ".0" + text[e...]
    default: return value.json()
    }
  }

  /// A text as it is where no YAML reader could take it for something else, and in double quotes otherwise.
  private static func plain(_ text: String) -> String {
    let isWord =
      text.utf8.first.map { isLetter($0) } ?? false
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || [0x2D, 0x2E, 0x2F, 0x5F].contains($0) }
    let special = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"]
    return isWord && !special.contains(text.lowercased()) ? text : JSONValue.quoted(text)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

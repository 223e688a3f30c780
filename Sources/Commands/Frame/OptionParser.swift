internal import Basics

/// A value from a configuration file, and where it stands.
struct Setting: Equatable {
  var text: String
  /// `file:line`.
  var place: String
}

/// Fills a command from its arguments, the environment and a configuration file, in this order of precedence.
struct OptionParser<Root> {
  /// The table of options and arguments.
  let fields: [Field<Root>]

  /// Applies everything that was given to `root`; what was not given keeps its default.
  ///
  /// - Throws: `UsageError` for the first mistake, or what reading the configuration file threw.
  func parse(
    _ arguments: [String],
    environment: [String: String],
    into root: inout Root,
    settings: (_ file: String) throws -> [String: Setting]
  ) throws {
    let typed = try scan(arguments)
    var file: [String: Setting] = [:]
    for (i, field) in fields.enumerated() where field.outline.isConfiguration {
      let variable = environment[field.outline.environmentName] ?? ""
      guard let path = typed[i].first ?? (variable.isEmpty ? nil : variable) else { continue }
      file = try settings(path)
    }
    for (i, field) in fields.enumerated() {
      let outline = field.outline
      if !typed[i].isEmpty {
        for text in typed[i] { try apply(field, text, outline.spelling, &root) }
      } else if outline.isOption, let text = environment[outline.environmentName], !text.isEmpty {
        let texts = outline.role == .option(isRequired: false, repeats: true) ? Self.list(text) : [text]
        for text in texts { try apply(field, text, "environment variable \(outline.environmentName)", &root) }
      } else if outline.isOption, !outline.isConfiguration, let setting = file[outline.name] {
        try apply(field, setting.text, "\(setting.place): \(outline.name)", &root)
      } else {
        try refuseIfRequired(outline)
      }
    }
  }

  /// The texts given for each field, in the order of `fields`.
  private func scan(_ arguments: [String]) throws(UsageError) -> [[String]] {
    var typed = Array(repeating: [String](), count: fields.count)
    var words: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        break
      }
      guard Self.isOption(argument) else {
        words.append(argument)
        continue
      }
      let (i, attached) = try find(argument)
      let outline = fields[i].outline
      let text: String
      if let attached {
        text = attached
      } else if !outline.takesValue {
        text = "true"
      } else {
        guard let next = rest.first, !(next.hasPrefix("--") && next.count > 2) else {
          throw UsageError("\(argument) wants a value: \(outline.spelling) \(outline.placeholder)")
        }
        text = rest.removeFirst()
      }
      if let before = typed[i].first, outline.role != .option(isRequired: false, repeats: true) {
        let values = outline.takesValue ? " ('\(before)', then '\(text)')" : ""
        throw UsageError("\(outline.spelling) is given twice\(values)")
      }
      typed[i].append(text)
    }
    try place(words, &typed)
    return typed
  }

  /// Whether a word is meant as an option; `-` and negative numbers are not.
  private static func isOption(_ word: String) -> Bool {
    guard word.hasPrefix("-"), word.count > 1 else { return false }
    let second = word.dropFirst().first
    return !(second.map { $0.isNumber || $0 == "." } ?? false)
  }

  /// The field that an option names, and the value that is attached to it (`--name=value`, `-oVALUE`, `-o=value`).
  private func find(_ argument: String) throws(UsageError) -> (index: Int, attached: String?) {
    if argument.hasPrefix("--") {
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let i = fields.firstIndex(where: { $0.outline.isOption && $0.outline.name == name }) else {
        let names = fields.map(\.outline).filter(\.isOption).map(\.name) + ["help"]
        let near = Spelling.nearest(to: name, among: names).map { "; did you mean '--\($0)'?" }
        throw UsageError("unknown option '\(argument)'\(near ?? "")")
      }
      return (i, parts.count == 2 ? String(parts[1]) : nil)
    }
    let letter = argument.dropFirst().first
    guard let i = fields.firstIndex(where: { $0.outline.letter != nil && $0.outline.letter == letter }) else {
      throw UsageError("unknown option '\(argument)'")
    }
    let value = argument.dropFirst(2)
    return (i, value.isEmpty ? nil : String(value.first == "=" ? value.dropFirst() : value))
  }

  /// Gives words to the arguments in the order of the table.
  private func place(_ words: [String], _ typed: inout [[String]]) throws(UsageError) {
    var words = words[...]
    for (i, field) in fields.enumerated() {
      switch field.outline.role {
      case .argument:
        if let word = words.popFirst() { typed[i] = [word] }
      case .rest:
        typed[i] = Array(words)
        words = []
      case .flag, .option: break
      }
    }
    if let extra = words.first { throw UsageError("'\(extra)' is one argument too many") }
    for (i, field) in fields.enumerated() {
      if case .rest(let atLeast) = field.outline.role, typed[i].count < atLeast {
        throw UsageError("\(field.outline.name) is missing: \(field.outline.help)")
      }
    }
  }

  private func refuseIfRequired(_ outline: FieldOutline) throws(UsageError) {
    switch outline.role {
    case .argument(isRequired: true): throw UsageError("\(outline.name) is missing: \(outline.help)")
    case .option(isRequired: true, _):
      throw UsageError("\(outline.spelling) \(outline.placeholder) is missing: \(outline.help)")
    default: break
    }
  }

  private func apply(_ field: Field<Root>, _ text: String, _ source: String, _ root: inout Root) throws(UsageError) {
    do { try field.apply(&root, text) } catch { throw UsageError("\(source): \(error.message)") }
  }

  private static func list(_ text: String) -> [String] { text.split(separator: ",").map { $0.trimmed } }
}

/// The texts of `--help`, made from the tables.
enum HelpText {
  /// Help for one command; a row is a field and its value where nothing is said.
  static func command(
    name: String,
    summary: String,
    details: String,
    rows: [(outline: FieldOutline, standing: String)],
    width: Int
  ) -> String {
    var usage = "usage: synfire \(name)"
    for (outline, _) in rows {
      switch outline.role {
      case .argument(let isRequired): usage += isRequired ? " \(outline.name)" : " [\(outline.name)]"
      case .rest(let atLeast): usage += atLeast > 0 ? " \(outline.name)…" : " [\(outline.name)…]"
      case .option(isRequired: true, _): usage += " --\(outline.name) \(outline.placeholder)"
      case .flag, .option: break
      }
    }
    let arguments = rows.filter { !$0.outline.isOption }
    let options = rows.filter { $0.outline.isOption }
    var out = "\(summary)\n\n\(usage) [options]\n"
    if !arguments.isEmpty { out += "\narguments\n" + list(arguments.map(entry), width) }
    if !options.isEmpty { out += "\noptions\n" + list(options.map(entry), width) }
    let plain = GlobalOptions()
    let global =
      GlobalOptions.fields.map { entry(($0.outline, $0.standing(plain))) } + [("-h, --help", "Show this text.")]
    out += "\nevery command\n" + list(global, width)
    if !details.isEmpty {
      out +=
        "\n" + details.split(separator: "\n", omittingEmptySubsequences: false).map { wrap(String($0), width) }.joined()
    }
    return out + "\n"
      + wrap("Every option can also stand in the environment: --no-headers as SYNFIRE_NO_HEADERS.", width)
  }

  /// Help for the whole tool or one group of commands.
  static func overview(_ commands: [any Command.Type], width: Int) -> String {
    """
    Synfire simulates spiking circuits on a cluster of cores, and plans capacity with one.

    usage: synfire COMMAND [arguments] [options]

    commands
    \(list(commands.map { ($0.name, $0.summary) }, width))
    \(wrap("'synfire help COMMAND' tells more about one. Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 stale or too little data, 5 differs, 124 timed out, 130 interrupted.", width))
    """
  }

  private static func entry(_ row: (outline: FieldOutline, standing: String)) -> (String, String) {
    let (outline, standing) = row
    var left = outline.spelling
    if let letter = outline.letter { left = "-\(letter), " + left }
    if outline.isOption, outline.takesValue { left += " " + outline.placeholder }
    var notes: [String] = []
    if !outline.choices.isEmpty { notes.append("one of " + outline.choices.joined(separator: ", ")) }
    if case .option(isRequired: true, _) = outline.role { notes.append("must be given") }
    if case .option(_, repeats: true) = outline.role { notes.append("may be given many times") }
    if !standing.isEmpty { notes.append("default \(standing)") }
    return (left, outline.help + (notes.isEmpty ? "" : " (" + notes.joined(separator: "; ") + ")"))
  }

  private static func list(_ entries: [(String, String)], _ width: Int) -> String {
    let column = min(30, (entries.map(\.0.count).max() ?? 0) + 4)
    return entries.map { left, right in
      let start = "  " + left
      let lines = wrapped(right, max(30, width - column))
      let first =
        start.count + 2 > column
        ? start + "\n" + String(repeating: " ", count: column) + lines[0]
        : start + String(repeating: " ", count: column - start.count) + lines[0]
      return ([first] + lines.dropFirst().map { String(repeating: " ", count: column) + $0 }).joined(separator: "\n")
        + "\n"
    }.joined()
  }

  private static func wrap(_ text: String, _ width: Int) -> String {
    // Indented lines are examples and stay as they are.
    text.hasPrefix(" ") ? text + "\n" : wrapped(text, width).joined(separator: "\n") + "\n"
  }

  private static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

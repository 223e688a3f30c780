/// Prints a script that makes a shell complete commands and options.
struct CompletionCommand: Command {
  static let name = "completion"
  static let summary = "Prints a script that makes a shell complete commands and options."
  static let details = """
    For the current shell:
      source <(synfire completion bash)
      source <(synfire completion zsh)
      synfire completion fish | source
    The script asks 'synfire completion words' for what fits the words typed so far.
    """
  static let fields: [Field<Self>] = [
    .argument("SHELL", \.shell, help: "The shell."),
    .rest("WORDS", \.words, help: "For 'words': the words typed so far, after '--', the one being typed last."),
  ]

  enum Shell: String, CaseIterable, OptionValue { case bash, zsh, fish, words }

  var shell = Shell.bash
  var words: [String] = []

  func run(in context: CommandContext) throws -> ExitCode {
    switch shell {
    case .bash: try context.write(Self.bash)
    case .zsh: try context.write(Self.zsh)
    case .fish: try context.write(Self.fish)
    case .words:
      try context.write(Self.suggestions(for: words, among: CommandRegistry.all).map { $0 + "\n" }.joined())
    }
    return .done
  }

  /// What may stand in place of the last word.
  static func suggestions(for words: [String], among commands: [any Command.Type]) -> [String] {
    let typed = words.last ?? ""
    let before = words.dropLast().filter { !$0.hasPrefix("-") }
    let named = commands.filter { command in
      let name = command.name.split(separator: " ").map(String.init)
      return before.starts(with: name)
    }
    guard let command = named.first else {
      let depth = before.count
      let next = commands.map { $0.name.split(separator: " ").map(String.init) }
        .filter { $0.count > depth && $0.starts(with: before) }.map { $0[depth] }
      return Set(next).filter { $0.hasPrefix(typed) }.sorted()
    }
    let outlines = command.outlines + GlobalOptions.fields.map(\.outline)
    if let option = words.dropLast().last, option.hasPrefix("-"), !option.contains("="),
      let outline = outlines.first(where: { $0.spelling == option || $0.letter.map { "-\($0)" } == option }),
      outline.takesValue
    {
      return outline.choices.filter { $0.hasPrefix(typed) }
    }
    if typed.hasPrefix("-") {
      return (outlines.filter(\.isOption).map(\.spelling) + ["--help"]).filter { $0.hasPrefix(typed) }.sorted()
    }
    return outlines.first { !$0.isOption && !$0.choices.isEmpty }?.choices.filter { $0.hasPrefix(typed) } ?? []
  }

  private static let bash = """
    _synfire() {
      local IFS=$'\\n'
      COMPREPLY=($(synfire completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    }
    complete -o default -F _synfire synfire

    """

  private static let zsh = """
    _synfire() {
      local -a found
      found=("${(@f)$(synfire completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
      if [[ -n "$found" ]]; then compadd -a found; else _files; fi
    }
    compdef _synfire synfire

    """

  private static let fish = """
    function __synfire_words
      set -l typed (commandline -opc) (commandline -ct)
      synfire completion words -- $typed[2..-1] 2>/dev/null
    end
    complete -c synfire -a '(__synfire_words)'

    """
}

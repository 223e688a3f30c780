import Commands
import Testing

@Suite struct WhatIfTests {
  private func error(_ arguments: String...) -> String {
    let result = run(CommandRegistry.all, ["whatif", "checkout"] + arguments)
    #expect(result.code == .usage)
    return result.error
  }

  @Test func `a question says what would be different`() {
    #expect(error().contains("say what would be different"))
    #expect(error("--event", "sale").contains("--start and --end"))
    #expect(error("--move", "sale").contains("--by says how much later"))
    #expect(error("--move", "sale", "--by", "soon").contains("such as 2h"))
  }

  @Test(arguments: ["+30", "30%", "much", "-130%", "1e9", "+nan%", ""])
  func `a change of traffic is a share with a sign or a factor`(text: String) {
    #expect(error("--traffic", text).contains("--traffic"))
  }

  @Test(arguments: ["+30%", "-20%", "1.3", "0"])
  func `a change that can be read goes to the coordinator`(text: String) {
    let result = run(
      CommandRegistry.all,
      ["whatif", "checkout", "--traffic", text, "--server", "ipc:///nowhere/query.sock"]
    )
    #expect(result.code == .failed)
    #expect(result.error.contains("no coordinator listens"))
  }
}

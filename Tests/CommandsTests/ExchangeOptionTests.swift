internal import Commands
internal import Testing

struct ExchangeOptionTests {
  @Test func `a core refuses an endpoint that contradicts the exchange, and names both`() {
    for (exchange, spikes) in [("ipc", "tcp://127.0.0.1:*"), ("tcp", "ipc:///tmp/x.sock")] {
      let result = run(
        CommandRegistry.all,
        ["core", "--coordinator", "ipc:///nowhere", "--exchange", exchange, "--spikes", spikes]
      )
      #expect(result.code == .usage)
      #expect(result.error.contains("--exchange \(exchange) does not go with --spikes \(spikes)"))
    }
  }

  @Test(arguments: ["run", "up", "core", "bench"]) func `an unknown exchange is refused with those there are`(
    command: String
  ) {
    let words =
      [command] + (command == "core" ? ["--coordinator", "ipc:///nowhere"] : command == "run" ? ["x.yaml"] : [])
    let result = run(CommandRegistry.all, words + ["--exchange", "shm"], environment: [:])
    #expect(result.code == .usage)
    #expect(result.error.contains("'shm' is not one of auto, shared-memory, ipc, tcp"))
    let other = run(CommandRegistry.all, words, environment: ["SYNFIRE_EXCHANGE": "pigeon"])
    #expect(other.error.contains("environment variable SYNFIRE_EXCHANGE: 'pigeon' is not one of"))
  }
}

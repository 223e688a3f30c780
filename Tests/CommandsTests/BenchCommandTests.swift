internal import Commands
internal import Documents
internal import Foundation
import Testing

@Suite(.serialized)
struct BenchCommandTests {
  /// Runs a benchmark in this process and returns what it tells programs.
  private func bench(_ arguments: String...) throws -> JSONValue {
    let result = run(
      CommandRegistry.all,
      ["bench", "--quiet", "-o", "json"] + arguments,
      environment: ["SYNFIRE_COMMIT": "0123abc"]
    )
    #expect(result.code == .done, "\(result.error)")
    return try JSONValue(parsing: result.output)
  }

  private func expectFrame(_ value: JSONValue, _ name: String) {
    #expect(value["benchmark"]?.text == name)
    #expect(value["commit"]?.text == "0123abc")
    #expect((value["scale"]?.double ?? 0) > 0)
    #expect((value["cores"]?.int ?? 0) > 0)
    #expect(value["machine"]?["cpu"]?.text != nil)
    #expect((value["machine"]?["cores"]?.int ?? 0) > 0)
    #expect(value["machine"]?["kernel"]?.text?.hasPrefix("Linux ") == true)
  }

  private func expectPositive(_ value: JSONValue, _ keys: [String]) {
    for key in keys { #expect((value[key]?.double ?? 0) > 0, "\(key): \(value[key] as Any)") }
  }

  @Test func `kernel tells the cost of neurons and events`() throws {
    let value = try bench("kernel", "--scale", "0.01")
    expectFrame(value, "kernel")
    expectPositive(
      value,
      ["iaf_psc_exp_ns", "iaf_psc_delta_ns", "rate_encoder_ns", "push_ns_per_event", "stored_bytes_per_synapse"]
    )
  }

  @Test func `alarms tells what of a shop was noticed, and that few alarms are unexplained`() throws {
    let value = try bench("alarms", "--scale", "0.2", "--seed", "4")
    expectFrame(value, "alarms")
    let (incidents, noticed) = (value["incidents"]?.int ?? 0, value["noticed"]?.int ?? 0)
    #expect(incidents == 8)
    #expect(noticed >= 6, "of \(incidents)")
    #expect((value["unexplained_per_service_and_week"]?.double ?? 9) <= 0.5)
    for row in value["kinds"]?.elements ?? [] {
      let kind = row["incident"]?.text ?? ""
      guard ["traffic-spike", "slow-dependency", "cpu-regression"].contains(kind) else { continue }
      #expect(row["within_2_samples"]?.int == row["times"]?.int, "\(kind)")
    }
  }

  @Test func `exchange tells epochs per second`() throws {
    let value = try bench("exchange", "--scale", "0.01", "--cores", "3")
    expectFrame(value, "exchange")
    #expect(value["cores"]?.int == 3)
    expectPositive(value, ["epochs_per_second_3"])
    let rows = value["exchanges"]?.elements ?? []
    #expect(rows.map { $0["exchange"]?.text } == ["shared-memory", "shared-memory", "ipc", "ipc", "tcp", "tcp"])
    for row in rows { #expect(row["messages_per_epoch"]?.int == 6) }
    #expect(
      rows.filter { $0["spikes"]?.int == 100 }.allSatisfy { (1.5...4).contains($0["bytes_per_spike"]?.double ?? 0) }
    )
  }

  @Test func `forecaster tells time and bytes per series`() throws {
    let value = try bench("forecaster", "--scale", "0.01")
    expectFrame(value, "forecaster")
    #expect(value["sizes"]?.elements.map { $0["series"]?.int } == [1, 1, 10, 100, 400])
    for size in value["sizes"]?.elements ?? [] {
      expectPositive(
        size,
        ["microseconds_per_series_and_tick", "ticks_per_second", "state_bytes_per_series", "checkpoint_bytes"]
      )
    }
  }

  @Test func `counts are the same every time`() throws {
    let value = try bench("counts")
    expectFrame(value, "counts")
    func figures(_ value: JSONValue) -> [JSONValue.Member] { value.members.filter { $0.name != "machine" } }
    #expect(figures(try bench("counts")) == figures(value))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: synfire.path), "synfire is not built"))
  func `brunel runs on core processes and keeps its rate`() throws {
    let result = try synfire("bench", "brunel", "--scale", "0.04", "--cores", "2", "--quiet", "-o", "json")
    #expect(result.code == 0, "\(result.error)")
    let value = try JSONValue(parsing: result.output)
    #expect(value["benchmark"]?.text == "brunel")
    #expect(value["synapses"]?.int == 625_000)
    expectPositive(
      value,
      ["real_time_factor", "cpu_seconds_per_model_second", "build_seconds", "bytes_per_synapse"]
    )
    let rates = value["rates_hz"]?.members ?? []
    #expect(rates.map(\.name) == ["E", "I"])
    #expect(rates.allSatisfy { (15...30).contains($0.value.double ?? 0) })
    #expect((15...30).contains(value["mean_rate_hz"]?.double ?? 0))
  }

  @Test func `people get machine, commit, question and figures`() {
    let result = run(CommandRegistry.all, ["bench", "counts", "--quiet"], environment: ["SYNFIRE_COMMIT": "0123abc"])
    #expect(result.code == .done)
    #expect(result.output.hasPrefix("synfire \(SynfireVersion.current), commit 0123abc\n"))
    #expect(result.output.contains("\ncounts: How many messages"))
    #expect(result.output.contains("frame of 600 spikes"))
  }

  @Test func `a benchmark that is not there and a size that cannot be are usage errors`() {
    let name = run(CommandRegistry.all, ["bench", "kernal"])
    #expect(name.code == .usage)
    #expect(name.error.contains("did you mean 'kernel'?"))
    #expect(run(CommandRegistry.all, ["bench", "counts", "--scale", "0"]).code == .usage)
    #expect(run(CommandRegistry.all, ["bench", "counts", "--cores", "0"]).code == .usage)
  }
}

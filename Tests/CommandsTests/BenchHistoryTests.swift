internal import Commands
internal import Documents
internal import Foundation
import Testing

@Suite(.serialized)
struct BenchHistoryTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "synfire-history-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func bench(_ arguments: String...) -> (code: ExitCode, output: String, error: String) {
    let result = run(
      CommandRegistry.all,
      ["bench", "--quiet"] + arguments,
      environment: ["SYNFIRE_COMMIT": "0123abc"]
    )
    return (result.code, result.output, result.error)
  }

  @Test func `a history gets one line of JSON for each run, with commit, machine and date`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "history.jsonl").path
    for _ in 0..<2 { #expect(bench("counts", "--history", file).code == .done) }
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2)
    for line in lines {
      let value = try JSONValue(parsing: String(line))
      #expect(value["benchmark"]?.text == "counts")
      #expect(value["commit"]?.text == "0123abc")
      #expect(value["date"]?.text?.hasSuffix("Z") == true)
      #expect(value["machine"]?["cpu"]?.text != nil)
      #expect((value["frame_bytes"]?.double ?? 0) > 0)
    }
  }

  @Test func `a history that cannot be written is a failure that names the file`() {
    let result = bench("counts", "--history", "/nowhere/history.jsonl")
    #expect(result.code == .failed)
    #expect(result.error.contains("/nowhere/history.jsonl"))
  }

  @Test func `curves are written as pictures`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(bench("memory", "--scale", "0.0001", "--pictures", folder.path).code == .done)
    let picture = try String(contentsOf: folder.appending(path: "memory.svg"), encoding: .utf8)
    #expect(picture.hasPrefix("<svg"))
    #expect(picture.contains("huge pages"))
  }

  @Test func `scaling tells the cost of events, steps and series`() throws {
    let result = bench("scaling", "--scale", "0.006", "-o", "json")
    #expect(result.code == .done, "\(result.error)")
    let value = try JSONValue(parsing: result.output)
    let network = try #require(value["networks"]?.elements.first)
    for key in ["synapses", "neurons", "update_ns", "dense_event_ns", "bytes_per_synapse"] {
      #expect((network[key]?.double ?? 0) > 0, "\(key)")
    }
    #expect(value["series"]?.elements.first?["series"]?.int == 10)
  }

  @Test(arguments: ["updates", "events"])
  func `fixed work is the same every time and grows with its length`(name: String) throws {
    func figures(_ scale: String) throws -> [JSONValue.Member] {
      let value = try JSONValue(parsing: bench(name, "--scale", scale, "-o", "json").output)
      return value.members.filter { ["steps", "updates", "events", "spikes"].contains($0.name) }
    }
    let one = try figures("0.1")
    #expect(one == (try figures("0.1")))
    let two = try figures("0.2")
    #expect(one.first { $0.name == "updates" }?.value.int == 409_600)
    #expect(two.first { $0.name == "updates" }?.value.int == 819_200)
    let events = one.first { $0.name == "events" }?.value.int
    #expect(events == (name == "events" ? 250_000 : 0))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: synfire.path), "synfire is not built"))
  func `a network has the same spikes on one core and two, and others with another seed`() throws {
    func digest(cores: Int, seed: Int) throws -> String? {
      let result = try synfire(
        "bench",
        "brunel",
        "--scale",
        "0.02",
        "--for",
        "200 ms",
        "--cores",
        "\(cores)",
        "--seed",
        "\(seed)",
        "--quiet",
        "-o",
        "json"
      )
      #expect(result.code == 0, "\(result.error)")
      let value = try JSONValue(parsing: result.output)
      let variation = value["cv_of_intervals"]?.members.map { $0.value.double ?? 0 } ?? []
      #expect(variation.count == 2)
      #expect(variation.allSatisfy { (0.2...1.5).contains($0) }, "\(variation)")
      return value["spikes_digest"]?.text
    }
    let one = try digest(cores: 1, seed: 6)
    #expect(one?.count == 16)
    #expect(try digest(cores: 2, seed: 6) == one)
    #expect(try digest(cores: 1, seed: 7) != one)
  }
}

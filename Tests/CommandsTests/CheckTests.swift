internal import Commands
internal import Documents
internal import Foundation
import Testing

private func check(
  _ name: String,
  _ text: String,
  _ more: String...
) throws -> (code: ExitCode, output: String, error: String) {
  let folder = try TemporaryFolder()
  try folder.write(name, text)
  let found = run(CommandRegistry.all, ["check", folder.path(name)] + more)
  return (found.code, found.output, found.error.replacing(folder.url.path + "/", with: ""))
}

struct CheckTests {
  @Test func `a circuit is told with its size`() throws {
    let found = try check(
      "pair.yaml",
      """
      circuit: pair
      populations:
        A: {size: 10, model: iaf_psc_exp, parameters: {I_e: 400 pA}}
        B: {size: 20, like: A}
      projections:
        - {from: A, to: B, rule: {fixed_indegree: 5}, weight: 20 pA, delay: 1.5 ms}
      """,
      "-o",
      "json"
    )
    #expect(found.error == "")
    #expect(found.code == .done)
    let value = try JSONValue(parsing: found.output)
    #expect(value["circuit"]?.text == "pair")
    #expect(value["neurons"]?.int == 30)
    #expect(value["synapses"]?.double == 100)
    #expect(value["epoch_steps"]?.int == 15)
    #expect(value["populations"]?.elements[1]["first_id"]?.int == 11)
  }

  @Test func `what is allowed and worth a look is noted`() throws {
    let found = try check("alone.yaml", "circuit: alone\npopulations: {A: {size: 1, model: iaf_psc_exp}}\n")
    #expect(found.code == .done)
    #expect(found.output.contains("nothing drives population A"))
  }

  @Test func `a mistake in a circuit is told with its line, and ends with 1`() throws {
    let found = try check("bad.yaml", "circuit: bad\npopulations:\n  A: {size: 1, modle: iaf_psc_exp}\n")
    #expect(found.code == .failed)
    #expect(found.error.hasPrefix("synfire check: bad.yaml:3: "))
    #expect(found.error.contains("did you mean 'model'?"))
    #expect(found.output == "")
  }

  @Test func `a file that is too large is refused before it is read`() throws {
    let folder = try TemporaryFolder()
    try folder.write("large.yaml", "")
    // Nothing of it takes room on the disk.
    try FileHandle(forWritingTo: URL(filePath: folder.path("large.yaml"))).truncate(atOffset: (1 << 30) + 1)
    let found = run(CommandRegistry.all, ["check", folder.path("large.yaml")])
    #expect(found.code == .failed)
    #expect(found.error.contains("large.yaml' has 1073741825 bytes, and at most 1073741824 are read of one"))
  }

  @Test func `a configuration is told with its services`() throws {
    let found = try check(
      "shop.yaml",
      "tenant: shop\ntick: 60 s\nservices: {checkout: {replicas: {min: 2, max: 60}}}\n"
    )
    #expect(found.error == "")
    #expect(found.code == .done)
    #expect(found.output.contains("configuration  shop"))
    #expect(found.output.contains("checkout    2   60"))
    let wrong = try check("shop.yaml", "tenant: shop\ntick: 7 s\n")
    #expect(wrong.code == .failed)
    #expect(wrong.error.contains("shop.yaml:2: tick: 7 s does not divide a day"))
  }

  @Test func `a calendar is told with its events`() throws {
    let text = "events:\n  - {name: Sale, kind: campaign, start: 2026-11-27, end: 2026-11-28}\n"
    let found = try check("events.yaml", text)
    #expect(found.code == .done)
    #expect(found.output.contains("Sale"))
    let csv = try check("events.csv", "name,kind,start,end\nSale,campain,2026-11-27,2026-11-28\n")
    #expect(csv.code == .failed)
    #expect(csv.error.contains("events.csv:2: "))
    #expect(csv.error.contains("did you mean 'campaign'?"))
  }

  @Test func `a file that is not there ends with 3`() {
    #expect(run(CommandRegistry.all, ["check", "/nowhere.yaml"]).code == .notFound)
    #expect(run(CommandRegistry.all, ["check", "/"]).code == .failed)
  }
}

private let balanced = """
  circuit: balanced
  populations:
    E: {size: 800, model: iaf_psc_exp}
    I: {size: 200, like: E}
  stimuli:
    noise: {poisson: {rate: 8 kHz}, to: [E, I], weight: 20 pA, delay: 1.5 ms}
  projections:
    - {from: E, to: [E, I], rule: {fixed_indegree: 80}, weight: 20 pA, delay: 1.5 ms}
    - {from: I, to: [E, I], rule: {fixed_indegree: 20}, weight: -100 pA, delay: 1 ms}
  """

private func partition(_ words: String...) throws -> (code: ExitCode, output: String, error: String) {
  let folder = try TemporaryFolder()
  try folder.write("b.yaml", balanced)
  let found = run(CommandRegistry.all, ["partition", folder.path("b.yaml")] + words)
  return (found.code, found.output, found.error.replacing(folder.url.path + "/", with: ""))
}

struct PartitionTests {
  @Test func `a plan tells loads that add up, the cut and the map`() throws {
    let found = try partition("--cores", "3", "--map", "-o", "json")
    #expect(found.error == "")
    #expect(found.code == .done)
    let value = try JSONValue(parsing: found.output)
    let loads = value["loads"]?.elements ?? []
    #expect(loads.count == 3)
    #expect(loads.compactMap { $0["neurons"]?.int }.reduce(0, +) == 1000)
    #expect(abs(loads.compactMap { $0["synapses"]?.double }.reduce(0, +) - 100_000) < 1)
    #expect(value["fits"] == true)
    #expect(value["cut_share"]?.double ?? 0 > 0.5)
    #expect(value["map"]?.elements.compactMap { $0["neurons"]?.int }.reduce(0, +) == 1000)
  }

  @Test func `a circuit that does not fit a chip is refused with the core, the limit and what would fit`() throws {
    let found = try partition("--cores", "1", "--chip", "truenorth")
    #expect(found.code == .failed)
    #expect(found.error.hasPrefix("synfire partition: b.yaml does not fit:\n  core 0 of truenorth has 1000 neurons"))
    #expect(found.output.contains("fits                             no"))
    let folder = try TemporaryFolder()
    try folder.write("b.yaml", balanced)
    #expect(run(CommandRegistry.all, ["check", folder.path("b.yaml"), "--chip", "truenorth"]).code == .failed)
    #expect(run(CommandRegistry.all, ["check", folder.path("b.yaml"), "--cores", "2"]).code == .done)
  }

  @Test func `a chip that nobody knows is a mistake in usage, a file that is not there is not found`() throws {
    let unknown = try partition("--cores", "1", "--chip", "lohi1")
    #expect(unknown.code == .usage)
    #expect(unknown.error.contains("--chip: there is no profile 'lohi1'; did you mean 'loihi1'?"))
    #expect(try partition("--cores", "1", "--chip", "./no.yaml").code == .notFound)
    #expect(try partition().error.contains("--cores N is missing: How many cores."))
    #expect(try partition("--cores", "0").code == .usage)
  }
}

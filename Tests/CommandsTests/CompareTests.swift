internal import Commands
internal import Documents
internal import Foundation
import Testing

private func difference(_ a: String, _ b: String, file: String = "spikes.csv") -> RecordDifference? {
  RecordComparison.firstDifference(of: file, Array(a.utf8), Array(b.utf8))
}

struct CompareTests {
  @Test func `equal records have no difference, however their numbers are written`() {
    #expect(difference("time_ms,neuron_id\n0.1,1\n", "time_ms,neuron_id\n0.1,1\n") == nil)
    #expect(difference("time_ms,neuron_id\n1,1\n2.50,3\n", "time_ms,neuron_id\n1.0,1\n2.5,3") == nil)
    #expect(difference("time_ms,neuron_id\r\n1,1\r\n", "time_ms,neuron_id\n1,1\n") == nil)
  }

  @Test func `a spike that only one record has is the difference`() {
    let a = "time_ms,neuron_id\n0.1,1\n0.1,4\n0.2,2\n", b = "time_ms,neuron_id\n0.1,1\n0.2,2\n"
    let place: [JSONValue.Member] = [.init("time_ms", 0.1), .init("neuron_id", 4)]
    #expect(
      difference(a, b)
        == RecordDifference(file: "spikes.csv", lineA: 3, place: place, variable: "row", a: "0.1,4", b: nil)
    )
    #expect(difference(b, a)?.b == "0.1,4")
    #expect(difference(b, a)?.place == place)
    #expect(difference(a, "time_ms,neuron_id\n0.1,1\n0.1,4\n")?.place.first?.value.double == 0.2)
    // Ids are numbers: 10 comes after 9.
    #expect(difference("time_ms,neuron_id\n1,9\n1,10\n", "time_ms,neuron_id\n1,10\n")?.a == "1,9")
  }

  @Test func `a value that differs is named by its column`() {
    let a = "time_ms,neuron_id,V_m_mV,w_pA\n0.1,7,-70,0\n0.2,7,-69.5,1\n"
    let b = "time_ms,neuron_id,V_m_mV,w_pA\n0.1,7,-70,0\n0.2,7,-69.5,2\n"
    let found = difference(a, b)
    #expect(found?.variable == "w_pA")
    #expect(found?.a == "1")
    #expect(found?.b == "2")
    #expect(found?.lineA == 3)
    #expect(found?.time == 0.2)
  }

  @Test func `other files differ at a byte or in the header`() {
    #expect(difference("abc", "abd", file: "x.bin")?.variable == "byte 2")
    #expect(difference("abc", "ab", file: "x.bin")?.b == nil)
    #expect(difference("time_ms,a\n", "time_ms,b\n")?.variable == "header")
    #expect(difference("", "time_ms\n")?.variable == "byte 0")
  }

  @Test func `compare ends with 0, 5 or 3 and tells the earliest difference of all files`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a/spikes.csv", "time_ms,neuron_id\n0.3,1\n")
    try folder.write("a/v.csv", "time_ms,neuron_id,V_m_mV\n0.1,1,-70\n0.2,1,-69\n")
    try folder.write("a/run.json", "{\"wall\": 1}")
    try folder.write("b/spikes.csv", "time_ms,neuron_id\n0.4,1\n")
    try folder.write("b/v.csv", "time_ms,neuron_id,V_m_mV\n0.1,1,-70\n0.2,1,-68\n")
    let same = try synfire("compare", folder.path("a"), folder.path("a"), "-o", "json")
    #expect(same.code == 0)
    #expect(try JSONValue(parsing: same.output)["equal"] == true)

    let differs = try synfire("compare", folder.path("a"), folder.path("b"), "-o", "json")
    #expect(differs.code == 5)
    let value = try JSONValue(parsing: differs.output)
    #expect(value["file"]?.text == "v.csv")
    #expect(value["time_ms"]?.double == 0.2)
    #expect(value["neuron_id"]?.int == 1)
    #expect(value["variable"]?.text == "V_m_mV")
    #expect(value["a"]?.text == "-69")

    let files = try synfire("compare", folder.path("a/spikes.csv"), folder.path("b/spikes.csv"))
    #expect(files.code == 5)
    let absent = try synfire("compare", folder.path("a"), folder.path("c"))
    #expect(absent.code == 3)
    #expect(absent.error == "synfire compare: there is no record '\(folder.path("c"))'\n")
    try folder.write("b/extra.csv", "time_ms\n")
    try folder.write("d/extra.txt", "")
    #expect(try synfire("compare", folder.path("a"), folder.path("d")).code == 3)
  }
}

/// A folder that goes when the test ends.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "synfire-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ name: String, _ text: String) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: false, encoding: .utf8)
  }
}

import Basics
import Testing
import Workloads

@Test func `recorded samples are read in order of time`() throws {
  let csv = """
    ts,service,instance,requests,cpu
    2026-01-05T10:01:00Z,cart,i-1,12.5,
    1767607200000,cart,i-0,,0.5
    2026-01-05T10:01:00Z,cart,i-0,1,2
    """
  let samples = try ReplayFile.read(csv: Array(csv.utf8), file: "load.csv")
  #expect(samples.map(\.time?.rfc3339) == ["2026-01-05T10:00:00Z", "2026-01-05T10:01:00Z", "2026-01-05T10:01:00Z"])
  #expect(samples.map(\.instance) == ["i-0", "i-1", "i-0"])
  #expect(
    samples.map(\.readings) == [
      [.init("cpu", 0.5)], [.init("requests", 12.5)], [.init("cpu", 2), .init("requests", 1)],
    ]
  )
}

@Test(arguments: [
  ("service,cpu\na,1", "load.csv:1: the column 'ts' is missing"),
  ("ts,cpu\n1,1", "load.csv:1: the column 'service' is missing"),
  ("ts,service,watermark\n1,a,1", "load.csv:1: a column cannot be named 'watermark'"),
  ("ts,service,cpu\n\nyesterday,a,1", "load.csv:3: ts: RFC 3339 or milliseconds are wanted, found 'yesterday'"),
  ("ts,service,cpu\n,a,1", "load.csv:2: the time of the row is missing"),
  ("ts,service,cpu\n1,,1", "load.csv:2: the field 'service' is missing"),
  ("ts,service,cpu\n1,a,", "load.csv:2: 'a' reports no metric"),
  ("ts,service,cpu\n1,a,-1", "load.csv:2: cpu: '-1' is negative"),
  ("ts,service,cpu\n1,a", "load.csv:2: the row has 2 cells, the header 3"),
])
func `a mistake in a recording is named with its line`(csv: String, message: String) {
  let found = complaint(of: { _ = try ReplayFile.read(csv: Array(csv.utf8), file: "load.csv") })
  #expect(found.contains(message), "found: \(found)")
}

@Test(arguments: [0, 7_000]) func `the messages of a recording seal every tick and lose nothing`(grace: Int64) throws {
  var random = SplitMix(4)
  var now: Int64 = 1_767_607_201_000
  var csv = "ts,service,requests\n"
  for n in 0..<500 {
    now += Int64(random.next(below: n % 100 == 0 ? 600_000 : 20_000))
    csv += "\(now),s\(n % 3),\(n)\n"
  }
  let samples = try ReplayFile.read(csv: Array(csv.utf8), file: "load.csv")
  let messages = ReplayFile.messages(of: samples, tickMilliseconds: 30_000, graceMilliseconds: grace)
  var folder = TickFolder(
    configuration: try configuration("{clock: stream, tick: 30 s, sample: 10 s, grace: \(grace) ms}")
  )
  var consumed = 0
  for (n, message) in messages.enumerated() {
    let outcome = folder.fold(StreamEntryID(milliseconds: UInt64(n + 1)), message.fields)
    if case .rejected(let problem) = outcome { Issue.record("\(n): \(problem)") }
    for tick in folder.advance(clock: Timestamp(milliseconds: 0)) { consumed += tick.entries.count }
  }
  #expect(samples.count == 500)
  #expect(folder.next.map { $0.index } == now / 30_000 + 1)
  #expect(consumed + folder.heldEntries.count == messages.count)
  #expect(folder.registry.series.count == 3)
}

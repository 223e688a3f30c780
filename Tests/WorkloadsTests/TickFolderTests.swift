import Basics
import Testing
import Workloads

/// 2025-11-24T16:00:00Z: the start of a minute.
private let origin: Int64 = 1_764_000_000_000

private func id(_ seconds: Double, _ sequence: UInt64 = 0) -> StreamEntryID {
  StreamEntryID(milliseconds: UInt64(origin) + UInt64((seconds * 1000).rounded()), sequence: sequence)
}

private func moment(_ seconds: Double) -> Timestamp {
  Timestamp(milliseconds: origin + Int64((seconds * 1000).rounded()))
}

private func sample(
  _ service: String,
  _ instance: String = "i-0",
  at seconds: Double,
  _ readings: (String, Double)...
) -> [([UInt8], [UInt8])] {
  Sample(
    service: service,
    instance: instance,
    time: moment(seconds),
    readings: readings.map { .init($0, $1) }
  ).fields
}

private func watermark(_ seconds: Double) -> [([UInt8], [UInt8])] { StreamMessage.watermark(moment(seconds)).fields }

private func minute(_ index: Int) -> Tick { Tick(origin / 60_000 + Int64(index)) }

private func reason(_ outcome: TickFolder.Outcome) -> SampleProblem.Reason? {
  if case .rejected(let problem) = outcome { return problem.reason }
  return nil
}

private func folder(_ text: String = "{}") throws -> TickFolder { TickFolder(configuration: try configuration(text)) }

private func value(_ tick: FoldedTick, _ service: String, _ metric: String) -> Double? {
  tick.sealed.values.first { $0.series == SeriesName(service: service, metric: metric) }?.value
}

@Test func `samples of an instance are averaged, instances summed or averaged by the metric`() throws {
  var folder = try folder()
  _ = folder.fold(id(1), sample("a", "i-0", at: 1, ("requests", 10), ("latency", 0.1), ("cpu", 1)))
  _ = folder.fold(id(11), sample("a", "i-0", at: 11, ("requests", 20), ("latency", 0.3), ("cpu", 2)))
  _ = folder.fold(id(12), sample("a", "i-1", at: 12, ("requests", 5), ("latency", 0.6)))
  _ = folder.fold(id(13), sample("b", at: 13, ("hit_ratio", 0.5)))
  let ticks = folder.advance(clock: moment(65))
  try #require(ticks.count == 1)
  #expect(value(ticks[0], "a", "requests") == 20)
  #expect(abs((value(ticks[0], "a", "latency") ?? 0) - 0.4) < 1e-12)
  #expect(value(ticks[0], "a", "cpu") == 1.5)
  #expect(value(ticks[0], "b", "hit_ratio") == 0.5)
  #expect(ticks[0].sealed.values.map(\.series).sorted() == ticks[0].sealed.values.map(\.series))
  #expect(
    ticks[0].sealed.instances
      == [InstanceCount(service: "a", instances: 2), InstanceCount(service: "b", instances: 1)]
  )
  #expect(ticks[0].entries == [id(1), id(11), id(12), id(13)])
  #expect(ticks[0].position == id(13))
}

@Test func `an instance that comes or goes within a tick counts for its share of it`() throws {
  var folder = try folder("{tick: 60 s, sample: 10 s, grace: 0 s}")
  var sequence: UInt64 = 0
  for second in stride(from: 0.0, to: 60, by: 10) {
    // Two instances share 60 requests/s; then one goes and two others come. One sample of i-0 is lost.
    let instances = second < 40 ? ["i-0", "i-1"] : ["i-0", "i-2", "i-3"]
    for instance in instances where !(instance == "i-0" && second == 20) {
      sequence += 1
      let share = 60 / Double(instances.count)
      _ = folder.fold(id(second, sequence), sample("a", instance, at: second, ("requests", share), ("latency", 0.2)))
    }
  }
  let tick = try #require(folder.advance(clock: moment(60)).first)
  // i-0 reported the mean of 30, 30, 30, 20, 20; i-1 for 40 of 60 s; i-2 and i-3 for 20 s.
  #expect(abs((value(tick, "a", "requests") ?? 0) - (26 + 30 * 2 / 3 + 2 * 20 / 3.0)) < 1e-9)
  #expect(abs((value(tick, "a", "latency") ?? 0) - 0.2) < 1e-12)
  #expect(tick.sealed.instances == [InstanceCount(service: "a", instances: 3)])
}

@Test func `where a service reports rarely, every instance counts in full`() throws {
  var folder = try folder("{tick: 60 s, sample: 10 s, grace: 0 s}")
  _ = folder.fold(id(1), sample("a", "i-0", at: 1, ("requests", 10)))
  _ = folder.fold(id(31), sample("a", "i-0", at: 31, ("requests", 10)))
  _ = folder.fold(id(41), sample("a", "i-1", at: 41, ("requests", 5)))
  let tick = try #require(folder.advance(clock: moment(60)).first)
  #expect(value(tick, "a", "requests") == 15)
  #expect(tick.sealed.instances == [InstanceCount(service: "a", instances: 2)])
}

@Test func `a tick is sealed when its end and grace are over, not before`() throws {
  var folder = try folder()
  #expect(folder.fold(id(1), sample("a", at: 1, ("cpu", 1))) == .folded(minute(0)))
  #expect(folder.advance(clock: moment(64.999)).isEmpty)
  #expect(folder.openTicks == [minute(0)])
  let ticks = folder.advance(clock: moment(65))
  #expect(ticks.map(\.sealed.tick) == [minute(0)])
  #expect(ticks.map(\.sealed.lengthMilliseconds) == [60_000])
  #expect(folder.openTicks.isEmpty)
  #expect(folder.next == minute(1))
}

@Test func `ticks come out without a gap and those without samples empty`() throws {
  var folder = try folder()
  _ = folder.fold(id(1), sample("a", at: 1, ("cpu", 1)))
  _ = folder.fold(id(200), sample("a", at: 200, ("cpu", 2)))
  let ticks = folder.advance(clock: moment(245))
  #expect(ticks.map(\.sealed.tick) == (0...3).map(minute))
  #expect(ticks.map(\.sealed.values.count) == [1, 0, 0, 1])
  #expect(ticks.map(\.entries.count) == [1, 0, 0, 1])
}

@Test func `a long silence is sealed in portions`() throws {
  var folder = try folder()
  _ = folder.fold(id(1), sample("a", at: 1, ("cpu", 1)))
  var counts: [Int] = []
  while true {
    let ticks = folder.advance(clock: moment(60 * 250 + 5), limit: 100)
    counts.append(ticks.count)
    if ticks.count < 100 { break }
  }
  #expect(counts == [100, 100, 50])
}

@Test func `nothing is sealed before the first sample`() throws {
  var folder = try folder()
  #expect(folder.advance(clock: moment(1e6)).isEmpty)
  #expect(folder.next == nil)
}

@Test func `a sample without ts counts as of its arrival`() throws {
  var folder = try folder()
  let fields = Sample(service: "a", readings: [.init("cpu", 1)]).fields
  #expect(folder.fold(id(119.999), fields) == .folded(minute(1)))
  var recorded = try TickFolder(configuration: configuration("clock: stream"))
  #expect(reason(recorded.fold(id(1), fields)) == .noTime)
}

@Test func `late and early samples are refused at the stated bounds`() throws {
  var folder = try folder()
  #expect(folder.fold(id(60), sample("a", at: 60, ("cpu", 1))) == .folded(minute(1)))
  // Before the first tick, although its grace is not over.
  #expect(reason(folder.fold(id(61), sample("a", at: 59, ("cpu", 1)))) == .tooOld)
  // One tick and grace ahead, and a millisecond more.
  #expect(folder.fold(id(62), sample("a", at: 127, ("cpu", 1))) == .folded(minute(2)))
  #expect(reason(folder.fold(id(62, 1), sample("a", at: 127.001, ("cpu", 1)))) == .fromFuture)
  // The last millisecond of the grace, and the first after it.
  #expect(folder.fold(id(124.999), sample("a", at: 119, ("cpu", 1))) == .folded(minute(1)))
  #expect(reason(folder.fold(id(125), sample("a", at: 118, ("cpu", 1)))) == .tooOld)
}

@Test func `what is late does not depend on when ticks are taken`() throws {
  var eager = try folder()
  var lazy = try folder()
  var random = SplitMix(5)
  var sealed: [FoldedTick] = []
  var seconds = 0.0
  for n in 0..<2000 {
    seconds += Double(random.next(below: 4000)) / 1000
    let fields = sample("a", at: max(0, seconds - Double(random.next(below: 90))), ("cpu", Double(n)))
    let entry = id(seconds, UInt64(n))
    #expect(eager.fold(entry, fields) == lazy.fold(entry, fields))
    sealed += eager.advance(clock: moment(seconds))
  }
  let late = lazy.advance(clock: moment(seconds), limit: 10_000)
  #expect(late.map(\.sealed) == sealed.map(\.sealed))
  #expect(late.map(\.entries) == sealed.map(\.entries))
}

@Test func `the same sample twice is refused, another value or instance is not`() throws {
  var folder = try folder()
  #expect(folder.fold(id(1), sample("a", at: 1, ("cpu", 1))) == .folded(minute(0)))
  #expect(reason(folder.fold(id(2), sample("a", at: 1, ("cpu", 1)))) == .doubled)
  #expect(folder.fold(id(3), sample("a", at: 1, ("cpu", 3))) == .folded(minute(0)))
  #expect(folder.fold(id(4), sample("a", "i-1", at: 1, ("cpu", 1))) == .folded(minute(0)))
  #expect(folder.fold(id(5), sample("a", at: 1.001, ("cpu", 1))) == .folded(minute(0)))
  let ticks = folder.advance(clock: moment(65))
  #expect(ticks.first.flatMap { value($0, "a", "cpu") } == 5.0 / 3 + 1)
}

@Test func `the order in which instances report does not change a value`() throws {
  var random = SplitMix(9)
  let entries = (0..<50).map { sample("a", "i-\($0)", at: 1, ("cpu", Double(random.next(below: 1_000_000)) / 7e5)) }
  var forward = try folder()
  var backward = try folder()
  for (n, entry) in entries.enumerated() { _ = forward.fold(id(2, UInt64(n)), entry) }
  for (n, entry) in entries.reversed().enumerated() { _ = backward.fold(id(2, UInt64(n)), entry) }
  #expect(forward.advance(clock: moment(65)).map(\.sealed) == backward.advance(clock: moment(65)).map(\.sealed))
}

@Test func `series, instances and entries beyond the bounds are refused with their reason`() throws {
  var limits = TickFolder.Limits()
  (limits.series, limits.instancesPerService, limits.entriesPerTick) = (3, 2, 5)
  var folder = TickFolder(configuration: ServiceConfiguration(), limits: limits)
  #expect(folder.fold(id(1), sample("a", at: 1, ("cpu", 1), ("requests", 1))) == .folded(minute(0)))
  #expect(reason(folder.fold(id(2), sample("b", at: 2, ("cpu", 1), ("requests", 1)))) == .tooManySeries)
  #expect(folder.fold(id(3), sample("b", at: 3, ("cpu", 1))) == .folded(minute(0)))
  #expect(reason(folder.fold(id(4), sample("c", at: 4, ("cpu", 1)))) == .tooManySeries)
  #expect(folder.fold(id(5), sample("a", "i-1", at: 5, ("cpu", 1))) == .folded(minute(0)))
  #expect(reason(folder.fold(id(6), sample("a", "i-2", at: 6, ("cpu", 1)))) == .tooManyInstances)
  #expect(folder.fold(id(7), sample("a", at: 7, ("cpu", 1))) == .folded(minute(0)))
  #expect(folder.fold(id(8), sample("a", at: 8, ("cpu", 1))) == .folded(minute(0)))
  #expect(reason(folder.fold(id(9), sample("a", at: 9, ("cpu", 1)))) == .tickFull)
  // Series that are registered with a sealed tick still count.
  #expect(folder.advance(clock: moment(65)).count == 1)
  #expect(reason(folder.fold(id(66), sample("c", at: 66, ("cpu", 1)))) == .tooManySeries)
  #expect(folder.fold(id(67), sample("b", at: 67, ("cpu", 1))) == .folded(minute(1)))
}

@Test func `watermarks open ticks up to a bound, and none is lost when they are sealed`() throws {
  var limits = TickFolder.Limits()
  limits.openTicks = 4
  var folder = TickFolder(configuration: try configuration("{clock: stream, grace: 0 s}"), limits: limits)
  // Nothing is due before the first sample, so watermarks pile up.
  for i in 1...4 { #expect(folder.fold(id(0, UInt64(i)), watermark(Double(60 * i))) == .folded(minute(i))) }
  #expect(reason(folder.fold(id(0, 5), watermark(300))) == .tickFull)
  #expect(folder.fold(id(0, 6), sample("a", at: 250, ("cpu", 1))) == .folded(minute(4)))
  #expect(folder.openTicks == [minute(4)])
  #expect(folder.fold(id(0, 7), watermark(300)) == .folded(minute(5)))
  #expect(folder.sealDue().map(\.entries.count) == [5])
}

@Test func `after a long silence ticks come in portions, and sealing goes on without new entries`() throws {
  var folder = try folder("{clock: stream, grace: 0 s}")
  _ = folder.fold(id(0, 1), sample("a", at: 1, ("cpu", 1)))
  _ = folder.fold(id(0, 2), watermark(60 * 600))
  var portions: [Int] = []
  while case let ticks = folder.sealDue(), !ticks.isEmpty { portions.append(ticks.count) }
  #expect(portions == [256, 256, 88])
}

@Test func `watermarks tell the time where the stream is the clock`() throws {
  var folder = try folder("{clock: stream, grace: 0 s}")
  #expect(folder.fold(id(0, 1), sample("a", at: 1, ("cpu", 1))) == .folded(minute(0)))
  #expect(folder.advance(clock: moment(1e6)).isEmpty)
  // Before the first watermark the first sample's tick is the present.
  #expect(reason(folder.fold(id(0, 2), sample("a", at: 60.001, ("cpu", 1)))) == .fromFuture)
  #expect(folder.fold(id(0, 3), watermark(60)) == .folded(minute(1)))
  #expect(reason(folder.fold(id(0, 4), sample("a", at: 59, ("cpu", 1)))) == .tooOld)
  #expect(reason(folder.fold(id(0, 5), watermark(60))) == .doubled)
  #expect(folder.fold(id(0, 6), sample("a", at: 61, ("cpu", 2))) == .folded(minute(1)))
  let first = folder.advance(clock: moment(0))
  #expect(first.map(\.entries) == [[id(0, 1)]])
  #expect(reason(folder.fold(id(0, 7), watermark(30))) == .tooOld)
  #expect(folder.fold(id(0, 8), watermark(180)) == .folded(minute(3)))
  let rest = folder.advance(clock: moment(0))
  #expect(rest.map(\.entries) == [[id(0, 3), id(0, 6)], []])
  #expect(folder.heldEntries == [id(0, 8)])
  #expect(reason(folder.fold(id(0, 9), watermark(180 + 367 * 86_400))) == .badTime)
  var wall = try TickFolder(configuration: configuration("{}"))
  #expect(reason(wall.fold(id(1), watermark(1))) == .strayWatermark)
}

@Test func `a watermark before the first sample is acknowledged with the first tick`() throws {
  var folder = try folder("{clock: stream, grace: 0 s}")
  #expect(folder.fold(id(0, 1), watermark(30)) == .folded(minute(0)))
  #expect(folder.fold(id(0, 2), sample("a", at: 70, ("cpu", 1))) == .folded(minute(1)))
  #expect(folder.fold(id(0, 3), watermark(120)) == .folded(minute(2)))
  #expect(folder.advance(clock: moment(0)).map(\.entries) == [[id(0, 1), id(0, 2)]])
}

@Test func `an entry whose identifier is no time cannot move the clock for ever`() throws {
  var folder = try folder()
  _ = folder.fold(id(1), sample("a", at: 1, ("cpu", 1)))
  let far = StreamEntryID(milliseconds: .max, sequence: 1)
  #expect(reason(folder.fold(far, sample("a", at: 2, ("cpu", 1)))) == .badTime)
  #expect(folder.clock == moment(1))
}

@Test func `a sealed tick carries the calendar of every service that is known`() throws {
  let campaign = KnownEvent(
    name: "sale",
    kind: .campaign,
    start: moment(3600),
    end: moment(7200),
    expectedUplift: 1.5
  )
  var folder = TickFolder(configuration: ServiceConfiguration(), calendar: EventCalendar([campaign]))
  _ = folder.fold(id(1), sample("b", at: 1, ("cpu", 1)))
  _ = folder.fold(id(2), sample("a", at: 2, ("cpu", 1)))
  let first = folder.advance(clock: moment(65))
  #expect(first.first?.sealed.calendar.map(\.service) == ["a", "b"])
  #expect(first.first?.sealed.calendar.first?.now == nil)
  #expect(first.first?.sealed.calendar.first?.ahead.map { $0?.uplift } == [nil, 0.5, nil])
  // A tick without samples knows the services of before, and a calendar that was changed meanwhile holds.
  folder.calendar = EventCalendar()
  #expect(folder.advance(clock: moment(125)).first?.sealed.calendar == [])
  folder.calendar.put(campaign)
  #expect(folder.advance(clock: moment(185)).first?.sealed.calendar.count == 2)
}

@Test func `what was sealed before a restart is acknowledged, not refused`() throws {
  let configuration = ServiceConfiguration()
  var folder = TickFolder(configuration: configuration)
  _ = folder.fold(id(1), sample("a", at: 1, ("cpu", 1)))
  let sealed = try #require(folder.advance(clock: moment(65)).first)
  var registry = ServiceRegistry()
  registry.add(sealed.sealed)
  var next = TickFolder(
    configuration: configuration,
    registry: registry,
    resuming: .init(after: sealed.sealed.tick, position: sealed.position)
  )
  #expect(next.fold(id(1), sample("a", at: 1, ("cpu", 1))) == .alreadySealed)
  #expect(reason(next.fold(id(66), sample("a", at: 2, ("cpu", 1)))) == .tooOld)
  #expect(next.next == minute(1))
}

@Test func `a watermark at the very start of a tick survives a restart`() throws {
  var folder = try folder("{clock: stream, grace: 0 s}")
  _ = folder.fold(id(0, 1), sample("a", at: 1, ("cpu", 1)))
  #expect(folder.fold(id(0, 2), watermark(60)) == .folded(minute(1)))
  let sealed = try #require(folder.advance(clock: moment(0)).first)
  var next = TickFolder(
    configuration: folder.configuration,
    registry: folder.registry,
    resuming: .init(after: sealed.sealed.tick, position: sealed.position)
  )
  #expect(next.fold(id(0, 2), watermark(60)) == .folded(minute(1)))
  #expect(next.clock == folder.clock)
}

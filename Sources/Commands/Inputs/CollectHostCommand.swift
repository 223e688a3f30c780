internal import Basics
internal import StateStore
internal import Workloads

/// Reports this machine's processes and load.
struct CollectHostCommand: Command {
  static let name = "collect host"
  static let summary = "Reports this machine's processes and load."
  static let details = """
    Processes of one name are one service that reports cpu and memory; 'host' is the whole machine and reports cpu, \
    memory in use and load. Requests and latency are not known from outside and not reported.
    """
  static let fields: [Field<Self>] = [
    .quantity("every", \.everyMilliseconds, .time, "TIME", help: "Time between two looks."),
    .quantity("for", \.forMilliseconds, .time, "TIME", help: "Ends after this time (default: at Ctrl-C)."),
    .value("groups", \.groups, "N", in: 0...1000, help: "How many groups of processes are reported."),
    .value("instance", \.instance, "NAME", help: "Name of this machine (default: its host name)."),
    .flag("dry-run", \.isDry, help: "Prints the samples and sends nothing."),
    .redis(\.redis),
  ]

  var everyMilliseconds = 10_000.0
  var forMilliseconds: Double?
  var groups = 20
  var instance: String?
  var isDry = false
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let every = max(1, Int64(everyMilliseconds))
    var sampler = HostSampler(instance: instance ?? CurrentProcess.host, groups: groups)
    let store = isDry ? nil : Delivery(try MetricStream(context.connect(redis), tenant: context.tenant), context.log)
    Interruption.letLoopsEnd()
    let start = MonotonicClock.nowMilliseconds()
    let end = forMilliseconds.map { start + Int64($0) }
    _ = sampler.look(nowMilliseconds: start, time: Timestamp(milliseconds: WallClock.nowMilliseconds()))
    var (next, looks, sent) = (start + every, 0, 0)
    while end.map({ next <= $0 }) ?? true {
      guard Interruption.wait(milliseconds: max(0, next - MonotonicClock.nowMilliseconds())) else { break }
      let now = MonotonicClock.nowMilliseconds()
      let samples = sampler.look(nowMilliseconds: now, time: Timestamp(milliseconds: WallClock.nowMilliseconds()))
      if let store { try store.deliver(samples) } else { try context.show(Self.table(of: samples)) }
      (looks, sent) = (looks + 1, sent + samples.count)
      // After a pause of the machine the missed looks are left out, not made up for.
      next = max(next + every, now)
    }
    guard !isDry else { return Interruption.isRequested ? .interrupted : .done }
    var report = Report()
    report.add("looks", .count(looks))
    report.add("samples", .count(sent))
    try context.show(report)
    return Interruption.isRequested ? .interrupted : .done
  }

  private static func table(of samples: [Sample]) -> Table {
    var table = Table([
      Table.Column("service"), Table.Column("cpu_cores", title: "CPU"), Table.Column("memory_bytes", title: "MEMORY"),
      Table.Column("load"),
    ])
    for sample in samples {
      func value(_ metric: String) -> Double? { sample.readings.first { $0.metric == metric }?.value }
      table.append([
        .text(sample.service), value("cpu").map { .number($0) } ?? .none,
        value("memory").map { .bytes($0) } ?? .none, value("load").map { .number($0) } ?? .none,
      ])
    }
    return table
  }
}

/// Hands samples to the stream and keeps a few looks' worth while the store is away.
private final class Delivery {
  private static let mostKept = 10_000

  private let stream: MetricStream
  private let log: Log
  private var sender = SampleSender(mostKept: mostKept)
  private var kept = SampleBacklog(most: mostKept)

  init(_ stream: MetricStream, _ log: Log) { (self.stream, self.log) = (stream, log) }

  func deliver(_ samples: [Sample]) throws {
    let lost = kept.add(samples.map { $0.fields.map { StreamField($0.0, $0.1) } })
    do {
      try sender.send(kept.entries, to: stream, now: MonotonicClock.nowMilliseconds())
      kept.clear()
    } catch {
      guard error.isTransient else { throw error }
      let count = kept.entries.count
      log.warning("the store takes no samples", ("why", "\(error)"), ("kept", "\(count)"), ("lost", "\(lost)"))
      stream.connection.close()
    }
  }
}

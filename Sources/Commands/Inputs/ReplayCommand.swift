internal import Basics
internal import StateStore
internal import Workloads

/// Sends recorded samples.
struct ReplayCommand: Command {
  static let name = "replay"
  static let summary = "Sends recorded samples from a CSV file."
  static let details = """
    The file has the columns ts, service, and one per metric; instance may be there. Watermarks between the samples \
    tell a coordinator whose configuration has 'clock: stream' when a tick is complete.
    """
  static let fields: [Field<Self>] = [
    .argument("FILE", \.file, help: "The recorded samples."),
    .value("speed", \.speed, "X", help: "Times as fast as recorded (default: as fast as they are read)."),
    .value("start", \.start, "TIME", help: "Moves the record so that it begins then."),
    .quantity("tick", \.tickMilliseconds, .time, "TIME", help: "Length of a tick of the coordinator."),
    .quantity("grace", \.graceMilliseconds, .time, "TIME", isPositive: false, help: "Its wait after a tick."),
    .configuration(\.config, help: "Configuration of the coordinator, for tick and grace."),
    .redis(\.redis),
  ]

  var file = ""
  var speed: Double?
  var start: Moment?
  var tickMilliseconds = 60_000.0
  var graceMilliseconds = 5_000.0
  var config: String?
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    if let speed, speed <= 0 { throw UsageError("--speed: \(speed) is not more than 0") }
    guard tickMilliseconds >= 1000 else {
      throw UsageError("--tick: \(NumberText.quantity(tickMilliseconds, .time)) is shorter than a second")
    }
    var samples = try ReplayFile.read(csv: try FileText.bytes(of: file), file: file)
    guard let first = samples.first?.time else { throw CommandFailure(.stale, "'\(file)' has no samples") }
    if let start {
      let now = Timestamp(milliseconds: WallClock.nowMilliseconds())
      let shift = start.resolved(now: now).milliseconds - first.milliseconds
      for i in samples.indices {
        samples[i].time = samples[i].time.map { Timestamp(milliseconds: $0.milliseconds + shift) }
      }
    }
    let messages = ReplayFile.messages(
      of: samples,
      tickMilliseconds: Int64(tickMilliseconds),
      graceMilliseconds: Int64(max(0, graceMilliseconds))
    )
    Interruption.letLoopsEnd()
    var feed = try StreamFeed(context, redis: redis, tenant: context.tenant)
    var pace = Pace(speed: speed)
    var bar = context.progress("replaying", total: Double(messages.count), unit: "entries")
    for (i, message) in messages.enumerated() {
      if let time = message.time, try !pace.wait(until: time, before: { try feed.flush() }) { break }
      try feed.add(message)
      if i % StreamFeed.batch == 0 { bar.update(Double(feed.sent)) }
    }
    try feed.finish()
    bar.finish()
    return try context.tellSent(feed.sent, of: messages.count, samples: samples.count)
  }
}

/// Waits so that recorded time passes so many times as fast as real time.
struct Pace {
  private let speed: Double?
  private var first: (recorded: Int64, real: Int64)?

  /// A pace; without a speed there is no waiting.
  init(speed: Double?) { self.speed = speed }

  /// Waits until the time of a message has come; false when somebody asks to end.
  ///
  /// `before` is called before a wait, so that nothing is held back meanwhile.
  mutating func wait(until time: Timestamp, before: () throws -> Void) throws -> Bool {
    guard let speed else { return !Interruption.isRequested }
    let now = MonotonicClock.nowMilliseconds()
    guard let first else {
      first = (time.milliseconds, now)
      return true
    }
    let ahead = min(1e15, Double(time.milliseconds - first.recorded) / speed)
    let due = first.real + Int64(ahead)
    guard due > now else { return !Interruption.isRequested }
    try before()
    return Interruption.wait(milliseconds: due - now)
  }
}

extension StreamMessage {
  /// The recorded time, if it has one.
  var time: Timestamp? {
    switch self {
    case .sample(let sample): sample.time
    case .watermark(let time): time
    }
  }
}

extension CommandContext {
  /// Tells how much was sent, and ends with 130 when that was not all.
  func tellSent(_ sent: Int, of total: Int, samples: Int) throws -> ExitCode {
    var report = Report()
    report.add("samples", .count(samples))
    report.add("entries_sent", .count(sent))
    report.add("complete", .flag(sent == total))
    try show(report)
    return sent == total ? .done : .interrupted
  }
}

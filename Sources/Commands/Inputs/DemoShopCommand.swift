internal import Basics
internal import FoundationEssentials
internal import StateStore
internal import Workloads

/// Plays a synthetic shop into the metrics stream.
struct DemoShopCommand: Command {
  static let name = "demo shop"
  static let summary = "Plays a seeded synthetic shop: call graph, campaigns and incidents."
  static let details = """
    Its campaigns are put into the calendar first. Watermarks tell the time, so the coordinator needs a configuration \
    with 'clock: stream' and the same tick; --files writes one:
      synfire demo shop --files shop && synfire up --config shop/shop.yaml
      synfire demo shop
    """
  static let fields: [Field<Self>] = [
    .value("days", \.days, "N", in: 1...3660, help: "How long it plays."),
    .value("seed", \.seed, "S", help: "Seed of everything random."),
    .value("start", \.start, "TIME", help: "The first day (default: so that it ends today)."),
    .value("until", \.until, "TIME", help: "Ends there, with the rest of the days and the calendar as they are."),
    .quantity("tick", \.tickMilliseconds, .time, "TIME", help: "Length of a tick; divides a day."),
    .quantity("sample", \.sampleMilliseconds, .time, "TIME", help: "Time between samples; divides a tick."),
    .value("speed", \.speed, "X", help: "Times as fast as real time (default: as fast as it is read)."),
    .value("files", \.files, "FOLDER", help: "Only writes configuration (shop.yaml) and calendar (events.yaml) there."),
    .redis(\.redis),
  ]

  var days = 14
  var seed: UInt64 = 1
  var start: Moment?
  var until: Moment?
  var tickMilliseconds = 300_000.0
  var sampleMilliseconds = 60_000.0
  var speed: Double?
  var files: String?
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    if let speed, speed <= 0 { throw UsageError("--speed: \(speed) is not more than 0") }
    let shop = try makeShop()
    if let files {
      try write(shop, to: files)
      try context.write("\(files)/shop.yaml\n\(files)/events.yaml\n")
      return .done
    }
    let tenant = context.globals.tenant ?? "shop"
    let calendar = try EventStore(context.connect(redis), tenant: tenant)
    for event in shop.events { try calendar.put(EventStore.Item(id: event.id, json: Array(event.json.utf8))) }

    Interruption.letLoopsEnd()
    var feed = try StreamFeed(context, redis: redis, tenant: tenant)
    var pace = Pace(speed: speed)
    var bar = context.progress("playing the shop", total: Double(days), unit: "days")
    var (samples, messages) = (0, 0)
    let ticks = Array(shop.ticks.prefix { $0.index < lastTick(of: shop) })
    ticks: for (i, tick) in ticks.enumerated() {
      for sample in shop.samples(in: tick) {
        if let time = sample.time, try !pace.wait(until: time, before: { try feed.flush() }) { break ticks }
        try feed.add(.sample(sample))
        samples += 1
      }
      let end = Timestamp(milliseconds: (tick.index + 1) * shop.tickMilliseconds)
      guard try pace.wait(until: end, before: { try feed.flush() }) else { break }
      try feed.add(.watermark(end))
      messages = i + 1
      bar.update(Double(i + 1) / Double(ticks.count) * Double(days))
    }
    try feed.finish()
    bar.finish()
    var report = Report()
    report.add("tenant", .text(tenant))
    report.add("start", .time(shop.start))
    report.add("samples", .count(samples))
    report.add("ticks", .count(messages))
    report.add("events", .count(shop.events.count))
    report.add("complete", .flag(messages == ticks.count))
    try context.show(report)
    return messages == ticks.count ? .done : .interrupted
  }

  /// The first tick that is not played.
  private func lastTick(of shop: Shop) -> Int64 {
    let now = Timestamp(milliseconds: WallClock.nowMilliseconds())
    return until.map { $0.resolved(now: now).milliseconds / shop.tickMilliseconds } ?? .max
  }

  private func makeShop() throws -> Shop {
    let (tick, sample) = (Int64(tickMilliseconds), Int64(sampleMilliseconds))
    guard tick > 0, 86_400_000 % tick == 0, Double(tick) == tickMilliseconds else {
      throw UsageError("--tick: \(NumberText.quantity(tickMilliseconds, .time)) does not divide a day")
    }
    guard sample >= 1000, tick % sample == 0, Double(sample) == sampleMilliseconds else {
      let text = NumberText.quantity(sampleMilliseconds, .time)
      throw UsageError(
        "--sample: \(text) is below 1 s or does not divide a tick of \(NumberText.quantity(tickMilliseconds, .time))"
      )
    }
    let now = Timestamp(milliseconds: WallClock.nowMilliseconds())
    let ago = Timestamp(milliseconds: now.milliseconds - Int64(days) * 86_400_000)
    return Shop(
      seed: seed,
      start: start?.resolved(now: now) ?? ago,
      tickMilliseconds: tick,
      sampleMilliseconds: sample,
      days: days
    )
  }

  private func write(_ shop: Shop, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileText.write(shop.configuration(eventsPath: "events.yaml"), to: "\(folder)/shop.yaml")
    try FileText.write(shop.calendar.yaml, to: "\(folder)/events.yaml")
  }
}

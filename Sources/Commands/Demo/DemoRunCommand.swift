internal import Basics
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import StateStore
internal import Workloads

/// The whole path in a few minutes: a shop on a private cluster, and what came of it.
struct DemoRunCommand: Command {
  static let name = "demo run"
  static let summary = "Plays two weeks of the shop on a private cluster and reports: forecasts, advice, anomalies."
  static let details = """
    Starts a Redis of its own, the coordinator and the cores in a temporary folder, feeds the shop as fast as it is \
    read, prints the report and ends everything. The report is the same for the same seed, whatever is killed on the way.
    """
  static let fields: [Field<Self>] = [
    .value("cores", \.cores, "N", in: 1...16, help: "Core processes."),
    .value("days", \.days, "N", in: 2...60, help: "How long the shop plays."),
    .value("seed", \.seed, "S", help: "Seed of the shop."),
    .flag("no-projections", \.noProjections, help: "Forecast each service without the spikes of those upstream."),
    .value("pictures", \.pictures, "DIR", help: "Folder for pictures of the last campaign and the first days (SVG)."),
  ]

  var cores = 4
  var days = 14
  var seed: UInt64 = 1
  var noProjections = false
  var pictures: String?

  /// The first day of the demonstration, so that the report does not depend on today.
  private static let start = Timestamp(milliseconds: 1_792_972_800_000)

  func run(in context: CommandContext) throws -> ExitCode {
    let folder = "/tmp/synfire-demo-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var inner = context
    inner.environment["SYNFIRE_STATE"] = folder
    inner.log.least = context.globals.verbose ? .info : .error
    Interruption.letLoopsEnd()

    let shop = Shop(seed: seed, start: Self.start, days: days)
    let configurationPath = "\(folder)/shop.yaml"
    try FileText.write(shop.configuration(), to: configurationPath)
    let cluster = try LocalCluster(
      configurationPath: configurationPath,
      tenant: "shop",
      cores: cores,
      spares: 0,
      redis: nil,
      checkpointTicks: 48,
      hasProjections: !noProjections,
      state: inner.state,
      log: inner.log
    )
    defer { cluster.stop() }
    try cluster.start()
    let began = MonotonicClock.nowMilliseconds()
    try play(shop, on: cluster, inner)
    let seconds = Double(MonotonicClock.nowMilliseconds() - began) / 1000
    let report = try DemoReport(
      shop: shop,
      history: cluster.patiently {
        try DemoHistory(shop: shop, connection: inner.connect(cluster.redisURL))
      }
    )
    try context.write(report.text(width: context.console.outputColumns ?? 110))
    if let pictures {
      try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
      try report.writePictures(to: pictures)
      if let service = report.pictures?.service.name {
        try FileText.write(Self.whatIf(service, QueryClient(inner)).svg(), to: "\(pictures)/what-if.svg")
      }
    }
    try context.write(DemoReport.heading("Where it ran"))
    try context.show(try CoresCommand.report(QueryClient(inner)))
    let status = try QueryClient(inner).ask("status").result
    try context.write(
      "\n\(shop.ticks.count) ticks of \(status["series"]?.int ?? 0) series in \(NumberText.fixed(seconds, places: 1)) s on "
        + "\(cores) cores; digest of everything published: \(status["published_digest"]?.text ?? "")\n"
    )
    return .done
  }

  /// Asks what a service would need for a half to three times its traffic.
  private static func whatIf(_ service: String, _ client: QueryClient) throws -> SVGPlot {
    var answers: [(factor: Double, replicas: Double)] = []
    for factor in stride(from: 0.5, through: 3, by: 0.25) {
      let answer = try client.ask("whatif", service: service, [.init("traffic_factor", .number(factor))]).result
      answers.append((factor, answer["then"]?["recommendation"]?["replicas"]?.double ?? .nan))
    }
    return DemoPictures.whatIf(service, answers)
  }

  /// Feeds the shop and waits until everything is published.
  private func play(_ shop: Shop, on cluster: LocalCluster, _ context: CommandContext) throws {
    var feed = try cluster.patiently {
      try EventFile.put(shop.events, into: EventStore(context.connect(cluster.redisURL), tenant: "shop"))
      return try StreamFeed(context, redis: cluster.redisURL, tenant: "shop", mostUnread: 20_000)
    }
    feed.whileWaiting = { try cluster.look() }
    var bar = context.progress("\(days) days of the shop on \(cores) cores", total: Double(days), unit: "days")
    let total = shop.ticks.count
    for (i, tick) in shop.ticks.enumerated() {
      for sample in shop.samples(in: tick) { try feed.add(.sample(sample)) }
      try feed.add(.watermark(Timestamp(milliseconds: (tick.index + 1) * shop.tickMilliseconds)))
      if i % 8 == 0 {
        try cluster.look()
        bar.update(Double(i) / Double(total) * Double(days))
      }
    }
    try feed.flush()
    let patience = MonotonicClock.nowMilliseconds() + 120_000
    let client = try QueryClient(context)
    while true {
      try cluster.look()
      let done = (try? client.ask("status").result["ticks_published"]?.int) ?? 0
      if done >= total { break }
      guard MonotonicClock.nowMilliseconds() < patience else {
        throw CommandFailure(
          .timedOut,
          "only \(done) of \(total) ticks were published; the logs are in \(cluster.logFolder)"
        )
      }
      guard Interruption.wait(milliseconds: 50) else { throw CommandFailure(.interrupted, "interrupted") }
    }
    bar.update(Double(days))
    bar.finish()
  }
}

internal import Basics
internal import StateStore
internal import Workloads

/// Reports one sample of a service.
struct EmitCommand: Command {
  static let name = "emit"
  static let summary = "Reports one sample of a service."
  static let details = """
    requests per second, cpu in CPUs, memory in bytes and latency in seconds; any other name is a series of its own:
      synfire emit checkout cpu=0.42 memory=3.1e8 requests=120 latency=0.12
    """
  static let fields: [Field<Self>] = [
    .argument("SERVICE", \.service, help: "The service."),
    .rest("KEY=VALUE", \.pairs, atLeast: 1, help: "What was measured."),
    .value("instance", \.instance, "NAME", help: "The instance that reports."),
    .value("at", \.at, "TIME", help: "When it was measured (default: on arrival)."),
    .redis(\.redis),
  ]

  var service = ""
  var pairs: [String] = []
  var instance: String?
  var at: Moment?
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    var fields = [("service", service)]
    if let instance { fields.append(("instance", instance)) }
    if let at {
      let now = Timestamp(milliseconds: WallClock.nowMilliseconds())
      fields.append(("ts", String(at.resolved(now: now).milliseconds)))
    }
    for pair in pairs {
      guard let split = pair.firstIndex(of: "=") else {
        throw UsageError("'\(pair)' is not KEY=VALUE; write for example cpu=0.42")
      }
      fields.append((String(pair[..<split]), String(pair[pair.index(after: split)...])))
    }
    let bytes = fields.map { (Array($0.0.utf8), Array($0.1.utf8)) }
    do {
      _ = try StreamMessage(parsing: bytes)
    } catch {
      throw UsageError(error.description)
    }
    let stream = try MetricStream(context.connect(redis), tenant: context.tenant)
    let places = try stream.append([bytes.map { StreamField($0.0, $0.1) }])
    var report = Report()
    report.add("stream", .text(stream.key))
    report.add("entry", places.first.map { .text($0.description) } ?? .none)
    try context.show(report)
    return .done
  }
}

internal import Basics
internal import Documents

/// Another situation.
struct WhatIfCommand: Command {
  static let name = "whatif"
  static let summary = "Plans anew for more traffic, another event, another objective or fewer hosts; changes nothing."
  static let details = """
      synfire whatif checkout --traffic +30%
      synfire whatif checkout --event 'flash sale' --start 20min --end 2h --expected-uplift 1.8
      synfire whatif checkout --move spring-sale --by -1h
      synfire whatif checkout --replicas-at-most 8
    """
  static let fields: [Field<Self>] = [
    .argument("SERVICE", \.service, help: "Which service."),
    .value("traffic", \.traffic, "CHANGE", help: "Demand as +30%, -20%, or a factor such as 1.3."),
    .value("event", \.event, "NAME", help: "An event that is not in the calendar."),
    .value("kind", \.kind, "KIND", help: "What that event is."),
    .value("start", \.start, "TIME", help: "When it begins."),
    .value("end", \.end, "TIME", help: "When it is over."),
    .value("expected-uplift", \.uplift, "FACTOR", help: "Its expected demand, as a multiple of the usual."),
    .value("move", \.move, "NAME", help: "An event of the calendar that begins elsewhen."),
    .value("by", \.by, "TIME", help: "How much later (or earlier, with -) that is."),
    .value("cancel", \.cancel, "NAME", help: "An event of the calendar that does not take place."),
    .value("replicas-at-least", \.least, "N", help: "Another least number of replicas."),
    .value("replicas-at-most", \.most, "N", help: "Another greatest number of replicas, as with fewer hosts."),
    .quantity("provisioning", \.provisioning, .time, "TIME", help: "Another time until a replica serves."),
    .value("target", \.target, "SHARE", help: "Another utilisation to plan for."),
  ]

  var service = ""
  var traffic: TrafficChange?
  var event: String?
  var kind = EventsAddCommand.Kind.campaign
  var start: Moment?
  var end: Moment?
  var uplift: Double?
  var move: String?
  var by: String?
  var cancel: String?
  var least: Int?
  var most: Int?
  var provisioning: Double?
  var target: Double?

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "whatif", service: service, try question()) { result in
      var report = Report()
      let (now, then) = (result["now"] ?? .null, result["then"] ?? .null)
      report.add("service", JSONTable.cell(result["service"] ?? .null))
      for key in ["replicas", "demand", "reason", "sentence", "upcoming"] {
        report.add("\(key)_now", JSONTable.cell(now["recommendation"]?[key] ?? .null))
        report.add("\(key)_then", JSONTable.cell(then["recommendation"]?[key] ?? .null))
      }
      report.add(
        "parts",
        heading: "parts of the number then",
        JSONTable.table(then["parts"]?.elements ?? [], [.init("part"), .init("replicas"), .init("because")])
      )
      report.add("total", JSONTable.cell(then["total"] ?? .null))
      return report
    }
  }

  private func question() throws -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    func add(_ name: String, _ value: Double?) { if let value { members.append(.init(name, .number(value))) } }
    add("traffic_factor", traffic?.factor)
    add("minimum_replicas", least.map(Double.init))
    add("maximum_replicas", most.map(Double.init))
    add("provisioning_milliseconds", provisioning)
    add("target_utilisation", target)
    let now = Timestamp(milliseconds: WallClock.nowMilliseconds())
    if let event {
      guard let start, let end else { throw UsageError("--event: --start and --end say when '\(event)' takes place") }
      members.append(.init("event", .string(event)))
      members.append(.init("event_kind", .string(kind.rawValue)))
      add("event_start_milliseconds", Double(start.resolved(now: now).milliseconds))
      add("event_end_milliseconds", Double(end.resolved(now: now).milliseconds))
      add("event_uplift", uplift)
    }
    if let move {
      guard let by, let span = try? Quantity.parse(by, as: .time) else {
        throw UsageError("--move: --by says how much later '\(move)' begins, such as 2h or -30min")
      }
      members.append(.init("move", .string(move)))
      add("move_milliseconds", span)
    }
    if let cancel { members.append(.init("cancel", .string(cancel))) }
    guard !members.isEmpty else {
      throw UsageError("whatif: say what would be different, such as --traffic +30%; see 'synfire whatif --help'")
    }
    return members
  }
}

/// A change of demand as it is typed: `+30%`, `-20%`, or a factor.
struct TrafficChange: OptionValue, Equatable {
  var factor: Double

  static func parse(_ text: String) throws(ValueError) -> TrafficChange {
    let isShare = text.hasSuffix("%")
    let isRelative = text.hasPrefix("+") || text.hasPrefix("-")
    guard isShare == isRelative, let number = Double(isShare ? String(text.dropLast()) : text), number.isFinite else {
      throw ValueError("'\(text)' is neither a change such as +30% nor a factor such as 1.3")
    }
    let factor = isShare ? 1 + number / 100 : number
    guard (0...1000).contains(factor) else { throw ValueError("'\(text)' is not from -100% to a factor of 1000") }
    return TrafficChange(factor: factor)
  }

  var typed: String { factor.typed }
}

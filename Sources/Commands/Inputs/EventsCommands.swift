internal import Basics
internal import Documents
internal import StateStore
internal import Workloads

/// Lists the events of the calendar.
struct EventsListCommand: Command {
  static let name = "events list"
  static let summary = "Lists the events of the calendar."
  static let fields: [Field<Self>] = [.redis(\.redis)]

  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let store = try EventStore(context.connect(redis), tenant: context.tenant)
    return try context.watch {
      var events: [KnownEvent] = []
      for item in try store.all().items { events.append(try KnownEvent(json: item.json, from: "event \(item.id)")) }
      events.sort { ($0.start, $0.id) < ($1.start, $1.id) }
      return Report(EventTable.table(of: events))
    }
  }
}

/// Adds an event to the calendar.
struct EventsAddCommand: Command {
  static let name = "events add"
  static let summary = "Adds an event to the calendar, or replaces the one with its id."
  static let details = """
      synfire events add 'Black Friday' --kind campaign --start 2026-11-27 --end 2026-11-28 --expected-uplift 1.8
    """
  static let fields: [Field<Self>] = [
    .argument("NAME", \.title, help: "What it is called."),
    .value("kind", \.kind, "KIND", help: "What it is."),
    .value("start", \.start, "TIME", isRequired: true, help: "When it begins."),
    .value("end", \.end, "TIME", isRequired: true, help: "When it is over."),
    .values("service", \.services, "NAME", help: "Whom it concerns (default: all)."),
    .value("expected-uplift", \.uplift, "FACTOR", help: "Expected demand, as a multiple of the usual."),
    .value("recurrence", \.recurrence, "RRULE", help: "How it comes back, such as FREQ=YEARLY."),
    .value("id", \.id, "ID", help: "Its id (default: made of name and start)."),
    .value("status", \.status, "STATUS", help: "Whether it will take place."),
    .redis(\.redis),
  ]

  enum Kind: String, CaseIterable, OptionValue { case campaign, holiday, release, maintenance }
  enum Status: String, CaseIterable, OptionValue { case planned, cancelled }

  var title = ""
  var kind = Kind.campaign
  var start = Moment.fromNow(milliseconds: 0)
  var end = Moment.fromNow(milliseconds: 0)
  var services: [String] = []
  var uplift: Double?
  var recurrence: String?
  var id: String?
  var status = Status.planned
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let event = try self.event(now: Timestamp(milliseconds: WallClock.nowMilliseconds()))
    let store = try EventStore(context.connect(redis), tenant: context.tenant)
    try store.put(EventStore.Item(id: event.id, json: Array(event.json.utf8)))
    try context.show(EventTable.table(of: [event]))
    return .done
  }

  /// The event, checked by the same reader as files.
  private func event(now: Timestamp) throws -> KnownEvent {
    var members: [JSONValue.Member] = [
      .init("name", .string(title)), .init("kind", .string(kind.rawValue)),
      .init("start", .string(start.resolved(now: now).rfc3339)), .init("end", .string(end.resolved(now: now).rfc3339)),
      .init("status", .string(status.rawValue)),
      .init("services", services.isEmpty ? "*" : .array(services.map { .string($0) })),
    ]
    if let id { members.append(.init("id", .string(id))) }
    if let uplift { members.append(.init("expected_uplift", .number(uplift))) }
    if let recurrence { members.append(.init("recurrence", .string(recurrence))) }
    do {
      return try KnownEvent(json: JSONValue.object(members).json().utf8, from: "events add")
    } catch {
      throw UsageError(error.message)
    }
  }
}

/// Removes an event from the calendar.
struct EventsRemoveCommand: Command {
  static let name = "events remove"
  static let summary = "Removes an event from the calendar."
  static let fields: [Field<Self>] = [
    .argument("ID", \.id, help: "Its id, as 'events list' shows it."), .redis(\.redis),
  ]

  var id = ""
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let store = try EventStore(context.connect(redis), tenant: context.tenant)
    guard try store.remove(id) != nil else {
      let ids = try store.all().items.map(\.id)
      let hint = ids.isEmpty ? "; the calendar is empty" : Spelling.hint(for: id, among: ids)
      throw CommandFailure(.notFound, "there is no event '\(id)'\(hint)")
    }
    return .done
  }
}

/// Adds the events of a file to the calendar.
struct EventsImportCommand: Command {
  static let name = "events import"
  static let summary = "Adds the events of a YAML, JSON or CSV file to the calendar."
  static let fields: [Field<Self>] = [.argument("FILE", \.file, help: "The file."), .redis(\.redis)]

  var file = ""
  var redis: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let events = try EventFile.read(file)
    try EventFile.put(events, into: EventStore(context.connect(redis), tenant: context.tenant))
    try context.show(EventTable.table(of: events))
    return .done
  }
}

/// Files with events.
enum EventFile {
  /// Reads YAML, JSON or, by its name, CSV.
  static func read(_ file: String) throws -> [KnownEvent] {
    let bytes = try FileText.bytes(of: file)
    return file.hasSuffix(".csv")
      ? try EventCalendar.read(csv: bytes, file: file) : try EventCalendar.read(yaml: bytes, file: file)
  }

  /// Puts events into the calendar; equal ones change nothing.
  static func put(_ events: [KnownEvent], into store: EventStore) throws {
    for event in events { try store.put(EventStore.Item(id: event.id, json: Array(event.json.utf8))) }
  }
}

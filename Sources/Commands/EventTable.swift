internal import Basics
internal import Documents
internal import Workloads

/// Events as a table.
enum EventTable {
  static func table(of events: [KnownEvent]) -> Table {
    var table = Table([
      Table.Column("id"), Table.Column("name"), Table.Column("kind"), Table.Column("start"), Table.Column("end"),
      Table.Column("services"), Table.Column("expected_uplift", title: "UPLIFT"),
      Table.Column("recurrence", isWideOnly: true),
      Table.Column("status"),
    ])
    for event in events {
      let services: Table.Cell =
        switch event.services {
        case .all: .text("*")
        case .named(let names): Table.Cell(.array(names.map { .string($0) }), text: names.joined(separator: ", "))
        }
      table.append([
        .text(event.id), .text(event.name), .text(event.kind.name), .time(event.start), .time(event.end), services,
        event.expectedUplift.map { .number($0) } ?? .none, event.recurrence.map { .text($0.rule) } ?? .none,
        .text(event.status.rawValue).mood(event.status == .planned ? .plain : .faint),
      ])
    }
    return table
  }
}

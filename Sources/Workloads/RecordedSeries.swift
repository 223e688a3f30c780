public import Basics

/// A series recorded on a complete regular grid, with the announced events that were known beforehand.
public struct RecordedSeries: Equatable, Sendable {
  /// Unique name.
  public var id: String
  /// What it was measured on: series of one entity are the metrics of one service.
  public var entity: String
  /// Time of the first value.
  public var start: Timestamp
  /// Length of a tick in ms; divides a day.
  public var lengthMilliseconds: Int64
  /// One value per tick, nil where it is missing.
  public var values: [Double?]
  /// Ticks in which an announced event is in force, ascending from the first value; may lie beyond the last.
  public var events: [Range<Int>]

  /// Puts a series together; it is an entity of its own where none is named.
  public init(
    id: String,
    entity: String? = nil,
    start: Timestamp,
    lengthMilliseconds: Int64,
    values: [Double?],
    events: [Range<Int>] = []
  ) {
    (self.id, self.entity) = (id, entity ?? id)
    (self.start, self.lengthMilliseconds) = (start, lengthMilliseconds)
    (self.values, self.events) = (values, events)
  }

  /// Ticks per day.
  public var ticksPerDay: Int { Int(86_400_000 / lengthMilliseconds) }
}

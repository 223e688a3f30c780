public import Basics
public import Workloads

/// An announced event as far as planning needs it.
public struct EventHint: Equatable, Sendable {
  /// Name, as people know it.
  public var name: String
  /// Kind.
  public var kind: EventKind
  /// What tells events of one effect from others: the kind, or a word of the caller's.
  public var label: String
  /// First tick that feels it, its ramp included.
  public let start: Tick
  /// First tick after it.
  public let end: Tick
  /// Declared extra demand: 0.8 means + 80 %; 0 where none was declared.
  public var uplift: Double

  /// Describes an event.
  public init(
    name: String,
    kind: EventKind = .campaign,
    label: String? = nil,
    start: Tick,
    end: Tick,
    uplift: Double
  ) {
    (self.name, self.kind, self.uplift) = (name, kind, uplift)
    self.label = label ?? "\(kind)"
    (self.start, self.end) = (Self.bounded(start), Self.bounded(end))
  }

  /// Keeps differences of ticks countable where an event is open at an end.
  private static func bounded(_ tick: Tick) -> Tick { Tick(min(max(tick.index, -1 << 60), 1 << 60)) }

  /// Whether it is in force in a tick.
  public func covers(_ tick: Tick) -> Bool { start <= tick && tick < end }

  /// Demand during the event relative to demand without it, 0…1000.
  public var factor: Double { uplift.isFinite ? min(1000, max(0, 1 + uplift)) : 1 }

  /// `campaign spring-sale`.
  public var title: String { "\(kind) \(name)" }
}

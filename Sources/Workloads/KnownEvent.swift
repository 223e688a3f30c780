public import Basics

/// Something that is known in advance and changes demand: an entry of the calendar.
public struct KnownEvent: Hashable, Sendable {
  /// Which services an event acts on.
  public enum Scope: Hashable, Sendable {
    /// Every service.
    case all
    /// The named ones, ascending.
    case named([String])

    /// Whether a service is meant.
    public func includes(_ service: String) -> Bool {
      switch self {
      case .all: true
      case .named(let names): names.contains(service)
      }
    }
  }

  /// Whether an event takes place.
  public enum Status: String, Sendable, CaseIterable {
    case planned, cancelled
  }

  /// Identifies the event; a new one of the same id replaces it.
  public var id: String
  /// What people call it.
  public var name: String
  /// What it is.
  public var kind: EventKind
  /// When it (its first occurrence) begins.
  public var start: Timestamp
  /// When it (its first occurrence) is over.
  public var end: Timestamp
  /// Whom it acts on.
  public var services: Scope
  /// Expected demand as a multiple of the usual: 1.8 means + 80 %; nil where nobody knows.
  public var expectedUplift: Double?
  /// How it comes back, if it does.
  public var recurrence: Recurrence?
  /// Whether it takes place.
  public var status: Status

  /// Describes an event; without an id one is made of name and start.
  public init(
    id: String? = nil,
    name: String,
    kind: EventKind,
    start: Timestamp,
    end: Timestamp,
    services: Scope = .all,
    expectedUplift: Double? = nil,
    recurrence: Recurrence? = nil,
    status: Status = .planned
  ) {
    self.id = id ?? Self.madeID(name: name, start: start)
    (self.name, self.kind, self.start, self.end) = (name, kind, start, end)
    if case .named(let names) = services {
      self.services = .named(Set(names).sorted { $0.precedes($1) })
    } else {
      self.services = .all
    }
    (self.expectedUplift, self.recurrence, self.status) = (expectedUplift, recurrence, status)
  }

  /// The largest multiple of the usual demand that is believed.
  public static let largestUplift = 1000.0

  /// What is wrong with the event, in one sentence, or nil.
  public var problem: String? {
    for (what, text) in [("id", id), ("name", name)] {
      if let problem = NameRule.problem(with: text) { return "the \(what) \(problem)" }
    }
    for time in [start, end] where !(0...StreamMessage.latestMilliseconds).contains(time.milliseconds) {
      return "the time \(time.milliseconds) ms is not between the years 1970 and 9999"
    }
    guard start < end else { return "the end (\(end.rfc3339)) is not after the start (\(start.rfc3339))" }
    if case .named(let names) = services {
      if names.isEmpty { return "it acts on no service; name some, or \"*\" for all" }
      for name in names {
        if let problem = NameRule.problem(with: name) { return "the name of a service \(problem)" }
      }
    }
    if let uplift = expectedUplift, !(uplift >= 0 && uplift <= Self.largestUplift) {
      return "expected_uplift is a multiple of the usual demand between 0 and \(Self.largestUplift), found \(uplift); "
        + "1.8 means + 80 %"
    }
    if let recurrence, end.milliseconds - start.milliseconds > recurrence.periodMilliseconds {
      return "it is longer than the time until it comes back"
    }
    return nil
  }

  private static func madeID(name: String, start: Timestamp) -> String {
    var slug = ""
    for c in name.lowercased().unicodeScalars.prefix(100) {
      if c.properties.isAlphabetic || c.properties.numericType != nil {
        slug.unicodeScalars.append(c)
      } else if !slug.isEmpty, !slug.hasSuffix("-") {
        slug += "-"
      }
      if slug.utf8.count > 100 { break }
    }
    while slug.hasSuffix("-") { slug.removeLast() }
    return (slug.isEmpty ? "event" : slug) + "-" + start.rfc3339.filter { $0 != "-" && $0 != ":" }
  }
}

extension KnownEvent {
  /// The share of its length over which an event sets in, and over which it dies away.
  static let rampShare = 0.1
  /// The longest time over which it does, in ms.
  static let longestRampMilliseconds = 1_800_000.0

  /// Length of one occurrence in ms.
  public var lengthMilliseconds: Int64 { end.milliseconds - start.milliseconds }

  /// Mean strength over an interval, 0…1: straight ramps at both ends, full strength between them.
  ///
  /// The mean, not the value in the middle: demand is a mean over the tick as well, and a short event still shows.
  public func shape(from: Timestamp, to: Timestamp) -> Double {
    precondition(from < to && start < end)
    var first: Int64 = 0
    var last: Int64 = 0
    if let recurrence {
      let period = recurrence.periodMilliseconds
      first = max(0, (from.milliseconds - end.milliseconds) / period)
      last = max(0, (to.milliseconds - start.milliseconds) / period)
    }
    var total = 0.0
    for number in first...max(first, last) {
      let offset = number * (recurrence?.periodMilliseconds ?? 0)
      guard recurrence?.includes(number, from: start) ?? true else { continue }
      let a = Double(from.milliseconds - start.milliseconds - offset)
      let b = Double(to.milliseconds - start.milliseconds - offset)
      total += area(until: b) - area(until: a)
    }
    return min(1, total / Double(to.milliseconds - from.milliseconds))
  }

  /// Integral of the strength from the start of an occurrence to `x` ms after it.
  private func area(until x: Double) -> Double {
    let length = Double(lengthMilliseconds)
    let ramp = min(Self.rampShare * length, Self.longestRampMilliseconds)
    if x <= 0 { return 0 }
    if x < ramp { return x * x / (2 * ramp) }
    if x <= length - ramp { return x - ramp / 2 }
    let rest = max(0, length - x)
    return length - ramp - rest * rest / (2 * ramp)
  }
}

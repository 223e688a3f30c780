public import Basics
internal import Documents

/// A time in which the owner of a service wants no changes, once or again and again.
public struct FreezeWindow: Hashable, Sendable {
  /// What may still change.
  public enum Allowance: String, Sendable, CaseIterable {
    /// Nothing.
    case nothing
    /// Replicas may be added.
    case more
  }

  /// When it (its first occurrence) begins and is over.
  public var start: Timestamp, end: Timestamp
  /// How it comes back, if it does.
  public var recurrence: Recurrence?
  /// What may still change.
  public var allowance: Allowance

  /// Describes a window.
  public init(start: Timestamp, end: Timestamp, recurrence: Recurrence? = nil, allowance: Allowance = .nothing) {
    precondition(start < end, "a window ends after it starts")
    (self.start, self.end, self.recurrence, self.allowance) = (start, end, recurrence, allowance)
  }

  /// When the occurrence that is in force at a moment is over; nil where none is.
  public func end(at moment: Timestamp) -> Timestamp? {
    guard moment >= start else { return nil }
    guard let recurrence else { return moment < end ? end : nil }
    // Occurrences may overlap; the latest that has begun ends last.
    let number = (moment.milliseconds - start.milliseconds) / recurrence.periodMilliseconds
    for number in stride(from: number, through: 0, by: -1) where recurrence.includes(number, from: start) {
      let over = end.milliseconds + number * recurrence.periodMilliseconds
      return moment.milliseconds < over ? Timestamp(milliseconds: over) : nil
    }
    return nil
  }
}

extension FreezeWindow {
  /// Reads the windows of a service.
  static func read(_ node: Node, _ what: String) throws(DocumentError) -> [FreezeWindow] {
    var windows: [FreezeWindow] = []
    for entry in try node.sequence() {
      var reader = try MappingReader(entry, "\(what): freeze")
      let start = try reader.require("start").timestamp("\(what): freeze: start")
      let end = try reader.require("end").timestamp("\(what): freeze: end")
      guard start < end else {
        throw entry.error("\(what): freeze: the end (\(end.rfc3339)) is not after the start (\(start.rfc3339))")
      }
      var window = FreezeWindow(start: start, end: end)
      if let rule = reader.take("recurrence") { window.recurrence = try rule.recurrence() }
      if let allow = reader.take("allow") { window.allowance = try allow.choice("\(what): freeze: allow") }
      try reader.finish()
      windows.append(window)
    }
    return windows
  }
}

public import Basics

/// A recurrence rule that cannot be read: what was found and what would be right.
public struct RecurrenceError: Error, Equatable, CustomStringConvertible {
  /// One sentence.
  public var description: String
}

/// How an event comes back: the part of RFC 5545 (RRULE) in which all occurrences are equally far apart.
///
/// Read are `FREQ=DAILY` or `FREQ=WEEKLY` with `INTERVAL` and one of `COUNT` and `UNTIL`. Days are 24 hours of UTC:
/// an occurrence does not move with daylight saving time.
public struct Recurrence: Hashable, Sendable {
  /// How often a step is counted.
  public enum Frequency: String, Sendable, CaseIterable {
    case daily = "DAILY"
    case weekly = "WEEKLY"
  }

  /// The unit of the interval.
  public var frequency: Frequency
  /// Every how many days or weeks, at least 1.
  public var interval: Int
  /// The number of occurrences, the first included; nil for no limit.
  public var count: Int?
  /// The last moment at which an occurrence may start; nil for no limit.
  public var until: Timestamp?

  /// Describes a recurrence.
  public init(frequency: Frequency, interval: Int = 1, count: Int? = nil, until: Timestamp? = nil) {
    precondition(interval >= 1 && interval <= Self.largestInterval)
    (self.frequency, self.interval, self.count, self.until) = (frequency, interval, count, until)
  }

  /// The largest interval that is read.
  public static let largestInterval = 1000

  /// Milliseconds between the starts of two occurrences.
  public var periodMilliseconds: Int64 {
    Int64(interval) * (frequency == .daily ? 86_400_000 : 7 * 86_400_000)
  }

  /// Whether occurrence `number` (0 is the first) of an event that first starts at `start` takes place.
  func includes(_ number: Int64, from start: Timestamp) -> Bool {
    guard number >= 0 else { return false }
    if let count, number >= Int64(count) { return false }
    if let until, start.milliseconds + number * periodMilliseconds > until.milliseconds { return false }
    return true
  }

  /// The rule as RFC 5545 writes it.
  public var rule: String {
    var text = "FREQ=\(frequency.rawValue)"
    if interval != 1 { text += ";INTERVAL=\(interval)" }
    if let count { text += ";COUNT=\(count)" }
    if let until { text += ";UNTIL=\(until.rfc3339)" }
    return text
  }

  /// Reads a rule, with or without `RRULE:` before it; `UNTIL` as in RFC 5545 or as RFC 3339.
  ///
  /// - Throws: for anything that is not read, so that no event comes back on days that were not meant.
  public init(rule text: String) throws(RecurrenceError) {
    func refuse(_ why: String) -> RecurrenceError {
      RecurrenceError(
        description: "recurrence '\(NameRule.shown(text))': \(why); read are FREQ=DAILY or FREQ=WEEKLY with INTERVAL, "
          + "COUNT, UNTIL, for example 'FREQ=WEEKLY;COUNT=8'"
      )
    }
    var values: [String: String] = [:]
    let body = text.hasPrefix("RRULE:") ? String(text.dropFirst(6)) : text
    for part in body.split(separator: ";", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
      guard pair.count == 2, !pair[1].isEmpty else {
        throw refuse("'\(NameRule.shown(part.trimmed))' is not NAME=VALUE")
      }
      let name = pair[0].uppercased()
      guard ["FREQ", "INTERVAL", "COUNT", "UNTIL"].contains(name) else {
        throw refuse("\(NameRule.shown(name)) is not supported")
      }
      guard values.updateValue(pair[1], forKey: name) == nil else { throw refuse("\(name) stands there twice") }
    }
    func number(_ name: String, upTo most: Int) throws(RecurrenceError) -> Int? {
      guard let value = values[name] else { return nil }
      guard let number = Int(value), (1...most).contains(number) else {
        throw refuse("\(name) is a whole number between 1 and \(most)")
      }
      return number
    }
    guard let word = values["FREQ"] else { throw refuse("FREQ is missing") }
    guard let frequency = Frequency(rawValue: word.uppercased()) else {
      throw refuse("FREQ=\(NameRule.shown(word)) is not supported")
    }
    let interval = try number("INTERVAL", upTo: Self.largestInterval) ?? 1
    let count = try number("COUNT", upTo: 1_000_000)
    var until: Timestamp?
    if let value = values["UNTIL"] {
      guard count == nil else { throw refuse("COUNT and UNTIL exclude each other") }
      guard let time = Timestamp(rfc3339: Self.expanded(value)) else { throw refuse("UNTIL is not a time") }
      until = time
    }
    self.init(frequency: frequency, interval: interval, count: count, until: until)
  }

  /// `20261231T235959Z` and `20261231` with the marks of RFC 3339 put in; other text as it is.
  ///
  /// A bare date means the whole day: an occurrence may still start in its last second.
  private static func expanded(_ value: String) -> String {
    let c = Array(value)
    guard c.count >= 8, c[..<8].allSatisfy({ $0.isASCII && $0.isNumber }) else {
      return c.count == 10 ? value + "T23:59:59Z" : value
    }
    let date = "\(String(c[0..<4]))-\(String(c[4..<6]))-\(String(c[6..<8]))"
    if c.count == 8 { return date + "T23:59:59Z" }
    guard c.count == 16, c[8] == "T", c[15] == "Z" else { return value }
    return "\(date)T\(String(c[9..<11])):\(String(c[11..<13])):\(String(c[13..<15]))Z"
  }
}

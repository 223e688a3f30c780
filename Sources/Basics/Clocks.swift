internal import CLinux

/// Time since an arbitrary start that never goes back.
public enum MonotonicClock {
  /// Now, in nanoseconds.
  public static func nowNanoseconds() -> Int64 {
    var t = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &t)
    return Int64(t.tv_sec) * 1_000_000_000 + Int64(t.tv_nsec)
  }
  /// Now, in milliseconds.
  public static func nowMilliseconds() -> Int64 { nowNanoseconds() / 1_000_000 }
}

/// Has the calling thread sleep; for loops outside the simulation that have nothing to wait for.
public func pauseMilliseconds(_ milliseconds: Int) {
  var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
  var rest = timespec()
  while unsafe nanosleep(&left, &rest) != 0, synfire_errno() == EINTR { left = rest }
}

/// Time of day, which may jump.
public enum WallClock {
  /// Now, in milliseconds since the Unix epoch.
  public static func nowMilliseconds() -> Int64 {
    var t = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &t)
    return Int64(t.tv_sec) * 1000 + Int64(t.tv_nsec) / 1_000_000
  }
  /// Now, as RFC 3339 in UTC with milliseconds.
  public static func nowRFC3339() -> String { Timestamp(milliseconds: nowMilliseconds()).rfc3339 }
}

/// CPU time of this process.
public enum ProcessClock {
  /// User and system time so far, in nanoseconds.
  public static func nowNanoseconds() -> Int64 {
    var t = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
    return Int64(t.tv_sec) * 1_000_000_000 + Int64(t.tv_nsec)
  }
}

/// A moment in UTC with a resolution of a millisecond.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since the Unix epoch.
  public var milliseconds: Int64
  /// Wraps milliseconds since the Unix epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }
  /// Orders by time.
  public static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }

  /// Days since 1970-01-01, and milliseconds into the day.
  public var day: (number: Int64, millisecondsIntoDay: Int64) {
    let d = milliseconds >= 0 ? milliseconds / 86_400_000 : -((86_399_999 - milliseconds) / 86_400_000)
    return (d, milliseconds - d * 86_400_000)
  }

  /// Day of the week, 0 for Monday.
  public var weekday: Int { Int(((day.number + 3) % 7 + 7) % 7) }

  /// RFC 3339 in UTC; the fraction is left out where it is 0.
  public var rfc3339: String {
    let (number, rest) = day
    // Days to civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let z = number + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let doe = z - era * 146_097
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
    let mp = (5 * doy + 2) / 153
    let d = doy - (153 * mp + 2) / 5 + 1
    let m = mp < 10 ? mp + 3 : mp - 9
    let y = yoe + era * 400 + (m <= 2 ? 1 : 0)
    func pad(_ n: Int64, _ width: Int) -> String {
      let s = String(n)
      return String(repeating: "0", count: max(0, width - s.count)) + s
    }
    let fraction = rest % 1000 == 0 ? "" : ".\(pad(rest % 1000, 3))"
    return
      "\(pad(y, 4))-\(pad(m, 2))-\(pad(d, 2))T\(pad(rest / 3_600_000, 2)):\(pad(rest / 60_000 % 60, 2)):\(pad(rest / 1000 % 60, 2))\(fraction)Z"
  }

  /// Reads RFC 3339 (`2026-11-25T00:54:27Z`, an offset, a fraction, or a bare date), or returns nil.
  public init?(rfc3339 text: String) {
    let c = Array(text.utf8)
    func number(_ from: Int, _ length: Int) -> Int64? {
      guard from + length <= c.count else { return nil }
      var v: Int64 = 0
      for b in c[from..<from + length] {
        guard b >= 48, b <= 57 else { return nil }
        v = v * 10 + Int64(b - 48)
      }
      return v
    }
    func at(_ i: Int, _ s: Character) -> Bool { i < c.count && c[i] == s.asciiValue }
    guard let y = number(0, 4), at(4, "-"), let m = number(5, 2), at(7, "-"), let d = number(8, 2),
      (1...12).contains(m), d >= 1, d <= Self.days(inMonth: m, year: y)
    else { return nil }
    let yy = m <= 2 ? y - 1 : y
    let era = (yy >= 0 ? yy : yy - 399) / 400
    let yoe = yy - era * 400
    let doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
    var ms = days * 86_400_000
    if c.count == 10 {
      self.init(milliseconds: ms)
      return
    }
    guard at(10, "T") || at(10, "t") || at(10, " "), let h = number(11, 2), at(13, ":"), let min = number(14, 2),
      h < 24, min < 60
    else { return nil }
    ms += h * 3_600_000 + min * 60_000
    var i = 16
    if at(i, ":") {
      guard let s = number(17, 2), s <= 60 else { return nil }
      ms += s * 1000
      i = 19
      if at(i, ".") {
        i += 1
        var scale: Int64 = 100
        let start = i
        while i < c.count, c[i] >= 48, c[i] <= 57 {
          ms += Int64(c[i] - 48) * scale
          scale /= 10
          i += 1
        }
        guard i > start else { return nil }
      }
    }
    if at(i, "Z") || at(i, "z") {
      guard i + 1 == c.count else { return nil }
    } else if at(i, "+") || at(i, "-") {
      guard let oh = number(i + 1, 2), at(i + 3, ":"), let om = number(i + 4, 2), i + 6 == c.count, oh < 24, om < 60
      else { return nil }
      ms -= (at(i, "+") ? 1 : -1) * (oh * 3_600_000 + om * 60_000)
    } else {
      return nil
    }
    self.init(milliseconds: ms)
  }

  private static func days(inMonth m: Int64, year y: Int64) -> Int64 {
    if m == 2 { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(m) ? 30 : 31
  }
}

public import Basics
internal import Documents

/// Numbers as people read them.
public enum NumberText {
  /// Returns a number with a fixed count of decimals: `12.30`.
  public static func fixed(_ value: Double, places: Int) -> String {
    guard value.isFinite else { return value.description }
    let scale = (0..<places).reduce(1.0) { s, _ in s * 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return JSONValue.shortest(value) }
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let digits = String(Int64(scaled))
    guard places > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  /// Returns a number with at most so many significant digits and no trailing zeros: `0.42`, `1234`, `1.2e-07`.
  public static func significant(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : value.description }
    var exponent = 0
    var mantissa = value.magnitude
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    // 9.9999 with four digits is 10.00, a digit more.
    if fixed(mantissa, places: digits - 1).hasPrefix("10") { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    if exponent < -4 || exponent > 14 {
      return trimmed(fixed(value < 0 ? -mantissa : mantissa, places: digits - 1)) + "e\(exponent)"
    }
    return trimmed(fixed(value, places: max(0, digits - 1 - exponent)))
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// Returns a length of time in the unit that suits it: `250 ms`, `90 s`, `2.5 h`.
  public static func duration(milliseconds: Double, digits: Int = 3) -> String {
    let units: [(String, Double, until: Double)] = [
      ("us", 1e-3, 0.1), ("ms", 1, 1e3), ("s", 1e3, 1.2e5), ("min", 6e4, 7.2e6), ("h", 3.6e6, 1.728e8),
      ("d", 8.64e7, .infinity),
    ]
    guard milliseconds != 0, milliseconds.isFinite else { return milliseconds == 0 ? "0 s" : milliseconds.description }
    let unit = units.first { milliseconds.magnitude < $0.until } ?? units[units.count - 1]
    return "\(significant(milliseconds / unit.1, digits: digits)) \(unit.0)"
  }

  /// Returns a size in binary units: `512 B`, `1.5 Mi`.
  public static func bytes(_ count: Double, digits: Int = 3) -> String {
    var (value, rank) = (count, 0)
    while value.magnitude >= 1024, rank < 4 { (value, rank) = (value / 1024, rank + 1) }
    return
      "\(significant(value, digits: max(digits, value.magnitude >= 1000 ? 4 : 0))) \(["B", "Ki", "Mi", "Gi", "Ti"][rank])"
  }

  /// Returns a quantity, given in its canonical unit, so that it reads back to the same number: `10 s`, `512 Mi`.
  public static func quantity(_ value: Double, _ dimension: Dimension) -> String {
    let canonical = dimension.units.first
    let candidates = dimension.units.map { (value / $0.scale, $0.symbol, $0.scale) }
    // Larger units only: 1.5 ms is not 1500 us.
    let whole = candidates.filter {
      $0.2 >= 1 && $0.0.magnitude >= 1 && $0.0 == $0.0.rounded() && $0.0 * $0.2 == value
    }
    if let best = whole.max(by: { $0.2 < $1.2 }) { return "\(JSONValue.shortest(best.0)) \(best.1)" }
    return JSONValue.shortest(value) + (canonical.map { " \($0.symbol)" } ?? "")
  }
}

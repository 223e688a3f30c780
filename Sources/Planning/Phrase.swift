/// Numbers and durations as people read them, without locale and without Foundation.
enum Phrase {
  /// Writes a number with about three significant digits: `0.042`, `8.13`, `81.3`, `813`.
  static func number(_ x: Double) -> String {
    guard x.isFinite else { return "\(x)" }
    let size = abs(x)
    return decimals(x, places: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
  }

  /// Writes a number with at most so many places, without zeros at the end.
  static func decimals(_ x: Double, places: Int) -> String {
    guard abs(x) < 1e12 else { return "\(x)" }
    var scale: Int64 = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((abs(x) * Double(scale)).rounded())
    var fraction = String(scaled % scale + scale).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    let sign = x < 0 && scaled > 0 ? "-" : ""
    return sign + String(scaled / scale) + (fraction.isEmpty ? "" : "." + fraction)
  }

  /// Writes a quantile in per cent with as many places as tell it from 100: `95`, `99.5`, `99.97`.
  static func percent(ofQuantile q: Double) -> String {
    let rest = max(1e-5, 1 - q)
    return decimals((1 - rest) * 100, places: rest > 0.0005 ? 1 : rest > 0.00005 ? 2 : 3)
  }

  /// Writes a number with its sign.
  static func signed(_ x: Double) -> String { (x >= 0 ? "+" : "") + number(x) }

  /// Writes a duration in its largest whole unit: `45 s`, `25 min`, `3 h`, `2 d`.
  static func duration(ticks: Int, tickMilliseconds: Int64) -> String {
    let seconds = Double(ticks) * Double(tickMilliseconds) / 1000
    if seconds < 90 { return decimals(seconds, places: 1) + " s" }
    if seconds < 5400 { return decimals((seconds / 60).rounded(), places: 0) + " min" }
    if seconds < 172_800 { return decimals(seconds / 3600, places: 1) + " h" }
    return decimals(seconds / 86_400, places: 1) + " d"
  }

  /// Writes a count of replicas.
  static func replicas(_ n: Int) -> String { n == 1 ? "1 replica" : "\(n) replicas" }
}

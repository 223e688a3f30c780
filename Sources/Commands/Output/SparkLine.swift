/// A series in one line of text: `▁▂▅█▆▃`.
public enum SparkLine {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// Returns one block per value between the bounds (by default the least and greatest value); a missing one is a space.
  public static func text(_ values: [Double?], from low: Double? = nil, to high: Double? = nil) -> String {
    let known = values.compactMap { $0 }.filter(\.isFinite)
    guard let least = low ?? known.min(), let most = high ?? known.max() else {
      return String(repeating: " ", count: values.count)
    }
    let span = most - least
    return String(
      values.map { value in
        guard let value, value.isFinite else { return " " }
        let place = span > 0 ? (value - least) / span : 0.5
        return blocks[min(7, max(0, Int(place * 8)))]
      }
    )
  }

  /// Returns a series of any length as so many values: each is the mean of the values it stands for.
  public static func resampled(_ values: [Double?], to count: Int) -> [Double?] {
    guard count > 0, values.count > count else { return values }
    return (0..<count).map { i in
      let known = values[i * values.count / count..<(i + 1) * values.count / count].compactMap { $0 }
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
  }
}

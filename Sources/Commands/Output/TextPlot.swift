/// A plot made of characters: past values, a median and the band around it, for forecasts on a terminal.
public struct TextPlot: Sendable {
  /// One column of the plot.
  public struct Point: Sendable, Equatable {
    /// The measured value, if there is one.
    public var observed: Double?
    /// The forecast's middle, if there is one.
    public var median: Double?
    /// The forecast's band, if there is one.
    public var band: ClosedRange<Double>?
    /// Describes a column.
    public init(observed: Double? = nil, median: Double? = nil, band: ClosedRange<Double>? = nil) {
      (self.observed, self.median, self.band) = (observed, median, band)
    }
  }

  /// The columns, oldest first.
  public var points: [Point]
  /// Lines of the plot itself.
  public var height: Int
  /// Texts below the left and right end.
  public var ends: (left: String, right: String)

  /// Describes a plot.
  public init(_ points: [Point], height: Int = 10, ends: (left: String, right: String) = ("", "")) {
    (self.points, self.height, self.ends) = (points, height, ends)
  }

  /// Returns the lines: `•` is measured, `─` the median, `░` the band, with the scale at the left.
  public func text() -> String {
    let all = points.flatMap { point in
      [point.observed, point.median, point.band?.lowerBound, point.band?.upperBound].compactMap { $0 }
    }.filter(\.isFinite)
    guard let most = all.max(), let least = all.min(), height > 1 else { return "" }
    let scale = Scale(covering: least...most, ticks: max(2, height / 4))
    let low = min(least, scale.ticks.first ?? least)
    let high = max(most, scale.ticks.last ?? most)
    let span = high > low ? high - low : 1
    func row(_ value: Double) -> Int {
      min(height - 1, max(0, Int(((value - low) / span * Double(height - 1)).rounded())))
    }

    var grid = Array(repeating: Array(repeating: Character(" "), count: points.count), count: height)
    for (x, point) in points.enumerated() {
      if let band = point.band, band.lowerBound.isFinite, band.upperBound.isFinite {
        for y in row(band.lowerBound)...row(band.upperBound) { grid[y][x] = "░" }
      }
      if let median = point.median, median.isFinite { grid[row(median)][x] = "─" }
      if let observed = point.observed, observed.isFinite { grid[row(observed)][x] = "•" }
    }
    var labels = Array(repeating: "", count: height)
    for tick in scale.ticks { labels[row(tick)] = scale.label(tick) }
    let margin = labels.map(\.count).max() ?? 0
    var out = ""
    for y in (0..<height).reversed() {
      var line = String(repeating: " ", count: margin - labels[y].count) + labels[y] + (labels[y].isEmpty ? " │" : " ┤")
      line += String(grid[y])
      while line.hasSuffix(" ") { line.removeLast() }
      out += line + "\n"
    }
    out += String(repeating: " ", count: margin) + " └" + String(repeating: "─", count: points.count) + "\n"
    let gap = points.count - ends.left.count - ends.right.count
    guard gap > 0, !(ends.left.isEmpty && ends.right.isEmpty) else { return out }
    return out + String(repeating: " ", count: margin + 2) + ends.left + String(repeating: " ", count: gap) + ends.right
      + "\n"
  }
}

internal import Documents

/// A plot as an SVG picture: lines, bands, points and bars over two axes, with a legend.
public struct SVGPlot: Sendable {
  /// One axis.
  public struct Axis: Sendable {
    /// What it shows, with its unit.
    public var label: String
    /// How values are laid along it.
    public var kind: Scale.Kind
    /// What it covers at least.
    public var covering: ClosedRange<Double>?
    /// Where ticks stand; empty for round values.
    public var ticks: [Double]
    /// Describes an axis.
    public init(
      _ label: String,
      kind: Scale.Kind = .linear,
      covering: ClosedRange<Double>? = nil,
      ticks: [Double] = []
    ) {
      (self.label, self.kind, self.covering, self.ticks) = (label, kind, covering, ticks)
    }
  }

  /// How a series is drawn.
  public enum Mark: Sendable, Equatable {
    /// Points joined by a line, broken where a value is not finite.
    case line(isDashed: Bool = false)
    /// A line with a dot at each point.
    case dottedLine
    /// Dots alone.
    case dots
    /// The area between each point and the upper bound given with it.
    case band(upper: [Double])
  }

  /// One series.
  public struct Series: Sendable {
    /// Name in the legend, empty for none.
    public var name: String
    /// How it is drawn.
    public var mark: Mark
    /// Places along the first axis.
    public var x: [Double]
    /// Values.
    public var y: [Double]
    /// Which of the palette's colours it has; series of one colour belong together.
    public var colour: Int
  }

  /// A vertical line with a text, for a moment or an event.
  public struct Rule: Sendable {
    /// Place along the first axis.
    public var x: Double
    /// What happens there.
    public var label: String
  }

  /// What the picture shows, in one sentence.
  public var title: String
  /// The horizontal axis.
  public var xAxis: Axis
  /// The vertical axis.
  public var yAxis: Axis
  /// Width and height in pixels.
  public var size: (width: Double, height: Double)
  private var series: [Series] = []
  private var rules: [Rule] = []

  /// Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
  static let palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"]

  /// Makes a plot without series.
  public init(
    _ title: String,
    x xAxis: Axis,
    y yAxis: Axis,
    size: (width: Double, height: Double) = (720, 400)
  ) {
    (self.title, self.xAxis, self.yAxis, self.size) = (title, xAxis, yAxis, size)
  }

  /// Adds a series; without a colour it takes the next one.
  public mutating func add(_ name: String, _ mark: Mark = .line(), x: [Double], y: [Double], colour: Int? = nil) {
    precondition(x.count == y.count, "a series has \(x.count) places and \(y.count) values")
    if case .band(let upper) = mark { precondition(upper.count == y.count, "a band has two bounds per place") }
    let next = (series.map(\.colour).max() ?? -1) + 1
    series.append(Series(name: name, mark: mark, x: x, y: y, colour: colour ?? next))
  }

  /// Adds a vertical line.
  public mutating func mark(_ x: Double, _ label: String) { rules.append(Rule(x: x, label: label)) }

  /// Returns the picture.
  public func svg() -> String {
    var ys = series.flatMap(\.y)
    for case .band(let upper) in series.map(\.mark) { ys += upper }
    let x = Self.scale(xAxis, series.flatMap(\.x) + rules.map(\.x), ticks: Int(size.width / 110), snaps: false)
    let y = Self.scale(yAxis, ys, ticks: Int(size.height / 70), snaps: true)
    let labelWidth = y.ticks.map { Double(y.label($0).count) * Self.characterWidth }.max() ?? 0
    let area = Area(
      left: 34 + labelWidth,
      top: (title.isEmpty ? 16 : 44) + (series.contains { !$0.name.isEmpty } ? 18 : 0),
      right: size.width - 20,
      bottom: size.height - 50,
      x: x,
      y: y
    )
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(size.width)) \(n(size.height))" \
      width="\(n(size.width))" height="\(n(size.height))" font-family="Helvetica, Arial, sans-serif" font-size="12" \
      fill="#333333">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(n(area.left))" y="26" font-size="15" font-weight="bold">\(Self.escaped(title))</text>

      """
    out += axes(area)
    for rule in rules { out += draw(rule, area) }
    for each in series.sorted(by: { $0.mark.rank < $1.mark.rank }) { out += draw(each, area) }
    return out + legend(area) + "</svg>\n"
  }

  /// Mean width of a character at the size of the labels.
  private static let characterWidth = 6.8

  private static func scale(_ axis: Axis, _ values: [Double], ticks: Int, snaps: Bool) -> Scale {
    let usable = values.filter { $0.isFinite && (axis.kind != .logarithmic || $0 > 0) }
    let low = min(usable.min() ?? .infinity, axis.covering?.lowerBound ?? .infinity)
    let high = max(usable.max() ?? -.infinity, axis.covering?.upperBound ?? -.infinity)
    let range = low <= high ? low...high : axis.kind == .logarithmic ? 1...10 : 0...1
    guard axis.ticks.isEmpty else { return Scale(covering: range, kind: axis.kind, at: axis.ticks) }
    return Scale(covering: range, kind: axis.kind, ticks: max(2, ticks), snaps: snaps)
  }

  private func axes(_ area: Area) -> String {
    var out = "<g stroke=\"#e4e4e4\" stroke-width=\"1\">\n"
    for tick in area.y.ticks {
      let y = area.vertical(tick)
      out += "<line x1=\"\(n(area.left))\" y1=\"\(n(y))\" x2=\"\(n(area.right))\" y2=\"\(n(y))\"/>\n"
    }
    out += "</g>\n<g stroke=\"#888888\" stroke-width=\"1\">\n"
    out +=
      "<line x1=\"\(n(area.left))\" y1=\"\(n(area.bottom))\" x2=\"\(n(area.right))\" y2=\"\(n(area.bottom))\"/>\n"
    for tick in area.x.ticks {
      let x = n(area.horizontal(tick))
      out += "<line x1=\"\(x)\" y1=\"\(n(area.bottom))\" x2=\"\(x)\" y2=\"\(n(area.bottom + 5))\"/>\n"
    }
    out += "</g>\n<g text-anchor=\"end\">\n"
    for tick in area.y.ticks {
      out +=
        "<text x=\"\(n(area.left - 8))\" y=\"\(n(area.vertical(tick) + 4))\">\(Self.escaped(area.y.label(tick)))</text>\n"
    }
    out += "</g>\n<g text-anchor=\"middle\">\n"
    for tick in area.x.ticks {
      out +=
        "<text x=\"\(n(area.horizontal(tick)))\" y=\"\(n(area.bottom + 19))\">\(Self.escaped(area.x.label(tick)))</text>\n"
    }
    let middle = (area.left + area.right) / 2, height = (area.top + area.bottom) / 2
    out += "<text x=\"\(n(middle))\" y=\"\(n(size.height - 10))\">\(Self.escaped(xAxis.label))</text>\n"
    out += "<text transform=\"translate(16 \(n(height))) rotate(-90)\">\(Self.escaped(yAxis.label))</text>\n</g>\n"
    return out
  }

  private func draw(_ rule: Rule, _ area: Area) -> String {
    let x = area.horizontal(rule.x)
    let isLate = x > (area.left + area.right) / 2
    return """
      <line x1="\(n(x))" y1="\(n(area.top))" x2="\(n(x))" y2="\(n(area.bottom))" stroke="#888888" stroke-dasharray="2 3"/>
      <text x="\(n(x + (isLate ? -5 : 5)))" y="\(n(area.bottom - 8))" font-size="11" \
      text-anchor="\(isLate ? "end" : "start")">\(Self.escaped(rule.label))</text>

      """
  }

  private func draw(_ series: Series, _ area: Area) -> String {
    let colour = Self.palette[series.colour % Self.palette.count]
    func place(_ i: Int, _ values: [Double]) -> String? {
      guard series.x[i].isFinite, values[i].isFinite, yAxis.kind != .logarithmic || values[i] > 0 else { return nil }
      return "\(n(area.horizontal(series.x[i]))),\(n(area.vertical(values[i])))"
    }
    let all = Array(series.x.indices)
    func runs() -> [[Int]] { all.split { place($0, series.y) == nil }.map(Array.init) }
    func lines(_ dash: String) -> String {
      runs().map { run in
        let points = run.compactMap { place($0, series.y) }.joined(separator: " ")
        return "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" "
          + "stroke-linejoin=\"round\"\(dash)/>\n"
      }.joined()
    }
    func dots() -> String {
      all.filter { place($0, series.y) != nil }.map { i in
        "<circle cx=\"\(n(area.horizontal(series.x[i])))\" cy=\"\(n(area.vertical(series.y[i])))\" r=\"3\" fill=\"\(colour)\"/>\n"
      }.joined()
    }
    switch series.mark {
    case .line(let isDashed): return lines(isDashed ? " stroke-dasharray=\"6 4\"" : "")
    case .dottedLine: return lines("") + dots()
    case .dots: return dots()
    case .band(let upper):
      return all.split { place($0, series.y) == nil || place($0, upper) == nil }.map { run in
        let edge = run.compactMap { place($0, upper) } + run.reversed().compactMap { place($0, series.y) }
        return "<polygon points=\"\(edge.joined(separator: " "))\" fill=\"\(colour)\" fill-opacity=\"0.18\"/>\n"
      }.joined()
    }
  }

  /// The legend: one row below the title.
  private func legend(_ area: Area) -> String {
    var out = ""
    var x = area.left
    let y = area.top - 16
    for each in series where !each.name.isEmpty {
      let colour = Self.palette[each.colour % Self.palette.count]
      switch each.mark {
      case .band:
        out +=
          "<rect x=\"\(n(x))\" y=\"\(n(y - 5))\" width=\"18\" height=\"10\" fill=\"\(colour)\" fill-opacity=\"0.18\"/>\n"
      case .dots: out += "<circle cx=\"\(n(x + 9))\" cy=\"\(n(y))\" r=\"3\" fill=\"\(colour)\"/>\n"
      case .line, .dottedLine:
        let dash = each.mark == .line(isDashed: true) ? " stroke-dasharray=\"6 4\"" : ""
        out +=
          "<line x1=\"\(n(x))\" y1=\"\(n(y))\" x2=\"\(n(x + 18))\" y2=\"\(n(y))\" stroke=\"\(colour)\" stroke-width=\"2\"\(dash)/>\n"
      }
      out += "<text x=\"\(n(x + 24))\" y=\"\(n(y + 4))\">\(Self.escaped(each.name))</text>\n"
      x += 24 + Double(each.name.count) * Self.characterWidth + 18
    }
    return out
  }

  private func n(_ value: Double) -> String { JSONValue.shortest((value * 10).rounded() / 10) }

  static func escaped(_ text: String) -> String {
    text.map { ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;"][$0] ?? String($0) }.joined()
  }
}

extension SVGPlot.Mark {
  /// What is drawn first lies below.
  var rank: Int {
    if case .band = self { return 0 }
    return 1
  }
}

/// The rectangle that values are drawn in.
private struct Area {
  let left: Double, top: Double, right: Double, bottom: Double
  let x: Scale, y: Scale
  func horizontal(_ value: Double) -> Double { left + x.place(value) * (right - left) }
  func vertical(_ value: Double) -> Double { bottom - y.place(value) * (bottom - top) }
}

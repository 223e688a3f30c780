internal import Basics
internal import Documents

/// Reads numbers with units, and distributions of them, out of a circuit file.
struct QuantityReader {
  /// Whether a number without a unit is in NEST's unit (`units: nest`).
  var takesPlainNumbers: Bool

  /// Reads a value whose unit in NEST is given; `what` names it in errors ("population E: V_th").
  func value(_ node: Node, unit: String, _ what: String) throws(DocumentError) -> Double {
    guard case .scalar(let text, _) = node.content, !node.isNull else {
      throw node.error("\(what): a number\(unit.isEmpty ? "" : " in \(unit)") is wanted, found \(node.kind)")
    }
    if unit.isEmpty, text == "true" || text == "false" { return text == "true" ? 1 : 0 }
    do {
      if let dimension = QuantityReader.dimension(of: unit) {
        return try Quantity.parse(text, as: dimension, bare: takesPlainNumbers)
      }
      // A unit such as 1/ms belongs to no dimension that has several: it is written as it stands, or not at all.
      let hasUnit = text.trimmed.hasSuffix(unit)
      let number = hasUnit ? String(text.trimmed.dropLast(unit.count)) : text
      let value = try Quantity.parse(number, as: .number)
      if takesPlainNumbers || hasUnit || value == 0 { return value }
    } catch {
      throw node.error("\(what): \(error.description)")
    }
    throw node.error("\(what): '\(text)' has no unit; write '\(text) \(unit)'")
  }

  /// The dimension that has a unit as its canonical one; nil for a unit that stands alone.
  static func dimension(of unit: String) -> Dimension? {
    if unit.isEmpty { return .number }
    return Dimension.allCases.first { $0.units.first?.symbol == unit }
  }

  /// Reads a value or a distribution of values.
  func distribution(_ node: Node, unit: String, _ what: String) throws(DocumentError) -> Distribution {
    guard case .mapping = node.content else {
      return Distribution(.constant(try value(node, unit: unit, what)))
    }
    var entries = try MappingReader(node, what)
    var shapes: [(name: String, node: Node)] = []
    for name in ["constant", "normal", "lognormal", "uniform"] {
      if let shape = entries.take(name) { shapes.append((name, shape)) }
    }
    let (atLeast, atMost, outside) = (entries.take("at_least"), entries.take("at_most"), entries.take("outside"))
    try entries.finish()
    guard shapes.count == 1 else {
      let found = shapes.isEmpty ? "none" : shapes.map(\.name).joined(separator: " and ")
      throw node.error("\(what): one of constant, normal, lognormal, uniform is wanted, found \(found)")
    }
    var result = Distribution(try shape(shapes[0].name, shapes[0].node, unit: unit, what))
    if let atLeast { result.atLeast = try value(atLeast, unit: unit, "\(what): at_least") }
    if let atMost { result.atMost = try value(atMost, unit: unit, "\(what): at_most") }
    if let outside {
      switch try outside.string() {
      case "redraw": result.outside = .redraw
      case "clip": result.outside = .clip
      case let word:
        let hint = Spelling.hint(for: word, among: ["redraw", "clip"])
        throw outside.error("\(what): outside: redraw or clip is wanted, found '\(word)'\(hint)")
      }
    }
    if let problem = result.problem { throw node.error("\(what): \(problem)") }
    return result
  }

  private func shape(
    _ name: String,
    _ node: Node,
    unit: String,
    _ what: String
  ) throws(DocumentError) -> Distribution.Shape {
    func pair(_ first: String, _ second: String, unit: String) throws(DocumentError) -> (Double, Double) {
      guard case .sequence(let nodes) = node.content, nodes.count == 2 else {
        throw node.error("\(what): \(name) takes [\(first), \(second)], found \(node.kind)")
      }
      return (
        try value(nodes[0], unit: unit, "\(what): \(first)"), try value(nodes[1], unit: unit, "\(what): \(second)")
      )
    }
    switch name {
    case "constant": return .constant(try value(node, unit: unit, what))
    case "normal":
      let (mean, deviation) = try pair("mean", "standard deviation", unit: unit)
      return .normal(mean: mean, deviation: deviation)
    case "lognormal":
      // As in NEST, mean and deviation are those of the logarithm and have no unit.
      let (mu, sigma) = try pair("mean of the logarithm", "deviation of the logarithm", unit: "")
      return .lognormal(mu: mu, sigma: sigma)
    default:
      let (low, high) = try pair("low", "high", unit: unit)
      return .uniform(low: low, high: high)
    }
  }
}

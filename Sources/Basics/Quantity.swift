/// What kind of quantity a number with a unit is.
public enum Dimension: String, Sendable, CaseIterable {
  case time, voltage, capacitance, current, conductance, rate, energy, bytes, processors, number

  /// Unit symbols and their size in the canonical unit, canonical first: ms, mV, pF, pA, nS, Hz, pJ, bytes, CPUs.
  public var units: [(symbol: String, scale: Double)] {
    switch self {
    case .time:
      [("ms", 1), ("us", 1e-3), ("µs", 1e-3), ("ns", 1e-6), ("s", 1e3), ("min", 6e4), ("h", 3.6e6), ("d", 8.64e7)]
    case .voltage: [("mV", 1), ("uV", 1e-3), ("µV", 1e-3), ("V", 1e3)]
    case .capacitance: [("pF", 1), ("nF", 1e3), ("uF", 1e6), ("µF", 1e6)]
    case .current: [("pA", 1), ("nA", 1e3), ("uA", 1e6), ("µA", 1e6)]
    case .conductance: [("nS", 1), ("pS", 1e-3), ("uS", 1e3), ("µS", 1e3)]
    case .rate: [("Hz", 1), ("kHz", 1e3), ("1/s", 1)]
    case .energy: [("pJ", 1), ("fJ", 1e-3), ("nJ", 1e3), ("uJ", 1e6), ("µJ", 1e6), ("J", 1e12)]
    case .bytes:
      [
        ("B", 1), ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12),
      ]
    case .processors: [("CPU", 1), ("m", 1e-3)]
    case .number: []
    }
  }
}

/// A number with a unit that could not be read: what was found and what would be right.
public struct QuantityError: Error, Equatable, CustomStringConvertible {
  /// One sentence.
  public var description: String
}

/// A number with its unit, as people write it: `1.5 ms`, `250pF`, `512Mi`, `250m`.
public enum Quantity {
  /// Reads a quantity of a dimension and returns it in the dimension's canonical unit.
  ///
  /// A bare number is taken in the canonical unit only if `bare` allows it; 0 needs no unit.
  public static func parse(_ text: String, as dimension: Dimension, bare: Bool = false) throws(QuantityError) -> Double
  {
    let trimmed = text.trimmed
    let digits = trimmed.prefix { "0123456789+-.eE_".contains($0) }
    // "1e3" is a number, the "E" of a unit is not: shorten until the prefix reads as a double.
    var number = Substring(digits)
    while !number.isEmpty, Double(number.filter { $0 != "_" }) == nil { number = number.dropLast() }
    guard !number.isEmpty, let value = Double(number.filter { $0 != "_" }), value.isFinite else {
      throw QuantityError(description: "'\(text)' is not a number\(example(dimension))")
    }
    let unit = String(trimmed.dropFirst(number.count)).trimmed
    if unit.isEmpty {
      if bare || value == 0 || dimension == .number { return value }
      throw QuantityError(description: "'\(text)' has no unit\(example(dimension))")
    }
    guard let scale = dimension.units.first(where: { $0.symbol == unit })?.scale else {
      let other = Dimension.allCases.first { d in d.units.contains { $0.symbol == unit } }
      let why = other.map { "is a unit of \($0.rawValue), not of \(dimension.rawValue)" } ?? "is not a known unit"
      throw QuantityError(description: "'\(text)': '\(unit)' \(why)\(example(dimension))")
    }
    return value * scale
  }

  private static func example(_ dimension: Dimension) -> String {
    let symbols = dimension.units.map(\.symbol)
    return symbols.isEmpty ? "" : "; write for example '1.5 \(symbols[0])' (units: \(symbols.joined(separator: ", ")))"
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  public var trimmed: String {
    var rest = self[startIndex..<endIndex]
    while let c = rest.first, c.isWhitespace { rest = rest.dropFirst() }
    while let c = rest.last, c.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}

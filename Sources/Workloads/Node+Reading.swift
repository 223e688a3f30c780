internal import Basics
internal import Documents

extension Node {
  /// A whole number of milliseconds in a range, from a time with its unit.
  func milliseconds(_ what: String, in range: ClosedRange<Int64>) throws(DocumentError) -> Int64 {
    let text = try string()
    let value = try time(what)
    // Units below a millisecond and decimals leave rounding errors far smaller than this.
    let whole = value.rounded()
    guard abs(value - whole) < 1e-6, abs(whole) < 1e18 else {
      throw self.error("\(what): a whole number of milliseconds is wanted, found '\(text)'")
    }
    guard range.contains(Int64(whole)) else {
      let upper = range.upperBound < Int64.max / 2 ? " and \(range.upperBound) ms" : ""
      throw self.error(
        "\(what): '\(text)' is out of range; \(upper.isEmpty ? "at least" : "between") \(range.lowerBound) ms\(upper)"
      )
    }
    return Int64(whole)
  }

  /// A time in milliseconds, from a number with its unit.
  func time(_ what: String) throws(DocumentError) -> Double {
    do {
      return try Quantity.parse(try string(), as: .time)
    } catch let problem as QuantityError {
      throw error("\(what): \(problem)")
    } catch {
      throw self.error("\(what): \(kind) is not a time; write for example '10 s'")
    }
  }

  /// A number above a bound and up to, or below, another.
  func number(
    _ what: String,
    over lower: Double,
    upTo upper: Double = .infinity,
    below: Double = .infinity
  ) throws(DocumentError) -> Double {
    let value = try double()
    guard value > lower, value <= upper, value < below else {
      let bound = upper < .infinity ? "at most \(upper)" : "below \(below)"
      throw self.error("\(what): more than \(lower) and \(bound) is wanted, found \(value)")
    }
    return value
  }

  /// One of the named cases of an enumeration.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ what: String) throws(DocumentError) -> Choice {
    let text = try string()
    guard let choice = Choice(rawValue: text) else {
      let hint = Spelling.hint(for: text, among: Choice.allCases.map(\.rawValue))
      throw self.error("\(what): '\(text)' is not known\(hint)")
    }
    return choice
  }

  /// A text that may be a name.
  func name(_ what: String) throws(DocumentError) -> String {
    let text = try string()
    if let problem = NameRule.problem(with: text) { throw self.error("\(what): the name \(problem)") }
    return text
  }

  /// A finite number and the words after it, with single spaces between them.
  func numberAndUnit(_ what: String, example: String) throws(DocumentError) -> (value: Double, unit: String) {
    let text = try string().trimmed
    let number = text.prefix { "0123456789+-.eE".contains($0) }
    guard let value = Double(number), value.isFinite else {
      throw self.error("\(what): '\(text)' is not a number with its unit; write for example '\(example)'")
    }
    let unit = text.dropFirst(number.count).split(separator: " ").joined(separator: " ")
    guard !unit.isEmpty else { throw self.error("\(what): '\(text)' has no unit; write for example '\(example)'") }
    return (value, unit)
  }
}

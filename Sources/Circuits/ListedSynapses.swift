internal import Documents

/// Weights and delays of the rows of a CSV file: from its columns, or one value for all from the circuit file.
struct ListedSynapses {
  private let columns: CircuitColumns
  private let weights: QuantityColumn?
  private let delays: QuantityColumn?
  /// The weight for all rows, by population of the target.
  private var weightOnto: [Double?]
  private var delayForAll = 1.0

  /// Prepares to read; a quantity that stands both in the file and in the circuit is refused.
  init(
    _ columns: CircuitColumns,
    weight: Node?,
    delay: Node?,
    onto targets: [Int]? = nil,
    at place: Node,
    _ what: String,
    _ reader: CircuitReader
  ) throws(DocumentError) {
    (self.columns, weights, delays) = (columns, columns["weight"], columns["delay"])
    if let weight, let weights { throw weight.error(ListedSynapses.twice(what, "weight", weights, columns)) }
    if let delay, let delays { throw delay.error(ListedSynapses.twice(what, "delay", delays, columns)) }
    weightOnto = Array(repeating: nil, count: reader.populations.count)
    if weights == nil {
      for p in targets ?? Array(reader.populations.indices) {
        weightOnto[p] = try reader.constantWeight(weight, onto: p, what)
      }
    }
    if delays == nil { delayForAll = try reader.constantDelay(delay, at: place, what) }
  }

  /// The weight in a row, in the unit of the target's model.
  func weight(_ row: Int, ontoNeuron target: Int, _ reader: CircuitReader) throws(DocumentError) -> Double {
    let p = reader.population(ofNeuron: target)
    guard let column = weights else { return weightOnto[p] ?? 1 }
    let model = reader.models[p]
    let weight = try columns.value(row, column, unit: model.weightUnit, whose: "weights onto \(model.name)")
    guard abs(weight) <= CircuitLimits.weight else {
      throw columns.table.error(
        row,
        "\(column.header): weights lie between -\(CircuitLimits.weight) and \(CircuitLimits.weight) \(model.weightUnit)"
      )
    }
    return weight
  }

  /// The delay in a row, in ms.
  func delay(_ row: Int, _ reader: CircuitReader) throws(DocumentError) -> Double {
    guard let column = delays else { return delayForAll }
    let delay = try columns.value(row, column, unit: "ms", whose: "delays")
    if let problem = reader.delayProblem(delay) { throw columns.table.error(row, "\(column.header): \(problem)") }
    return delay
  }

  private static func twice(
    _ what: String,
    _ name: String,
    _ column: QuantityColumn,
    _ columns: CircuitColumns
  ) -> String {
    "\(what): \(name) stands here and in the column '\(column.header)' of \(columns.table.file); one of them is wanted"
  }
}

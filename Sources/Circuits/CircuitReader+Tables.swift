internal import Basics
internal import Documents

/// A column of a CSV file that holds a quantity, with the unit that its name carries.
struct QuantityColumn {
  /// Index of the column.
  var index: Int
  /// Its name in the header.
  var header: String
  /// What is left of the name after the quantity: "pA" of "weight_pA"; nil when the unit is NEST's.
  var suffix: String?

  /// The factor that brings the column's numbers to a unit of NEST; nil when the column's unit is of another dimension.
  func scale(to unit: String) -> Double? {
    guard let suffix, suffix != unit else { return 1 }
    return QuantityReader.dimension(of: unit)?.units.first { $0.symbol == suffix }?.scale
  }
}

/// The columns of a CSV file of a circuit: which holds what; columns that nobody knows are refused.
struct CircuitColumns {
  let table: CSVTable
  private var columns: [String: QuantityColumn] = [:]

  /// Finds the columns: `plain` by their names, `quantities` by their names with or without a unit behind them.
  init(_ table: CSVTable, plain: [String], quantities: [String]) throws(DocumentError) {
    self.table = table
    for (index, header) in table.header.enumerated() {
      guard let (name, suffix) = CircuitColumns.match(header, plain: plain, quantities: quantities) else {
        let hint = Spelling.hint(for: header, among: plain + quantities)
        throw table.headerError("unknown column '\(header)'\(hint)")
      }
      if let suffix, !CircuitColumns.isUnit(suffix) {
        throw table.headerError("the column '\(header)' ends in '\(suffix)', which is not a known unit")
      }
      if let other = columns[name] {
        throw table.headerError("the columns '\(other.header)' and '\(header)' both hold \(name)")
      }
      columns[name] = QuantityColumn(index: index, header: header, suffix: suffix)
    }
  }

  /// The column of a name, or nil.
  subscript(name: String) -> QuantityColumn? { columns[name] }

  /// The column of a name that must be there.
  func require(_ name: String) throws(DocumentError) -> QuantityColumn {
    guard let column = columns[name] else {
      throw table.headerError("the column '\(name)' is missing; found are: \(table.header.joined(separator: ", "))")
    }
    return column
  }

  /// The number in a row of a column, in a unit of NEST; `whose` says whose unit that is.
  func value(_ row: Int, _ column: QuantityColumn, unit: String, whose: String) throws(DocumentError) -> Double {
    guard let scale = column.scale(to: unit) else {
      throw table.error(row, "the column '\(column.header)' is not in a unit of \(whose), '\(unit)'")
    }
    return try table.double(row, column.index) * scale
  }

  private static func match(
    _ header: String,
    plain: [String],
    quantities: [String]
  ) -> (name: String, suffix: String?)? {
    if plain.contains(header) || quantities.contains(header) { return (header, nil) }
    // The longest name wins, so that a quantity may be the beginning of another.
    let longest = quantities.filter { header.hasPrefix($0 + "_") }.max { $0.count < $1.count }
    return longest.map { ($0, String(header.dropFirst($0.count + 1))) }
  }

  private static func isUnit(_ suffix: String) -> Bool {
    Dimension.allCases.contains { $0.units.contains { $0.symbol == suffix } }
  }
}

extension CircuitReader {
  /// The zero-based index of the neuron whose number stands in a cell.
  func neuron(_ table: CSVTable, _ row: Int, _ column: Int) throws(DocumentError) -> Int {
    let number = try table.int(row, column)
    guard (1...neuronCount).contains(number) else {
      throw table.error(row, "\(table.header[column]): there is no neuron \(number); ids run from 1 to \(neuronCount)")
    }
    return number - 1
  }

  /// Parameters that may differ between the neurons of a population; kernels keep the others once for all.
  private static let parametersOfNeurons = ["I_e"]

  /// Reads `neurons: FILE`: values of single neurons, columns `I_e` and `<state variable>_init`.
  ///
  /// A population's neurons are all in the file or none of them, and so are the cells of a column.
  mutating func readNeurons(_ node: Node, _ load: (String) throws -> [UInt8]) throws(DocumentError) {
    let table = try table(node, "neurons", load)
    var quantities: [String] = []
    for model in models {
      for name in model.parameters.map(\.name) + model.state.map({ $0.name + "_init" })
      where !quantities.contains(name) { quantities.append(name) }
    }
    let columns = try CircuitColumns(table, plain: ["neuron_id"], quantities: quantities)
    for name in quantities where !name.hasSuffix("_init") && !CircuitReader.parametersOfNeurons.contains(name) {
      guard let column = columns[name] else { continue }
      throw table.headerError(
        "\(column.header): \(name) cannot differ between the neurons of a population; make a population for each value"
      )
    }
    let id = try columns.require("neuron_id").index
    var rows: [(neuron: Int, row: Int)] = []
    for row in table.rows { rows.append((try neuron(table, row, id), row)) }
    rows.sort { ($0.neuron, $0.row) < ($1.neuron, $1.row) }
    for (a, b) in zip(rows, rows.dropFirst()) where a.neuron == b.neuron {
      throw table.error(b.row, "neuron \(b.neuron + 1) stands on line \(table.line(a.row)) already")
    }
    var rest = rows[...]
    for p in populations.indices {
      let own = rest.prefix { $0.neuron < populations[p].neurons.upperBound }
      rest = rest.dropFirst(own.count)
      guard !own.isEmpty else { continue }
      guard own.count == populations[p].size else {
        throw table.headerError(
          "\(own.count) of the \(populations[p].size) neurons of population \(populations[p].name) are listed; "
            + "list all of them or none"
        )
      }
      for name in quantities {
        guard let column = columns[name] else { continue }
        try readNeuronColumn(name, column, columns, rows: own.map(\.row), ofPopulation: p)
      }
    }
  }

  /// Reads one column for the neurons of one population, whose rows are given in their order.
  private mutating func readNeuronColumn(
    _ name: String,
    _ column: QuantityColumn,
    _ columns: CircuitColumns,
    rows: [Int],
    ofPopulation p: Int
  ) throws(DocumentError) {
    let (population, model, table) = (populations[p], models[p], columns.table)
    let filled = rows.filter { !table.isEmpty($0, column.index) }
    guard let first = filled.first else { return }
    let quantity = model.parameters.first { $0.name == name } ?? model.state.first { $0.name + "_init" == name }
    guard let quantity else {
      throw table.error(
        first,
        "\(column.header): the model \(model.name) of population \(population.name) has no '\(name)'; leave the cell empty"
      )
    }
    guard filled.count == rows.count else {
      let empty = rows.first { table.isEmpty($0, column.index) } ?? first
      throw table.error(
        empty,
        "\(column.header): the cell is empty, while others of population \(population.name) are not; "
          + "give all of its neurons a value, or none"
      )
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(rows.count)
    for row in rows {
      numbers.append(try columns.value(row, column, unit: quantity.unit, whose: "\(name) of \(model.name)"))
    }
    populations[p].perNeuron[name] = numbers
  }
}

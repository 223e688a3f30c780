internal import Basics

extension CircuitLibrary {
  /// Columns of the full-size circuit: 13, which make a million neurons and 3.9 billion synapses.
  public static let fullColumns = 13

  /// Columns of the cortical microcircuit side by side, joined by long-range excitatory projections.
  ///
  /// At scale 1 there are 13 columns of full size, 1,003,197 neurons; at less there are fewer of full size, two at least, and
  /// below two thirteenths two columns of less.
  public static func columns(scale: Double = 1, seed: UInt64 = 55) -> Circuit {
    let count = Int((Double(fullColumns) * scale).rounded())
    if count >= 2 { return columns(count: count, seed: seed) }
    return columns(count: 2, columnScale: Double(fullColumns) * scale / 2, seed: seed)
  }

  /// A number of columns of the microcircuit, each of a scale as in `microcircuit(scale:)`.
  ///
  /// The columns stand in a ring. Of each excitatory projection within a column `longRange` of the synapses come instead from
  /// the same population of the nearest other columns, up to two on either side, in equal parts. So every neuron keeps its
  /// in-degree from each type of cell and, as all columns fire alike, its mean input and rate. Long-range synapses are as
  /// strong as those they replace; their delay is 1.5 ms and 1 ms more for each column of distance, the same for all
  /// synapses between two columns. Nothing is recorded.
  public static func columns(
    count: Int,
    columnScale: Double = 1,
    longRange: Double = 0.05,
    seed: UInt64 = 55
  ) -> Circuit {
    precondition(count > 0, "at least one column is wanted")
    let column = microcircuit(scale: columnScale, seed: seed)
    let types = column.populations.count
    var circuit = Circuit(name: "columns", stepMilliseconds: column.stepMilliseconds, seed: seed)
    for c in 0..<count {
      for population in column.populations {
        var copy = population
        copy.name = "C\(c + 1)\(population.name)"
        copy.first = NeuronID(UInt32(c * column.neuronCount + population.neurons.lowerBound))
        circuit.populations.append(copy)
      }
      for case .poisson(let name, let rate, let targets, let weight, let delay) in column.stimuli {
        circuit.stimuli.append(
          .poisson(
            name: "\(name) in column \(c + 1)",
            rateHertz: rate,
            targets: targets.map { c * types + $0 },
            weight: weight,
            delayMilliseconds: delay
          )
        )
      }
      let neighbours = neighbours(of: c, count)
      for projection in column.projections {
        guard case .fixedTotalNumber(let total) = projection.rule else { continue }
        let isExcitatory = projection.source % 2 == 0
        let far = isExcitatory && !neighbours.isEmpty ? Int((Double(total) * longRange).rounded()) : 0
        var copy = projection
        copy.target = c * types + projection.target
        copy.source = c * types + projection.source
        copy.rule = .fixedTotalNumber(total - far)
        circuit.projections.append(copy)
        for (i, neighbour) in neighbours.enumerated() {
          let share = far * (i + 1) / neighbours.count - far * i / neighbours.count
          guard share > 0 else { continue }
          copy.source = neighbour.column * types + projection.source
          copy.rule = .fixedTotalNumber(share)
          copy.delay = Distribution(.constant(1.5 + Double(neighbour.distance)))
          circuit.projections.append(copy)
        }
      }
    }
    return circuit
  }

  /// The nearest other columns of a ring, up to two on either side.
  private static func neighbours(of column: Int, _ count: Int) -> [(column: Int, distance: Int)] {
    var found: [(column: Int, distance: Int)] = []
    for distance in 1...2 {
      for other in [column + distance, column - distance].map({ (($0 % count) + count) % count }) {
        if other != column, !found.contains(where: { $0.column == other }) { found.append((other, distance)) }
      }
    }
    return found
  }
}

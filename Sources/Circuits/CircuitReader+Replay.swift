internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads the spike lists of `replay` populations, once all populations and so all ids are known.
  ///
  /// Rows of neurons of other populations are left to those: one file may serve several populations.
  mutating func readReplayed(_ node: Node, _ load: (String) throws -> [UInt8]) throws(DocumentError) {
    let entries = try node.mapping()
    for (p, entry) in entries.enumerated() where models[p].name == NeuronModel.replay.name {
      guard case .mapping(let fields) = entry.value.content, let file = fields.first(where: { $0.key == "spikes" })
      else { continue }
      populations[p].replayed = try readSpikes(of: p, try table(file.value, "population \(entry.key): spikes", load))
    }
  }

  private func readSpikes(of p: Int, _ table: CSVTable) throws(DocumentError) -> [ReplayedSpike] {
    let columns = try CircuitColumns(table, plain: ["neuron_id"], quantities: ["time"])
    let (time, id) = (try columns.require("time"), try columns.require("neuron_id").index)
    var found: [(spike: ReplayedSpike, row: Int)] = []
    for row in table.rows {
      let neuron = try neuron(table, row, id)
      let milliseconds = try columns.value(row, time, unit: "ms", whose: "times")
      guard let steps = StepGrid.exact(milliseconds, stepMilliseconds: stepMilliseconds), steps >= 1,
        milliseconds <= CircuitLimits.timeMilliseconds
      else {
        throw table.error(
          row,
          "\(time.header): a spike at \(milliseconds) ms is not at the end of a step of \(stepMilliseconds) ms; "
            + "times are whole numbers of steps, at least one"
        )
      }
      guard populations[p].neurons.contains(neuron) else { continue }
      found.append((ReplayedSpike(step: Int64(steps - 1), neuron: NeuronID(UInt32(neuron))), row))
    }
    found.sort { ($0.spike.step, $0.spike.neuron, $0.row) < ($1.spike.step, $1.spike.neuron, $1.row) }
    for (a, b) in zip(found, found.dropFirst()) where a.spike == b.spike {
      throw table.error(
        b.row,
        "neuron \(b.spike.neuron.number) fires twice in one step; the same spike stands on line \(table.line(a.row)) already"
      )
    }
    return found.map(\.spike)
  }
}

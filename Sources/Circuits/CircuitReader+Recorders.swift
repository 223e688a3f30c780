internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads `record: [{spikes: […], file} or {state, ids, variables, every, file} or {weights | transmitted: A>B, file}]`.
  func readRecorders(_ node: Node?, of projections: [Projection]) throws(DocumentError) -> [Recorder] {
    guard let node else { return [] }
    let nodes = try reading("record") { () throws(DocumentError) in try node.sequence() }
    var recorders: [Recorder] = []
    var lineOfFile: [String: Int] = [:]
    for (i, node) in nodes.enumerated() {
      let (recorder, file) = try readRecorder(node, projections, "record \(i + 1)")
      let path = try readOutputPath(file, "record \(i + 1)")
      if let line = lineOfFile.updateValue(file.line, forKey: path) {
        throw file.error("record \(i + 1): file: '\(path)' is written by the recorder on line \(line) already")
      }
      recorders.append(recorder)
    }
    return recorders
  }

  private func readRecorder(
    _ node: Node,
    _ projections: [Projection],
    _ what: String
  ) throws(DocumentError) -> (Recorder, file: Node) {
    var fields = try MappingReader(node, what)
    let (spikes, state, fileNode) = (fields.take("spikes"), fields.take("state"), fields.take("file"))
    let (weights, transmitted) = (fields.take("weights"), fields.take("transmitted"))
    let (ids, variables, every) = (fields.take("ids"), fields.take("variables"), fields.take("every"))
    try fields.finish()
    guard let file = fileNode else {
      throw node.error("\(what): 'file' is missing; write for example 'file: spikes.csv'")
    }
    if state == nil, let node = ids ?? variables ?? every {
      throw node.error("\(what): 'ids', 'variables' and 'every' belong to a recorder of state")
    }
    switch (spikes, state, weights, transmitted) {
    case (let spikes?, nil, nil, nil):
      return (.spikes(populations: try populations(spikes, "\(what): spikes"), file: try file.string()), file)
    case (nil, nil, let pair?, nil):
      let found = try plasticProjections(pair, among: projections, "\(what): weights")
      return (.weights(projections: found, file: try file.string()), file)
    case (nil, nil, nil, let pair?):
      let found = try plasticProjections(pair, among: projections, "\(what): transmitted")
      return (.transmitted(projections: found, file: try file.string()), file)
    case (nil, let state?, nil, nil):
      let population = try population(state, "\(what): state")
      let recorder = Recorder.state(
        population: population,
        neurons: try readIDs(ids, of: population, at: state, what),
        variables: try readVariables(variables, of: population, at: state, what),
        everySteps: try readInterval(every, at: state, what),
        file: try file.string()
      )
      return (recorder, file)
    default: throw node.error("\(what): one of 'spikes', 'state', 'weights' and 'transmitted' is wanted")
    }
  }

  private func readIDs(
    _ node: Node?,
    of p: Int,
    at place: Node,
    _ what: String
  ) throws(DocumentError) -> [NeuronID] {
    let population = populations[p]
    guard let node else {
      guard population.size <= CircuitLimits.recordedNeurons else {
        throw place.error(
          "\(what): state: \(population.name) has more than \(CircuitLimits.recordedNeurons) neurons; choose some by 'ids'"
        )
      }
      return population.neurons.map { NeuronID(UInt32($0)) }
    }
    var neurons: [NeuronID] = []
    var seen: Set<Int> = []
    try reading("\(what): ids") { () throws(DocumentError) in
      for node in try node.sequence() {
        let number = try node.int()
        guard (population.neurons.lowerBound + 1...population.neurons.upperBound).contains(number) else {
          throw node.error(
            "neuron \(number) is not in population \(population.name), whose ids run from "
              + "\(population.neurons.lowerBound + 1) to \(population.neurons.upperBound)"
          )
        }
        guard seen.insert(number).inserted else { throw node.error("neuron \(number) stands here twice") }
        neurons.append(NeuronID(UInt32(number - 1)))
      }
    }
    guard !neurons.isEmpty else { throw node.error("\(what): ids: at least one neuron is wanted, found an empty list") }
    return neurons
  }

  private func readVariables(
    _ node: Node?,
    of p: Int,
    at place: Node,
    _ what: String
  ) throws(DocumentError) -> [String] {
    let known = models[p].state.map(\.name)
    guard let node else {
      throw place.error("\(what): 'variables' is missing; \(models[p].name) has: \(known.joined(separator: ", "))")
    }
    let nodes: [Node]
    if case .sequence(let list) = node.content { nodes = list } else { nodes = [node] }
    guard !nodes.isEmpty else { throw node.error("\(what): variables: at least one is wanted, found an empty list") }
    var variables: [String] = []
    for node in nodes {
      let name = try node.string()
      guard known.contains(name) else {
        let hint = Spelling.hint(for: name, among: known)
        throw node.error("\(what): \(models[p].name) has no variable '\(name)'\(hint)")
      }
      guard !variables.contains(name) else { throw node.error("\(what): the variable '\(name)' stands here twice") }
      variables.append(name)
    }
    return variables
  }

  private func readInterval(_ node: Node?, at place: Node, _ what: String) throws(DocumentError) -> Int {
    let interval = try node.map { node throws(DocumentError) in try time(node, "\(what): every") } ?? 1
    guard let steps = StepGrid.exact(interval, stepMilliseconds: stepMilliseconds), steps >= 1 else {
      throw (node ?? place).error(
        "\(what): every: \(interval) ms is not a whole number of steps of \(stepMilliseconds) ms, at least one"
      )
    }
    return steps
  }

  /// Checks the path of a written file: it stays inside the folder of the run.
  private func readOutputPath(_ node: Node, _ what: String) throws(DocumentError) -> String {
    let path = try node.string()
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(""), !parts.contains(".."), !parts.contains("."), !path.contains("\0") else {
      throw node.error("\(what): file: '\(path)' must name a file inside the folder of the run, such as 'spikes.csv'")
    }
    return path
  }
}

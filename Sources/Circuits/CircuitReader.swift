internal import Basics
internal import Documents

/// Runs a piece of reading and puts what is being read before the message of its error.
func reading<Value>(
  _ what: String,
  _ body: () throws(DocumentError) -> Value
) throws(DocumentError) -> Value {
  do {
    return try body()
  } catch {
    throw DocumentError(file: error.file, line: error.line, message: "\(what): \(error.message)")
  }
}

/// What is known of a circuit while its file is read; the sections are read by extensions, one file each.
struct CircuitReader {
  let values: QuantityReader
  let stepMilliseconds: Double
  var populations: [Population] = []
  /// The model of each population.
  var models: [NeuronModel] = []

  init(values: QuantityReader, stepMilliseconds: Double) {
    (self.values, self.stepMilliseconds) = (values, stepMilliseconds)
  }

  var neuronCount: Int { populations.last.map { Int($0.first.index) + $0.size } ?? 0 }

  /// The index of a population, named by a text.
  func population(_ node: Node, _ what: String) throws(DocumentError) -> Int {
    let name = try reading(what) { () throws(DocumentError) in try node.string() }
    guard let index = populations.firstIndex(where: { $0.name == name }) else {
      let hint = Spelling.hint(for: name, among: populations.map(\.name))
      throw node.error("\(what): there is no population '\(name)'\(hint)")
    }
    return index
  }

  /// The indices of one population or of a list of them, each once, in file order.
  func populations(_ node: Node, _ what: String) throws(DocumentError) -> [Int] {
    guard case .sequence(let nodes) = node.content else { return [try population(node, what)] }
    guard !nodes.isEmpty else { throw node.error("\(what): at least one population is wanted, found an empty list") }
    var indices: [Int] = []
    for node in nodes {
      let index = try population(node, what)
      guard !indices.contains(index) else {
        throw node.error("\(what): the population '\(populations[index].name)' stands here twice")
      }
      indices.append(index)
    }
    return indices
  }

  /// The population of a neuron by its zero-based index, found by bisection.
  func population(ofNeuron index: Int) -> Int {
    var (low, high) = (0, populations.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if populations[middle].neurons.lowerBound <= index { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Reads a delay, constant or drawn, and checks it against the step.
  func delay(_ node: Node?, at place: Node, _ what: String) throws(DocumentError) -> Distribution {
    let delay = try node.map { node throws(DocumentError) in
      try values.distribution(node, unit: "ms", "\(what): delay")
    }
    let result = delay ?? Distribution(.constant(1))
    let node = node ?? place
    if case .constant(let milliseconds) = result.shape {
      if let problem = delayProblem(milliseconds) { throw node.error("\(what): delay: \(problem)") }
      return result
    }
    // Draws are rounded to the nearest step, so half a step is the least that becomes one (as NEST's models write it).
    let range = Sampler(result).range
    guard range.lowerBound >= 0.5 * stepMilliseconds * (1 - 1e-6) else {
      throw node.error(
        "\(what): delay: a draw can be below the step of \(stepMilliseconds) ms; add 'at_least: \(stepMilliseconds) ms'"
      )
    }
    guard range.upperBound <= longestDelay else {
      throw node.error("\(what): delay: a draw can be longer than \(longestDelay) ms; add 'at_most' at or below that")
    }
    return result
  }

  private var longestDelay: Double { Double(Connections.longestDelaySteps) * stepMilliseconds }

  /// Says what is wrong with a delay in ms, or nothing.
  func delayProblem(_ milliseconds: Double) -> String? {
    // A delay that is the step up to rounding is the step.
    guard milliseconds >= stepMilliseconds * (1 - 1e-9) else {
      return "\(milliseconds) ms is below the step of \(stepMilliseconds) ms; the least delay is one step"
    }
    return milliseconds <= longestDelay
      ? nil : "\(milliseconds) ms is longer than \(Connections.longestDelaySteps) steps, \(longestDelay) ms"
  }

  /// Reads a weight onto a population, constant or drawn.
  func weight(_ node: Node?, onto target: Int, _ what: String) throws(DocumentError) -> Distribution {
    guard let node else { return Distribution(.constant(1)) }
    let unit = models[target].weightUnit
    let what = "\(what): weight onto \(populations[target].name) (\(models[target].name))"
    let weight = try values.distribution(node, unit: unit, what)
    let range = Sampler(weight).range
    guard max(abs(range.lowerBound), abs(range.upperBound)) <= CircuitLimits.weight else {
      throw node.error("\(what): weights lie between -\(CircuitLimits.weight) and \(CircuitLimits.weight) \(unit)")
    }
    return weight
  }

  /// Reads a weight that is one value: stimuli and lists draw none.
  func constantWeight(_ node: Node?, onto target: Int, _ what: String) throws(DocumentError) -> Double {
    guard let node else { return 1 }
    return try constant(try weight(node, onto: target, what), at: node, "\(what): weight")
  }

  /// Reads a delay that is one value.
  func constantDelay(_ node: Node?, at place: Node, _ what: String) throws(DocumentError) -> Double {
    try constant(try delay(node, at: place, what), at: node ?? place, "\(what): delay")
  }

  private func constant(_ distribution: Distribution, at node: Node, _ what: String) throws(DocumentError) -> Double {
    guard case .constant(let value) = distribution.shape else {
      throw node.error("\(what): one value is wanted here, not a distribution")
    }
    return value
  }

  /// Reads a switch, on where nothing is said.
  func isOn(_ node: Node?, _ what: String) throws(DocumentError) -> Bool {
    guard let node else { return true }
    return try reading(what) { () throws(DocumentError) in try node.bool() }
  }

  /// Reads a time in ms, at least 0.
  func time(_ node: Node, _ what: String) throws(DocumentError) -> Double {
    let time = try values.value(node, unit: "ms", what)
    guard (0...CircuitLimits.timeMilliseconds).contains(time) else {
      throw node.error(
        "\(what): \(time) ms is out of range; times lie between 0 and \(CircuitLimits.timeMilliseconds) ms"
      )
    }
    return time
  }

  /// Loads and reads the CSV file that a node names.
  func table(_ node: Node, _ what: String, _ load: (String) throws -> [UInt8]) throws(DocumentError) -> CSVTable {
    let name = try reading(what) { () throws(DocumentError) in try node.string() }
    let path = DocumentPath.resolve(name, besideFile: node.file)
    let bytes: [UInt8]
    do {
      bytes = try load(path)
    } catch {
      throw node.error("\(what): cannot read '\(path)': \(error)")
    }
    return try CSVTable(bytes, file: path)
  }
}

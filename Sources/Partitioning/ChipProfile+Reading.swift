public import Documents

internal import Basics

extension ChipProfile {
  /// Reads a profile from the YAML text of a file, such as the built-in ones.
  ///
  ///     chip: loihi1
  ///     cores_per_chip: 128
  ///     neurons_per_core: 1024
  ///     synapse_memory: 128Ki
  ///     fan_in: 4096
  ///     delay_steps: [0, 62]
  ///     arithmetic: integer
  ///     energy: {spike: 69.3 pJ, synapse: [24 pJ, 35.5 pJ]}
  ///
  /// - Throws: the first unknown key, wrong unit or value out of range, with its line.
  public static func read(bytes: [UInt8], file: String) throws(DocumentError) -> ChipProfile {
    let document = try YAML.parse(bytes, file: file)
    var fields = try MappingReader(document, "the chip profile")
    let (name, summary, cores) = (fields.take("chip"), fields.take("summary"), fields.take("cores_per_chip"))
    let (neurons, tiles) = (fields.take("neurons_per_core"), fields.take("several_tiles"))
    let (synapseMemory, stateMemory) = (fields.take("synapse_memory"), fields.take("state_memory"))
    let (synapseBits, weightBits) = (fields.take("synapse_bits"), fields.take("weight_bits"))
    let (fanIn, fanOut, delay) = (fields.take("fan_in"), fields.take("fan_out"), fields.take("delay_steps"))
    let (arithmetic, energy) = (fields.take("arithmetic"), fields.take("energy"))
    try fields.finish()
    guard let name else { throw document.error("the chip profile: 'chip' is missing; it gives the profile its name") }

    var profile = ChipProfile(name: try name.string(), summary: try summary?.string() ?? "")
    profile.coresPerChip = try cores.map { node throws(DocumentError) in try count(node, "cores_per_chip", 1...1 << 30)
    }
    profile.neuronsPerCore = try neurons.map { node throws(DocumentError) in
      try count(node, "neurons_per_core", 1...1 << 40)
    }
    profile.holdsSeveralTiles = try tiles?.bool() ?? false
    profile.synapseMemoryBytes = try synapseMemory.map { node throws(DocumentError) in
      try quantity(node, "synapse_memory", .bytes)
    }
    profile.stateMemoryBytes = try stateMemory.map { node throws(DocumentError) in
      try quantity(node, "state_memory", .bytes)
    }
    profile.synapseBits = try synapseBits.map { node throws(DocumentError) in
      Double(try count(node, "synapse_bits", 1...1024))
    }
    profile.weightBits = try weightBits.map { node throws(DocumentError) in try count(node, "weight_bits", 1...64) }
    profile.fanIn = try fanIn.map { node throws(DocumentError) in try count(node, "fan_in", 1...1 << 40) }
    profile.fanOut = try fanOut.map { node throws(DocumentError) in try count(node, "fan_out", 1...1 << 40) }
    profile.delaySteps = try delay.map { node throws(DocumentError) in try readDelays(node) }
    if let arithmetic { profile.arithmetic = try readArithmetic(arithmetic) }
    profile.energies = try energy.map { node throws(DocumentError) in try readEnergies(node) }
    return profile
  }

  private static func count(_ node: Node, _ what: String, _ range: ClosedRange<Int>) throws(DocumentError) -> Int {
    guard let value = try? node.int(), range.contains(value) else {
      throw node.error(
        "\(what): a whole number from \(range.lowerBound) to \(range.upperBound) is wanted, found \(node.kind)"
      )
    }
    return value
  }

  private static func quantity(
    _ node: Node,
    _ what: String,
    _ dimension: Dimension
  ) throws(DocumentError) -> Double {
    let text = try node.string()
    let value: Double
    do { value = try Quantity.parse(text, as: dimension) } catch { throw node.error("\(what): \(error.description)") }
    guard value >= 0 else { throw node.error("\(what): at least 0 is wanted, found \(node.kind)") }
    return value
  }

  private static func readDelays(_ node: Node) throws(DocumentError) -> ClosedRange<Int> {
    let nodes = try node.sequence()
    guard nodes.count == 2 else {
      throw node.error("delay_steps: [least, greatest] is wanted, found \(nodes.count) numbers")
    }
    let least = try count(nodes[0], "delay_steps", 0...1 << 30)
    let greatest = try count(nodes[1], "delay_steps", 0...1 << 30)
    guard least <= greatest else {
      throw node.error("delay_steps: [least, greatest] is wanted, and \(least) is above \(greatest)")
    }
    return least...greatest
  }

  private static func readArithmetic(_ node: Node) throws(DocumentError) -> Arithmetic {
    let word = try node.string()
    guard let arithmetic = Arithmetic(rawValue: word) else {
      let hint = Spelling.hint(for: word, among: Arithmetic.allCases.map(\.rawValue))
      throw node.error("arithmetic: found '\(word)'\(hint)")
    }
    return arithmetic
  }

  private static func readEnergies(_ node: Node) throws(DocumentError) -> Energies {
    var fields = try MappingReader(node, "energy")
    var energies = Energies()
    for (key, path) in [
      ("neuron_update", \Energies.neuronUpdate), ("neuron_access", \.neuronAccess), ("spike", \.spike),
      ("synapse", \.synapse), ("axon_out", \.axonOut), ("hop", \.hop),
    ] {
      if let value = fields.take(key) { energies[keyPath: path] = try readEnergy(value, "energy: \(key)") }
    }
    try fields.finish()
    return energies
  }

  private static func readEnergy(_ node: Node, _ what: String) throws(DocumentError) -> ClosedRange<Double> {
    guard case .sequence(let nodes) = node.content else {
      let value = try quantity(node, what, .energy)
      return value...value
    }
    guard nodes.count == 2 else { throw node.error("\(what): one energy or [least, greatest] is wanted") }
    let (least, greatest) = (try quantity(nodes[0], what, .energy), try quantity(nodes[1], what, .energy))
    guard least <= greatest else {
      throw node.error("\(what): [least, greatest] is wanted, and the first is above the second")
    }
    return least...greatest
  }
}

public import Documents

internal import Basics

/// Reads circuit files: YAML or JSON text that describes populations, projections, stimuli and recorders.
///
///     circuit: pair
///     populations: {A: {size: 1, model: iaf_psc_exp}, B: {size: 1, like: A}}
///     projections: [{from: A, to: B, rule: all_to_all, weight: 100 pA, delay: 1.5 ms}]
///
/// Every dimensional value names its unit, unless `units: nest` stands at the top: then a plain number is in NEST's
/// unit. What is left out has NEST's default: a step of 0.1 ms, the rule all_to_all, a weight of 1, a delay of 1 ms.
/// Whatever cannot be meant (an unknown key, a wrong unit, a population that is not there, a delay below the step)
/// is an error with its file and line, what was found and what would be right.
public enum CircuitFile {
  /// Reads a circuit from the bytes of a file; `load` gives the bytes of the CSV files that it names.
  ///
  /// Paths in the file are relative to its folder; `load` gets them with the folder of `file` put before them.
  /// - Throws: the first problem found, in the text or in a file that it names; what `load` throws is reported at the
  ///   line that names the path.
  /// - Complexity: linear in the size of the files; no list is made of what rules describe.
  public static func read(
    bytes: [UInt8],
    file: String,
    load: (_ path: String) throws -> [UInt8]
  ) throws(DocumentError) -> Circuit {
    try read(YAML.parse(bytes, file: file), load: load)
  }

  /// Reads a circuit from a parsed document.
  ///
  /// - Throws: the first problem found, in the document or in a file that it names.
  public static func read(
    _ document: Node,
    load: (_ path: String) throws -> [UInt8]
  ) throws(DocumentError) -> Circuit {
    var top = try MappingReader(document, "the circuit")
    let (name, units, step, seed) = (top.take("circuit"), top.take("units"), top.take("step"), top.take("seed"))
    let (populations, neurons) = (top.take("populations"), top.take("neurons"))
    let (stimuli, projections, record) = (top.take("stimuli"), top.take("projections"), top.take("record"))
    try top.finish()
    guard let name else {
      throw document.error("the circuit: 'circuit' is missing; write for example 'circuit: brunel'")
    }
    guard let populations else {
      throw document.error("the circuit: 'populations' is missing; a circuit has at least one population")
    }

    let values = QuantityReader(takesPlainNumbers: try readUnits(units))
    var reader = CircuitReader(values: values, stepMilliseconds: try readStep(step, values))
    try reader.readPopulations(populations)
    try reader.readReplayed(populations, load)
    if let neurons { try reader.readNeurons(neurons, load) }
    let readStimuli = try reader.readStimuli(stimuli, load)
    let readProjections = try reader.readProjections(projections, load)
    let readRecorders = try reader.readRecorders(record, of: readProjections)
    let circuit = Circuit(
      name: try name.string(),
      stepMilliseconds: reader.stepMilliseconds,
      seed: try readSeed(seed),
      populations: reader.populations,
      projections: readProjections,
      stimuli: readStimuli,
      recorders: readRecorders
    )
    guard circuit.expectedSynapses <= CircuitLimits.synapses else {
      throw (projections ?? document).error(
        "projections: \(circuit.expectedSynapses) synapses are expected, at most \(CircuitLimits.synapses) are possible"
      )
    }
    return circuit
  }

  private static func readUnits(_ node: Node?) throws(DocumentError) -> Bool {
    guard let node else { return false }
    guard try node.string() == "nest" else {
      throw node.error("units: found \(node.kind); 'nest' is the only word here, or leave the key out and write units")
    }
    return true
  }

  private static func readStep(_ node: Node?, _ values: QuantityReader) throws(DocumentError) -> Double {
    guard let node else { return CircuitLimits.defaultStepMilliseconds }
    let step = try values.value(node, unit: "ms", "step")
    guard CircuitLimits.stepMilliseconds.contains(step) else {
      throw node.error(
        "step: \(node.kind) is out of range; it lies between \(CircuitLimits.stepMilliseconds.lowerBound) and "
          + "\(CircuitLimits.stepMilliseconds.upperBound) ms"
      )
    }
    return step
  }

  private static func readSeed(_ node: Node?) throws(DocumentError) -> UInt64 {
    guard let node else { return 1 }
    guard case .scalar(let text, quoted: false) = node.content, let seed = UInt64(text) else {
      throw node.error("seed: a whole number from 0 to \(UInt64.max) is wanted, found \(node.kind)")
    }
    return seed
  }
}

/// What a circuit may be at most; beyond it a file is refused rather than a machine brought down.
public enum CircuitLimits {
  /// Length of a step where none is given, in ms (as NEST).
  public static let defaultStepMilliseconds = 0.1
  /// Lengths that a step may have, in ms.
  public static let stepMilliseconds = 0.001...1000.0
  /// Greatest number of neurons of a circuit.
  public static let neurons = 1_000_000_000
  /// Greatest expected number of synapses of a circuit.
  public static let synapses = 1e15
  /// Greatest magnitude of a weight, in the unit of the target model.
  public static let weight = 1e6
  /// Latest time of anything, in ms.
  public static let timeMilliseconds = 1e12
  /// Greatest mean number of Poisson spikes of one neuron in one step.
  public static let poissonPerStep = 1e6
  /// Greatest number of neurons whose state one recorder writes.
  public static let recordedNeurons = 1_000_000
}

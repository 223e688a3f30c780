public import Basics
public import Circuits
public import Wire

/// Gathers the records of a circuit's parts into files: one CSV per recorder, sorted by time, then neuron.
///
/// Parts may lie anywhere and be simulated again after a failure: the files hold each record once, because a
/// rollback cuts them back to the committed epoch first.
public final class RecordGatherer: GatherProgram {
  private let circuit: Circuit
  private let stamps: TimeStamps
  private let files: [(recorder: Int, file: OutputFile)]
  /// Digests of the outputs of the last boundaries, which a rerun has to reproduce.
  private var digests = DigestLog()
  /// Spikes per population since the start of the run.
  public private(set) var populationSpikes: [UInt64]
  /// Called after every boundary, for progress.
  public var onGathered: ((Epoch) -> Void)?

  /// Opens the files in a folder; a state recorder's columns carry the units of the model.
  public init(circuit: Circuit, folder: String?) throws {
    self.circuit = circuit
    stamps = TimeStamps(stepMilliseconds: circuit.stepMilliseconds)
    populationSpikes = Array(repeating: 0, count: circuit.populations.count)
    var opened: [(Int, OutputFile)] = []
    if let folder {
      for (i, recorder) in circuit.recorders.enumerated() {
        opened.append((i, try OutputFile(path: "\(folder)/\(recorder.fileName)")))
      }
    }
    files = opened
  }

  /// Appends the records of a boundary.
  public func gather(_ epoch: Epoch, _ outputs: [PartOutput]) throws {
    var digest = Digest64()
    for output in outputs { digest.combine(bytes: output.bytes) }
    guard digests.note(digest.value, at: epoch) else {
      throw DivergenceError(epoch: epoch, what: "the records of a rerun differ from the first run's")
    }
    var parts: [CircuitOutput] = []
    for output in outputs { parts.append(try CircuitOutput(decoding: output.bytes)) }
    for i in populationSpikes.indices { populationSpikes[i] = parts.reduce(0) { $0 + $1.populationSpikes[i] } }
    var (spikeRecorder, stateRecorder, weightRecorder) = (0, 0, 0)
    for (index, recorder) in circuit.recorders.enumerated() {
      let file = files.first { $0.recorder == index }?.file
      switch recorder {
      case .spikes:
        if let file {
          try file.append(SpikeLines(parts.map { $0.spikes[spikeRecorder] }) { stamps.milliseconds(steps: $0) }.bytes)
        }
        spikeRecorder += 1
      case .state:
        if let file { try write(parts.map { $0.states[stateRecorder] }, to: file) }
        stateRecorder += 1
      case .weights, .transmitted:
        if let file {
          try write(parts.map { $0.weights[weightRecorder] }, withTime: !recorder.isOfFinalWeights, to: file)
        }
        weightRecorder += 1
      }
    }
    onGathered?(epoch)
  }

  private func write(_ lists: [[CircuitOutput.State]], to file: OutputFile) throws {
    for row in lists.joined().sorted(by: { ($0.step, $0.neuron) < ($1.step, $1.neuron) }) {
      var line = "\(stamps.milliseconds(steps: row.step)),\(row.neuron + 1)"
      for value in row.values { line += ",\(value)" }
      try file.append(line + "\n")
    }
  }

  private func write(_ lists: [[CircuitOutput.Weight]], withTime: Bool, to file: OutputFile) throws {
    // Synapses that join the same pair lie in one part and keep their order.
    let rows = lists.joined().enumerated().sorted { a, b in
      (a.element.step, a.element.source, a.element.target, a.offset)
        < (b.element.step, b.element.source, b.element.target, b.offset)
    }
    for (_, row) in rows {
      let time = withTime ? "\(stamps.milliseconds(steps: row.step))," : ""
      try file.append("\(time)\(row.source + 1),\(row.target + 1),\(row.weight)\n")
    }
  }

  /// The length of every file, and the counts.
  public func snapshot(at epoch: Epoch) throws -> [UInt8] {
    var w = ByteWriter()
    for (_, file) in files {
      try file.flush()
      w.write(UInt64(file.count))
    }
    w.writeArray(populationSpikes)
    return w.bytes
  }

  /// Cuts the files back to a boundary; at the start of a run they get their header.
  public func restore(_ epoch: Epoch, _ bytes: [UInt8]?) throws {
    guard let bytes else {
      for (index, file) in files {
        try file.truncate(to: 0)
        try file.append(circuit.header(ofRecorder: index) + "\n")
      }
      populationSpikes = populationSpikes.map { _ in 0 }
      return
    }
    var r = ByteReader(bytes, reading: "record positions")
    for (_, file) in files {
      let length: UInt64 = try r.read()
      guard length <= UInt64(file.count) else {
        throw r.error("a record file is shorter than the checkpoint says; it was changed from outside")
      }
      try file.truncate(to: Int(length))
    }
    populationSpikes = try r.readArray()
  }

  /// Hands everything to the system.
  public func flush() throws { for (_, file) in files { try file.flush() } }
}

extension Recorder {
  /// The file it writes.
  var fileName: String {
    switch self {
    case .spikes(_, let file), .state(_, _, _, _, let file), .weights(_, let file), .transmitted(_, let file): file
    }
  }

  /// Whether it writes the weights of the end, which have no time.
  fileprivate var isOfFinalWeights: Bool { if case .weights = self { true } else { false } }
}

extension Circuit {
  /// The header line of a recorder's file.
  fileprivate func header(ofRecorder index: Int) -> String {
    switch recorders[index] {
    case .spikes: return "time_ms,neuron_id"
    case .weights: return "source_id,target_id,weight"
    case .transmitted: return "time_ms,source_id,target_id,weight"
    case .state(let population, _, let variables, _, _):
      let state = NeuronModelCatalog.named(populations[population].model)?.state ?? []
      return "time_ms,neuron_id"
        + variables.map { name in
          let unit = state.first { $0.name == name }?.unit ?? ""
          return unit.isEmpty ? ",\(name)" : ",\(name)_\(unit)"
        }.joined()
    }
  }
}

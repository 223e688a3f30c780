internal import Basics
public import Wire

/// What one part of a circuit has to say after an epoch: the records of its neurons since the output before.
public struct CircuitOutput: Equatable, Sendable {
  /// Values of a neuron's variables.
  public struct State: Equatable, Sendable {
    /// Steps done at the stamp.
    public var step: Int64
    /// Circuit index.
    public var neuron: UInt32
    /// One value per recorded variable.
    public var values: [Double]
  }
  /// A weight of a plastic synapse: one that it transmitted, or (step 0) the one it had in the end.
  public struct Weight: Equatable, Sendable {
    /// Steps done at the stamp of the spike.
    public var step: Int64
    /// Circuit index of the source.
    public var source: UInt32
    /// Circuit index of the target.
    public var target: UInt32
    /// The weight.
    public var weight: Double
  }

  /// Spikes per spike recorder.
  public var spikes: [SpikeRecord]
  /// Rows per state recorder, in order of step, then neuron.
  public var states: [[State]]
  /// Rows per recorder of weights or of transmitted weights, in order of step, source, target.
  public var weights: [[Weight]]
  /// Spikes per population since the start of the run.
  public var populationSpikes: [UInt64]

  /// Makes an output without records.
  public init(spikeRecorders: Int, stateRecorders: Int, weightRecorders: Int, populations: Int) {
    spikes = Array(repeating: SpikeRecord(), count: spikeRecorders)
    states = Array(repeating: [], count: stateRecorders)
    weights = Array(repeating: [], count: weightRecorders)
    populationSpikes = Array(repeating: 0, count: populations)
  }

  /// Returns the output as bytes.
  public func encoded() -> [UInt8] {
    var w = ByteWriter(reserving: 64 + spikes.reduce(0) { $0 + $1.neurons.count * 4 + $1.steps.count * 12 })
    w.writeVarint(UInt64(spikes.count))
    for record in spikes { record.write(to: &w) }
    w.writeVarint(UInt64(states.count))
    for list in states {
      w.writeVarint(UInt64(list.count))
      for row in list {
        w.write(row.step)
        w.write(row.neuron)
        w.writeArray(row.values)
      }
    }
    w.writeVarint(UInt64(weights.count))
    for list in weights {
      w.writeArray(list.map(\.step))
      w.writeArray(list.map(\.source))
      w.writeArray(list.map(\.target))
      w.writeArray(list.map(\.weight))
    }
    w.writeArray(populationSpikes)
    return w.bytes
  }

  /// Reads an output from bytes.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "circuit output")
    spikes = []
    for _ in 0..<(try r.readCount(elementBytes: 3)) { spikes.append(try SpikeRecord(from: &r)) }
    states = []
    for _ in 0..<(try r.readCount(elementBytes: 1)) {
      var list: [State] = []
      for _ in 0..<(try r.readCount(elementBytes: 13)) {
        let step: Int64 = try r.read()
        let neuron: UInt32 = try r.read()
        list.append(State(step: step, neuron: neuron, values: try r.readArray()))
      }
      states.append(list)
    }
    weights = []
    for _ in 0..<(try r.readCount(elementBytes: 4)) {
      let (steps, sources): ([Int64], [UInt32]) = (try r.readArray(), try r.readArray())
      let (targets, values): ([UInt32], [Double]) = (try r.readArray(), try r.readArray())
      guard steps.count == sources.count, steps.count == targets.count, steps.count == values.count else {
        throw r.error("the columns of weights differ in length")
      }
      weights.append(
        steps.indices.map { Weight(step: steps[$0], source: sources[$0], target: targets[$0], weight: values[$0]) }
      )
    }
    populationSpikes = try r.readArray()
    try r.finish()
  }
}

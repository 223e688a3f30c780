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

  /// Spikes per spike recorder.
  public var spikes: [SpikeRecord]
  /// Rows per state recorder, in order of step, then neuron.
  public var states: [[State]]
  /// Spikes per population since the start of the run.
  public var populationSpikes: [UInt64]

  /// Makes an output without records.
  public init(spikeRecorders: Int, stateRecorders: Int, populations: Int) {
    spikes = Array(repeating: SpikeRecord(), count: spikeRecorders)
    states = Array(repeating: [], count: stateRecorders)
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
    populationSpikes = try r.readArray()
    try r.finish()
  }
}

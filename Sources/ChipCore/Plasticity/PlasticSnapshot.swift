internal import Wire

/// The state of the plastic synapses of a tile, by circuit index, so that it fits any layout.
///
/// A target's synapses stand in the order of their sources, then delays, then as the rule drew them. Weights and traces of
/// single precision are doubles here, which hold them exactly.
public struct PlasticSnapshot: Equatable, Sendable {
  /// The state of a projection.
  public struct State: Equatable, Sendable {
    /// Index of the projection.
    public var projection: Int
    /// Sources that have fired and have synapses here, the steps of their last spikes, and their traces right after.
    public var sources: [UInt32] = []
    /// Steps of their last spikes.
    public var lastSpikes: [Int64] = []
    /// Their traces right after these.
    public var sourceTraces: [Double] = []
    /// Own targets, the number of their synapses, and all weights.
    public var targets: [UInt32] = []
    /// The number of synapses of each.
    public var synapses: [UInt32] = []
    /// All weights, without the sign that all weights of a projection share.
    public var weights: [Double] = []
    /// How many spikes of each own target are forgotten.
    public var firstSpikes: [UInt64] = []
    /// The number of spikes of each own target that synapses may still ask for, their steps, and the traces after them.
    public var spikes: [UInt32] = []
    /// Steps of these spikes.
    public var spikeSteps: [Int64] = []
    /// Traces of the targets right after them.
    public var spikeTraces: [Double] = []

    init(projection: Int) { self.projection = projection }

    /// Says what cannot be the state of synapses before a step, or nothing.
    func problem(at now: Int64, greatestWeight: Double) -> String? {
      let times = 0..<max(0, now)
      guard lastSpikes.allSatisfy(times.contains), spikeSteps.allSatisfy(times.contains) else {
        return "it holds spikes of plastic synapses that are not before step \(now)"
      }
      guard (sourceTraces + spikeTraces).allSatisfy({ $0 >= 0 && $0.isFinite }),
        weights.allSatisfy({ $0 >= 0 && $0 <= greatestWeight }), firstSpikes.allSatisfy({ $0 < 1 << 48 })
      else { return "it holds weights or traces of plastic synapses that no rule gives" }
      var start = 0
      for count in spikes {
        let own = spikeSteps[start..<start + Int(count)]
        if zip(own, own.dropFirst()).contains(where: { $0 >= $1 }) { return "spikes of a neuron are not in order" }
        start += Int(count)
      }
      return nil
    }
  }
  /// What is on its way to a neuron: a sum in fixed point for a row, due in a step.
  public struct Pending: Equatable, Sendable {
    /// The step in which it is due.
    public var step: Int64
    /// The target.
    public var neuron: UInt32
    /// Row of sums: 1 for negative weights of neurons with two rows.
    public var row: UInt8
    /// The sum in fixed point.
    public var sum: Int64
  }
  /// The states of plastic projections, ascending.
  public var states: [State] = []
  /// What is on its way, ascending by step.
  public var pending: [Pending] = []

  init() {}

  /// Reads what `write(to:)` wrote.
  ///
  /// - Throws: `WireError` for malformed bytes.
  init(from reader: inout ByteReader) throws(WireError) {
    for _ in 0..<(try reader.readCount(elementBytes: 10)) {
      let number = try reader.readVarint()
      guard number <= UInt64(Int32.max) else { throw reader.error("there is no projection \(number)") }
      var state = State(projection: Int(number))
      state.sources = try reader.readArray()
      state.lastSpikes = try reader.readArray()
      state.sourceTraces = try reader.readArray()
      state.targets = try reader.readArray()
      state.synapses = try reader.readArray()
      state.weights = try reader.readArray()
      state.firstSpikes = try reader.readArray()
      state.spikes = try reader.readArray()
      state.spikeSteps = try reader.readArray()
      state.spikeTraces = try reader.readArray()
      guard state.sources.count == state.lastSpikes.count, state.sources.count == state.sourceTraces.count,
        state.targets.count == state.synapses.count, state.targets.count == state.spikes.count,
        state.targets.count == state.firstSpikes.count,
        state.synapses.reduce(0, { $0 + Int($1) }) == state.weights.count,
        state.spikes.reduce(0, { $0 + Int($1) }) == state.spikeSteps.count,
        state.spikeSteps.count == state.spikeTraces.count
      else { throw reader.error("the columns of plastic synapses differ in length") }
      states.append(state)
    }
    let (steps, neurons): ([Int64], [UInt32]) = (try reader.readArray(), try reader.readArray())
    let (rows, sums): ([UInt8], [Int64]) = (try reader.readArray(), try reader.readArray())
    guard steps.count == neurons.count, steps.count == rows.count, steps.count == sums.count else {
      throw reader.error("the columns of pending sums differ in length")
    }
    for i in steps.indices {
      pending.append(Pending(step: steps[i], neuron: neurons[i], row: rows[i], sum: sums[i]))
    }
  }

  /// Appends the state as columns: 8 bytes a weight.
  func write(to writer: inout ByteWriter) {
    writer.writeVarint(UInt64(states.count))
    for state in states {
      writer.writeVarint(UInt64(state.projection))
      writer.writeArray(state.sources)
      writer.writeArray(state.lastSpikes)
      writer.writeArray(state.sourceTraces)
      writer.writeArray(state.targets)
      writer.writeArray(state.synapses)
      writer.writeArray(state.weights)
      writer.writeArray(state.firstSpikes)
      writer.writeArray(state.spikes)
      writer.writeArray(state.spikeSteps)
      writer.writeArray(state.spikeTraces)
    }
    writer.writeArray(pending.map(\.step))
    writer.writeArray(pending.map(\.neuron))
    writer.writeArray(pending.map(\.row))
    writer.writeArray(pending.map(\.sum))
  }
}

public import Basics
internal import Circuits

/// State variables of a tile's own neurons, as a recorder of the circuit asked for.
public struct StateRecords: Equatable, Sendable {
  /// Index of the recorder in `Circuit.recorders`.
  public var recorder: Int
  /// The own neurons, ascending.
  public var neurons: [NeuronID]
  /// Names of the variables.
  public var variables: [String]
  /// Times of the samples in steps: n is the end of step n - 1, as NEST stamps it.
  public var times: [Int64]
  /// Values by time, within it by neuron, within it by variable, in the units of the model's description.
  public var values: [Double]
}

/// Gathers state while steps run.
struct RecordBuffers {
  private struct Source {
    let slice: Int
    let local: Int
  }
  private var buffers: [StateRecords] = []
  private var sources: [[Source]] = []
  private var intervals: [Int64] = []

  /// Finds the own neurons of each recorder of state; a recorder without a list of neurons means the whole population.
  init(_ plan: TilePlan) {
    for (index, recorder) in plan.circuit.recorders.enumerated() {
      guard case .state(let population, let neurons, let variables, let everySteps, _) = recorder else { continue }
      let all = neurons.isEmpty ? plan.circuit.populations[population].neurons.map { NeuronID(UInt32($0)) } : neurons
      var found: [(NeuronID, Source)] = []
      for neuron in all.sorted() {
        if let (slice, local) = plan.place(of: Int(neuron.index)) {
          found.append((neuron, Source(slice: slice, local: local)))
        }
      }
      if found.isEmpty { continue }
      buffers.append(
        StateRecords(recorder: index, neurons: found.map(\.0), variables: variables, times: [], values: [])
      )
      sources.append(found.map(\.1))
      intervals.append(Int64(everySteps))
    }
  }

  /// Samples what is due at a time in steps.
  mutating func sample(_ time: Int64, _ groups: [(any NeuronGroup)?], _ plan: TilePlan) {
    for index in buffers.indices where time % intervals[index] == 0 {
      buffers[index].times.append(time)
      for source in sources[index] {
        guard let group = groups[plan.slices[source.slice].model] else { continue }
        for variable in buffers[index].variables {
          buffers[index].values.append(group.value(variable, of: source.local, in: source.slice))
        }
      }
    }
  }

  /// Hands over what was gathered and starts anew.
  mutating func take() -> [StateRecords] {
    defer { clear() }
    return buffers
  }

  /// Forgets what was gathered.
  mutating func clear() {
    for index in buffers.indices {
      buffers[index].times = []
      buffers[index].values = []
    }
  }
}

extension Tile {
  /// Hands over the state gathered since the last call, one entry for each recorder of state with own neurons.
  public func takeRecords() -> [StateRecords] { records.take() }

  /// Hands over what plastic synapses transmitted since the last call, by recorder of the circuit, in order of reception.
  public func takeTransmitted() -> [Int: [TransmittedWeight]] { plasticity?.takeTransmitted() ?? [:] }

  /// The weights of the synapses of a plastic projection that end here, each as of its source's last spike, sorted by
  /// source, then target.
  public func weights(ofProjection projection: Int) -> [PlasticWeight] {
    plasticity?.weights(ofProjection: projection, at: now.index) ?? []
  }

  /// Returns a state variable of an own neuron in the unit of the model's description, or nil for other neurons and names.
  public func value(_ variable: String, of neuron: NeuronID) -> Double? {
    guard let (slice, local) = plan.place(of: Int(neuron.index)), let group = groups[plan.slices[slice].model],
      plan.entry(slice).model.state.contains(where: { $0.name == variable })
    else { return nil }
    return group.value(variable, of: local, in: slice)
  }
}

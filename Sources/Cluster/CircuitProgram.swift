internal import Basics
internal import ChipCore
public import Circuits
internal import Documents
internal import Wire

extension CircuitJob {
  /// Reads the circuit that the job describes.
  public func circuit() throws -> Circuit {
    var circuit: Circuit
    switch source {
    case .file(let name, let bytes, let files):
      circuit = try CircuitFile.read(bytes: bytes, file: name) { path in
        guard let found = files[path] else {
          throw DocumentError(file: path, line: 0, message: "the file did not travel with the circuit")
        }
        return found
      }
    case .library(let name, let scale):
      guard let found = CircuitLibrary.named(name, scale: scale) else {
        let known = CircuitLibrary.names.joined(separator: ", ")
        throw DocumentError(file: name, line: 0, message: "no such circuit; known are: \(known)")
      }
      circuit = found
    }
    if let seed { circuit.seed = seed }
    return circuit
  }
}

/// Simulates parts of a circuit on one core.
final class CircuitProgram: CoreProgram {
  private struct Part {
    let id: PartID
    let tile: Tile
    var output: CircuitOutput
  }

  private let job: CircuitJob
  private var circuit = Circuit(name: "")
  private var parts: [Part] = []
  private var epochSteps: Int64 = 1
  /// For each core, whether it needs the spikes of each population, and the number of those who need the same.
  private var needs: [CoreID: (populations: [Bool], audience: Int)] = [:]
  private var populationOfNeuron: [UInt16] = []
  /// For each spike recorder, whether it lists each population; nil where it lists all.
  private var recordedPopulations: [[Bool]?] = []
  /// Spikes of several parts, and of the populations that somebody needs; memory that is reused from epoch to epoch.
  private var merged = SpikeBatch(steps: 0)
  private var filtered = SpikeBatch(steps: 0)

  /// The epoch whose own spikes are queued already.
  private var prepared: Epoch?

  init(job: CircuitJob) { self.job = job }

  func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) throws {
    let held = Dictionary(uniqueKeysWithValues: parts.filter { kept.contains($0.id) }.map { ($0.id, $0) })
    if held.isEmpty { circuit = try job.circuit() }
    epochSteps = Int64(circuit.epochSteps())
    (parts, prepared) = ([], nil)
    for id in assignment.ownParts {
      if let part = held[id] {
        parts.append(part)
        continue
      }
      let tile = try Tile(circuit: circuit, layout: job.layouts[Int(id.index)], precision: job.precision)
      var output = emptyOutput
      if assignment.checkpoint != nil {
        let state = try CircuitPartState(decoding: blobs[id] ?? [], of: id)
        output.populationSpikes = state.populationSpikes
        try tile.restore(from: [state.tile])
      }
      parts.append(Part(id: id, tile: tile, output: output))
    }
    needs = [:]
    var audiences: [[Bool]] = []
    for peer in assignment.peers {
      let needed = job.targetParts.map { targets in
        targets.contains { assignment.coreOfPart[Int($0.index)] == peer.core }
      }
      if !audiences.contains(needed) { audiences.append(needed) }
      needs[peer.core] = (needed, audiences.firstIndex(of: needed) ?? 0)
    }
    populationOfNeuron = circuit.populations.enumerated().flatMap { i, p in Array(repeating: UInt16(i), count: p.size) }
    recordedPopulations = circuit.spikeRecorders.map { listed in
      let isListed = circuit.populations.indices.map { listed.contains($0) }
      return isListed.contains(false) ? isListed : nil
    }
  }

  private var emptyOutput: CircuitOutput {
    CircuitOutput(
      spikeRecorders: circuit.spikeRecorders.count,
      stateRecorders: circuit.stateRecorders.count,
      weightRecorders: circuit.weightRecorders.count,
      populations: circuit.populations.count
    )
  }

  func accept(ordinal: Int64, _ bytes: [UInt8]) {}

  func compute(_ epoch: Epoch) {
    let start = epoch.index * epochSteps
    let count = Int(min(epochSteps, job.steps - start))
    for part in parts { part.tile.advance(from: Step(start), count: count) }
    if parts.count != 1 { merge(steps: count) }
    for i in parts.indices { record(&parts[i], start) }
  }

  /// The spikes of all own parts; not kept, so that the parts can write into the same memory in the next epoch.
  private var fired: SpikeBatch { parts.count == 1 ? parts[0].tile.fired : merged }

  /// Puts the spikes of several parts into one batch, ascending within each step.
  private func merge(steps: Int) {
    merged.neurons.removeAll(keepingCapacity: true)
    merged.stepEnds.removeAll(keepingCapacity: true)
    for offset in 0..<steps {
      let start = merged.neurons.count
      for part in parts { merged.neurons.append(contentsOf: part.tile.fired.spikes(at: offset)) }
      if merged.neurons.count > start + 1 { merged.neurons[start...].sort() }
      merged.stepEnds.append(merged.neurons.count)
    }
  }

  /// Adds what the epoch's neurons did to the part's output.
  private func record(_ part: inout Part, _ start: Int64) {
    let batch = part.tile.fired
    if batch.neurons.isEmpty { return }
    unsafe part.output.populationSpikes.withUnsafeMutableBufferPointer { counts in
      for neuron in batch.neurons { unsafe counts[Int(populationOfNeuron[Int(neuron)])] += 1 }
    }
    for (recorder, listed) in recordedPopulations.enumerated() {
      if let listed {
        let populationOf = populationOfNeuron
        part.output.spikes[recorder].append(batch, from: start + 1) { listed[Int(populationOf[Int($0)])] }
      } else {
        part.output.spikes[recorder].append(batch, from: start + 1)
      }
    }
  }

  func audience(of core: CoreID) -> Int { needs[core]?.audience ?? 0 }

  func outgoing(to core: CoreID) -> SpikeBatch {
    guard let needed = needs[core]?.populations, needed.contains(false) else { return fired }
    let all = fired
    filtered.neurons.removeAll(keepingCapacity: true)
    filtered.stepEnds.removeAll(keepingCapacity: true)
    for offset in all.stepEnds.indices {
      for neuron in all.spikes(at: offset) where needed[Int(populationOfNeuron[Int(neuron)])] {
        filtered.neurons.append(neuron)
      }
      filtered.stepEnds.append(filtered.neurons.count)
    }
    return filtered
  }

  func prepareNext(after epoch: Epoch) {
    receiveOwn(epoch)
    for part in parts { part.tile.prepare() }
  }

  /// Queues the own spikes of an epoch once.
  private func receiveOwn(_ epoch: Epoch) {
    guard prepared != epoch else { return }
    let own = fired
    for part in parts { part.tile.receive(own, from: Step(epoch.index * epochSteps)) }
    prepared = epoch
  }

  func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) throws {
    let start = Step(epoch.index * epochSteps)
    receiveOwn(epoch)
    for part in parts {
      for batch in foreign where !batch.neurons.isEmpty { part.tile.receive(batch, from: start) }
    }
  }

  func output(at epoch: Epoch) throws -> [PartOutput] {
    parts.indices.map { i in
      takeStates(&parts[i])
      takeWeights(&parts[i])
      let bytes = parts[i].output.encoded()
      let spikes = parts[i].output.populationSpikes
      parts[i].output = emptyOutput
      parts[i].output.populationSpikes = spikes
      return PartOutput(part: parts[i].id, bytes: bytes)
    }
  }

  private func takeStates(_ part: inout Part) {
    for records in part.tile.takeRecords() {
      guard let list = circuit.stateRecorders.firstIndex(of: records.recorder) else { continue }
      let width = records.variables.count
      var next = 0
      for time in records.times {
        for neuron in records.neurons {
          let values = Array(records.values[next..<next + width])
          part.output.states[list].append(.init(step: time, neuron: neuron.index, values: values))
          next += width
        }
      }
    }
  }

  /// Takes what plastic synapses transmitted and, at the end of the run, their weights.
  private func takeWeights(_ part: inout Part) {
    let transmitted = part.tile.takeTransmitted()
    let isOver = part.tile.now.index >= job.steps
    for (list, recorder) in circuit.weightRecorders.enumerated() {
      switch circuit.recorders[recorder] {
      case .transmitted:
        part.output.weights[list] += (transmitted[recorder] ?? []).map {
          .init(step: $0.step, source: $0.source, target: $0.target, weight: $0.weight)
        }
      case .weights(let projections, _) where isOver:
        for projection in projections {
          part.output.weights[list] += part.tile.weights(ofProjection: projection).map {
            .init(step: 0, source: $0.source, target: $0.target, weight: $0.weight)
          }
        }
      default: continue
      }
    }
  }

  func snapshot(at epoch: Epoch) throws -> [PartSnapshot] {
    parts.map { part in
      let state = CircuitPartState(circuit, populationSpikes: part.output.populationSpikes, tile: part.tile.snapshot)
      return PartSnapshot { [id = part.id] in PartOutput(part: id, bytes: state.encoded()) }
    }
  }

  func count(into statistics: inout CoreStatistics) {
    let tiles = parts.map(\.tile.statistics)
    statistics.neurons = UInt64(tiles.reduce(0) { $0 + $1.neurons })
    statistics.synapses = UInt64(tiles.reduce(0) { $0 + $1.synapses })
    statistics.spikes = UInt64(tiles.reduce(0) { $0 + $1.spikes })
    statistics.events = UInt64(tiles.reduce(0) { $0 + $1.synapticEvents })
  }
}

extension Circuit {
  /// The populations of each spike recorder.
  var spikeRecorders: [[Int]] {
    recorders.compactMap { recorder in
      if case .spikes(let populations, _) = recorder { return populations }
      return nil
    }
  }

  /// The recorders of state.
  var stateRecorders: [Int] {
    recorders.indices.filter { if case .state = recorders[$0] { true } else { false } }
  }

  /// The recorders of weights and of transmitted weights.
  var weightRecorders: [Int] {
    recorders.indices.filter {
      switch recorders[$0] {
      case .weights, .transmitted: true
      case .spikes, .state: false
      }
    }
  }
}

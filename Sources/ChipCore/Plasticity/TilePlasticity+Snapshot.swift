internal import Basics
internal import Circuits

extension TilePlasticity {
  func states(at now: Int64) -> PlasticSnapshot {
    settle(at: now)
    var snapshot = PlasticSnapshot()
    for part in parts {
      let table = part.table
      var state = PlasticSnapshot.State(projection: table.projection)
      for row in 0..<table.sources.count
      where table.lastSpike[row] >= 0 && table.firstSegment[row] < table.firstSegment[row + 1] {
        state.sources.append(table.sources.lowerBound + UInt32(row))
        state.lastSpikes.append(table.lastSpike[row])
        state.sourceTraces.append(Double(table.trace[row]))
      }
      var weights = [[Double]](repeating: [], count: plan.width)
      table.forEachSynapse { _, cell in weights[Int(table.targets[cell])].append(Double(table.weights[cell])) }
      let target = plan.circuit.projections[table.projection].target
      for slice in plan.slices where slice.slice.population == target {
        for place in slice.start..<slice.start + slice.slice.count {
          state.targets.append(neuronOfPlace[place])
          state.synapses.append(UInt32(weights[place].count))
          state.weights += weights[place]
          state.firstSpikes.append(UInt64(part.history.firsts[place]))
          state.spikes.append(UInt32(part.history.steps[place].count))
          state.spikeSteps += part.history.steps[place]
          state.spikeTraces += part.history.traces[place].map { Double($0) }
        }
      }
      snapshot.states.append(state)
    }
    for step in now...now + pending.mask where pending.isDue(step) {
      for cell in 0..<pending.cells {
        let sum = pending.ring[Int(step & pending.mask) * pending.cells + cell]
        let (row, place) = (cell / rows.stride, cell % rows.stride)
        guard sum != 0, place < plan.width else { continue }
        snapshot.pending.append(
          .init(step: step, neuron: neuronOfPlace[place], row: UInt8(row), sum: Int64(sum))
        )
      }
    }
    return snapshot
  }

  func problem(with snapshots: [PlasticSnapshot], at now: Int64) -> String? {
    for part in parts {
      var wanted: [UInt32: UInt32] = [:]
      let target = plan.circuit.projections[part.table.projection].target
      for slice in plan.slices where slice.slice.population == target {
        for place in slice.start..<slice.start + slice.slice.count { wanted[neuronOfPlace[place]] = 0 }
      }
      for cell in 0..<part.table.count { wanted[neuronOfPlace[Int(part.table.targets[cell])], default: 0] += 1 }
      for snapshot in snapshots {
        for state in snapshot.states where state.projection == part.table.projection {
          if let problem = state.problem(at: now, greatestWeight: Double(part.rule.greatest)) { return problem }
          for (neuron, count) in zip(state.targets, state.synapses) {
            guard let own = wanted.removeValue(forKey: neuron) else { continue }
            if own != count { return "neuron \(neuron + 1) has \(count) plastic synapses there and \(own) here" }
          }
        }
      }
      if let neuron = wanted.keys.min() { return "it lacks the plastic synapses of neuron \(neuron + 1)" }
    }
    return nil
  }

  func restore(_ snapshots: [PlasticSnapshot], at now: Int64) {
    restart()
    pending.clear()
    for i in parts.indices {
      let table = parts[i].table
      for row in 0..<table.sources.count {
        (table.lastSpike[row], table.isSettled[row]) = (-1, false)
        table.trace[row] = 0
      }
      var weights = [[Double]](repeating: [], count: plan.width)
      for state in snapshots.flatMap(\.states) where state.projection == table.projection {
        for (k, source) in state.sources.enumerated() where table.sources.contains(source) {
          let row = Int(source - table.sources.lowerBound)
          (table.lastSpike[row], table.trace[row]) = (state.lastSpikes[k], Real(state.sourceTraces[k]))
          // A snapshot is taken of settled sources.
          table.isSettled[row] = parts[i].times.due(after: state.lastSpikes[k]) <= now
        }
        var (weight, spike) = (0, 0)
        for (k, target) in state.targets.enumerated() {
          let (toWeight, toSpike) = (weight + Int(state.synapses[k]), spike + Int(state.spikes[k]))
          if let (_, local) = plan.place(of: Int(target)) {
            weights[local] = Array(state.weights[weight..<toWeight])
            parts[i].history.set(
              Array(state.spikeSteps[spike..<toSpike]),
              state.spikeTraces[spike..<toSpike].map { Real($0) },
              first: Int(state.firstSpikes[k]),
              at: local
            )
          }
          (weight, spike) = (toWeight, toSpike)
        }
      }
      var next = [Int](repeating: 0, count: plan.width)
      table.forEachSynapse { _, cell in
        let target = Int(table.targets[cell])
        table.weights[cell] = Real(weights[target][next[target]])
        next[target] += 1
      }
      if let history = parts[i].history as? PostHistory<Float> { parts[i].recent?.rewrite(0, history) }
    }
    for entry in snapshots.flatMap(\.pending) where entry.step >= now && entry.step <= now + pending.mask {
      guard let (_, local) = plan.place(of: Int(entry.neuron)) else { continue }
      let cell = Int(entry.row) * rows.stride + local
      guard cell < pending.cells else { continue }
      unsafe pending.row(entry.step)[cell] = Store.Sum(truncatingIfNeeded: entry.sum)
    }
  }
}

internal import Basics
internal import Circuits
public import Wire

extension Tile {
  /// The state between two epochs, after every spike so far was received.
  public var snapshot: TileSnapshot {
    let slices = plan.slices.map { place -> TileSnapshot.SliceState in
      guard let group = groups[place.model] else { return .init(slice: place.slice, columns: []) }
      let columns = ModelRegistry.all[place.model].words.indices.map { word in
        (0..<place.slice.count).map { group.word(word, of: place.start + $0) }
      }
      return .init(slice: place.slice, columns: columns)
    }
    let oldest = max(0, now.index - Int64(delivery.ringLength) + 1)
    let spikes = (oldest..<now.index).compactMap { step -> (step: Int64, neurons: [UInt32])? in
      let neurons = delivery.history(at: step)
      return neurons.isEmpty ? nil : (step, neurons)
    }
    return TileSnapshot(
      precision: precision,
      now: now,
      slices: slices,
      spikes: spikes,
      plasticity: plasticity?.states(at: now.index)
    )
  }

  /// Appends the snapshot to bytes.
  public func snapshot(into writer: inout ByteWriter) { snapshot.write(to: &writer) }

  /// Takes over the state of a snapshot of a tile with the same neurons.
  ///
  /// - Throws: `WireError` for malformed bytes, `TileError.badSnapshot` for another circuit's; the tile is unchanged then.
  public func restore(from reader: inout ByteReader) throws {
    try restore(from: [TileSnapshot(from: &reader)])
  }

  /// Takes over the state of this tile's neurons from snapshots that together hold them, whatever their layout was.
  ///
  /// Going on from here gives the same bits as never having stopped.
  ///
  /// - Throws: `TileError.badSnapshot`; the tile is unchanged then.
  public func restore(from snapshots: [TileSnapshot]) throws(TileError) {
    guard let first = snapshots.first else { throw .badSnapshot("there is none") }
    for snapshot in snapshots {
      guard snapshot.now == first.now else {
        throw .badSnapshot("the parts stopped at different steps, \(first.now.index) and \(snapshot.now.index)")
      }
      guard snapshot.precision == precision else {
        throw .badSnapshot("it is in \(snapshot.precision) precision, the tile in \(precision)")
      }
    }
    let states = snapshots.flatMap(\.slices)
    let sources = try plan.slices.map { place throws(TileError) in try find(place, in: states) }
    let weights = snapshots.compactMap(\.plasticity)
    if let problem = plasticity?.problem(with: weights, at: first.now.index) { throw .badSnapshot(problem) }
    jump(to: first.now)
    for (place, origins) in zip(plan.slices, sources) {
      guard let group = groups[place.model] else { continue }
      for (k, origin) in origins.enumerated() {
        for word in ModelRegistry.all[place.model].words.indices {
          let bits = states[origin.state].columns[word][origin.place]
          group.setWord(word, to: bits, of: place.start + k)
        }
      }
    }
    for (step, neurons) in merged(snapshots) {
      let batch = SpikeBatch(stepEnds: [neurons.count], neurons: neurons)
      delivery.receive(batch, from: step, now: now.index)
    }
    plasticity?.restore(weights, at: now.index)
  }

  private typealias Origin = (state: Int, place: Int)

  /// Finds where the state of each neuron of a slice is.
  private func find(_ place: SlicePlan, in states: [TileSnapshot.SliceState]) throws(TileError) -> [Origin] {
    let wanted = place.slice
    let words = ModelRegistry.all[place.model].words.count
    var origins = [Origin?](repeating: nil, count: wanted.count)
    for (index, state) in states.enumerated() where state.slice.population == wanted.population {
      guard state.columns.count == words else {
        throw .badSnapshot("population \(wanted.population) has \(state.columns.count) words a neuron, not \(words)")
      }
      for k in 0..<state.slice.count {
        let offset = state.slice.first + k * state.slice.stride - wanted.first
        guard offset >= 0, offset % wanted.stride == 0, offset / wanted.stride < wanted.count else { continue }
        origins[offset / wanted.stride] = (index, k)
      }
    }
    var found: [Origin] = []
    for (k, origin) in origins.enumerated() {
      guard let origin else { throw .badSnapshot("it lacks neuron \(place.id(k) + 1)") }
      found.append(origin)
    }
    return found
  }

  /// The recent spikes of all snapshots by step, each once: several parts may have received the same spike.
  private func merged(_ snapshots: [TileSnapshot]) -> [(step: Int64, neurons: [UInt32])] {
    var byStep: [Int64: Set<UInt32>] = [:]
    for snapshot in snapshots {
      for (step, neurons) in snapshot.spikes { byStep[step, default: []].formUnion(neurons) }
    }
    return byStep.map { ($0.key, $0.value.sorted()) }.sorted { $0.step < $1.step }
  }

  /// A hash of the own neurons' state; the sum over the tiles of a circuit does not depend on the layout.
  public var digest: UInt64 {
    var sum: UInt64 = plasticity?.digest(at: now.index) ?? 0
    for place in plan.slices {
      guard let group = groups[place.model] else { continue }
      for k in 0..<place.slice.count {
        var hash = UInt64(place.id(k)) &* 0xC2B2_AE3D_27D4_EB4F
        for word in ModelRegistry.all[place.model].words.indices {
          hash = (hash ^ group.word(word, of: place.start + k)) &* 0xD6E8_FEB8_6659_FD93
          hash ^= hash >> 32
        }
        sum &+= hash
      }
    }
    return sum
  }
}

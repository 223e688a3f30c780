internal import Circuits

/// The synapses of one plastic projection that end in a tile, by source, then delay, then as the rule drew them.
///
/// This order does not depend on the layout as far as the synapses of one target go, which snapshots rely on.
@safe
final class PlasticTable<Real: BinaryFloatingPoint & BitwiseCopyable> {
  /// Index of the projection.
  let projection: Int
  /// The source population: circuit indices, one row each.
  let sources: Range<UInt32>
  /// Place in `delays` and `firstCell` of each row's first segment, and the end.
  let firstSegment: Column<UInt32>
  /// Delay in steps of each segment.
  let delays: Column<UInt32>
  /// The first synapse of each segment, and the end.
  let firstCell: Column<UInt32>
  /// Local places of the targets.
  let targets: Column<UInt16>
  /// The weights without their sign, which all share.
  let weights: Column<Real>
  /// Step of each source's last spike, -1 before its first.
  let lastSpike: Column<Int64>
  /// Trace of each source right after its last spike.
  let trace: Column<Real>
  /// Whether everything that counts with the source's last spike has been counted.
  let isSettled: Column<Bool>
  /// Synapses that spikes have passed so far.
  var passedSynapses = 0

  /// Builds the synapses of a projection in two passes: count by source and delay, then place.
  ///
  /// - Throws: `TileError` when there are more than 32-bit places can name.
  init(_ projection: Int, _ rule: STDP, _ plan: TilePlan, _ connections: Connections) throws(TileError) {
    self.projection = projection
    let p = plan.circuit.projections[projection]
    let neurons = plan.circuit.populations[p.source].neurons
    sources = UInt32(neurons.lowerBound)..<UInt32(neurons.upperBound)
    let (first, rows) = (sources.lowerBound, neurons.count)
    let span = p.delayRange(in: plan.circuit) ?? 1...1
    let (least, columns) = (UInt32(span.lowerBound), span.count)
    guard rows * columns <= 1 << 28 else {
      throw .badProjection(
        source: plan.circuit.populations[p.source].name,
        target: plan.circuit.populations[p.target].name,
        problem: "plastic synapses with \(columns) delays from \(rows) neurons are too many; draw delays more narrowly"
      )
    }
    let cells = Column<UInt32>(rows * columns)
    connections.expand(projection, needsWeights: false) { sources, _, _, delays in
      for i in sources.indices {
        unsafe cells.base[Int(sources[i] &- first) &* columns &+ Int(delays[i] &- least)] &+= 1
      }
    }
    var (segments, synapses) = (0, 0)
    for i in 0..<cells.count where cells[i] > 0 {
      segments += 1
      synapses += Int(cells[i])
    }
    let limit = Int(Int32.max)
    guard synapses <= limit else { throw .tooManySynapses(stored: synapses, limit: limit) }
    firstSegment = Column(rows + 1)
    delays = Column(segments)
    firstCell = Column(segments + 1)
    targets = Column(synapses)
    weights = Column(synapses)
    lastSpike = Column(rows)
    trace = Column(rows)
    isSettled = Column(rows)
    var (segment, cell) = (0, 0)
    for row in 0..<rows {
      firstSegment[row] = UInt32(segment)
      lastSpike[row] = -1
      for column in 0..<columns {
        let count = Int(cells[row * columns + column])
        if count == 0 { continue }
        delays[segment] = least + UInt32(column)
        firstCell[segment] = UInt32(cell)
        cells[row * columns + column] = UInt32(cell)
        segment += 1
        cell += count
      }
    }
    firstSegment[rows] = UInt32(segment)
    firstCell[segment] = UInt32(cell)
    let (low, high) = (min(0, rule.greatestWeight), max(0, rule.greatestWeight))
    let (targets, weights) = unsafe (targets.base, weights.base)
    connections.expand(projection) { sources, places, drawn, delays in
      for i in sources.indices {
        let cursor = unsafe cells.base + (Int(sources[i] &- first) &* columns &+ Int(delays[i] &- least))
        let cell = unsafe Int(cursor.pointee)
        unsafe cursor.pointee &+= 1
        unsafe targets[cell] = UInt16(truncatingIfNeeded: places[i])
        unsafe weights[cell] = Real(abs(min(max(drawn[i], low), high)))
      }
    }
  }

  /// The synapses of a source.
  func cells(of source: Int) -> Range<Int> {
    let (from, to) = (Int(firstSegment[source]), Int(firstSegment[source + 1]))
    return Int(firstCell[from])..<Int(firstCell[to])
  }

  /// The number of synapses.
  var count: Int { targets.count }

  /// The greatest delay in steps.
  var longestDelaySteps: Int {
    var longest = 1
    for i in 0..<delays.count { longest = max(longest, Int(delays[i])) }
    return longest
  }

  /// The bytes taken.
  var bytes: Int {
    firstSegment.bytes + delays.bytes + firstCell.bytes + targets.bytes + weights.bytes + lastSpike.bytes + trace.bytes
  }

  /// Calls back with the source and the place of every synapse, in order.
  func forEachSynapse(_ body: (_ source: UInt32, _ cell: Int) -> Void) {
    for row in 0..<sources.count {
      for cell in cells(of: row) { body(sources.lowerBound + UInt32(row), cell) }
    }
  }
}

internal import Circuits

/// Builds a tile's synapse table in two passes over the projections: count the cells of each source and delay, then place.
///
/// The synapses are expanded twice rather than kept: the peak of memory is the table and one counter per source and delay.
/// Where that would be more than `mostCells` counters, sources are taken in several turns.
struct SynapseBuilder<Store: SynapseStore & ~Copyable> {
  private static var mostCells: Int { 64 << 20 }

  private let plan: TilePlan
  private let connections: Connections
  private let projections: [Int]
  private let ranges: [SynapseIndex.SourceRange]
  private let rows: Int
  // Columns of a source's counters: one for each delay that may occur, two where negative weights have their own row.
  private let columnOfDelay: [UInt32]
  private let delays: [Int]
  private let hasTwoRows: Bool
  // Whether a place has two rows, and weights per unit, by local place.
  private let splits: [Bool]
  private let longest: Int

  /// The greatest delay that a synapse of the tile may have, in steps; 1 where there are no synapses.
  var longestDelaySteps: Int { longest }

  init(_ plan: TilePlan) {
    self.plan = plan
    let circuit = plan.circuit
    connections = Connections(of: circuit, endingIn: plan.layout)
    let own = Set(plan.layout.slices.filter { $0.count > 0 }.map(\.population))
    projections = circuit.projections.indices.filter { own.contains(circuit.projections[$0].target) }
    var ranges: [SynapseIndex.SourceRange] = []
    var row = 0
    for source in Set(projections.map { circuit.projections[$0].source }).sorted() {
      let neurons = circuit.populations[source].neurons
      ranges.append(
        SynapseIndex.SourceRange(neurons: UInt32(neurons.lowerBound)..<UInt32(neurons.upperBound), firstRow: row)
      )
      row += neurons.count
    }
    (self.ranges, rows) = (ranges, row)
    let spans = projections.compactMap { circuit.projections[$0].delayRange(in: circuit) }
    longest = spans.map(\.upperBound).max() ?? 1
    var occurs = [Bool](repeating: false, count: longest + 1)
    for span in spans { for delay in span { occurs[delay] = true } }
    delays = occurs.indices.filter { occurs[$0] }
    var columns = [UInt32](repeating: 0, count: longest + 1)
    for (column, delay) in delays.enumerated() { columns[delay] = UInt32(column) }
    columnOfDelay = columns
    hasTwoRows = plan.slices.contains { $0.twoRows }
    var splits = [Bool](repeating: false, count: plan.width)
    for slice in plan.slices where slice.twoRows {
      for k in 0..<slice.slice.count { splits[slice.start + k] = true }
    }
    self.splits = splits
  }

  private var cellsPerRow: Int { delays.count * (hasTwoRows ? 2 : 1) }

  private func turns() -> [Range<Int>] {
    let size = max(1, Self.mostCells / max(1, cellsPerRow))
    return Swift.stride(from: 0, to: rows, by: size).map { $0..<min(rows, $0 + size) }
  }

  /// Counts the cells and lays out the rows.
  ///
  /// - Throws: `TileError.tooManySynapses`.
  func layOut() throws(TileError) -> SynapseIndex {
    let firstBlock = Column<UInt32>(rows + 1)
    let firstSegment = Column<UInt32>(rows + 1)
    let synapses = Column<UInt32>(rows)
    var segments: [UInt32] = []
    var blocks = 0
    let limit = (Int(UInt32.max) - 64) / SynapseIndex.block
    for turn in turns() {
      let cells = Column<UInt32>(turn.count * cellsPerRow)
      count(turn, in: cells)
      for row in turn {
        firstBlock[row] = UInt32(blocks)
        firstSegment[row] = UInt32(segments.count)
        for column in 0..<cellsPerRow {
          let count = Int(cells[(row - turn.lowerBound) * cellsPerRow + column])
          if count == 0 { continue }
          synapses[row] += UInt32(count)
          var rest = (count + SynapseIndex.block - 1) / SynapseIndex.block
          blocks += rest
          while rest > 0 {
            let part = min(rest, SynapseIndex.mostBlocks)
            segments.append(SynapseIndex.segment(delay: delay(of: column), blocks: part, row: sumRow(of: column)))
            rest -= part
          }
        }
        guard blocks <= limit else {
          throw .tooManySynapses(stored: blocks * SynapseIndex.block, limit: limit * SynapseIndex.block)
        }
      }
    }
    firstBlock[rows] = UInt32(blocks)
    firstSegment[rows] = UInt32(segments.count)
    let table = Column<UInt32>(segments.count)
    for i in segments.indices { table[i] = segments[i] }
    return SynapseIndex(
      sources: ranges,
      firstBlock: firstBlock,
      firstSegment: firstSegment,
      segments: table,
      synapses: synapses
    )
  }

  /// Places the synapses where the index wants them.
  func fill(_ index: borrowing SynapseIndex) -> Store {
    // One block more than there are: entries that a queue reads ahead of its end name block 0.
    let store = Store(count: (Int(index.firstBlock[rows]) + 1) * SynapseIndex.block)
    for turn in turns() {
      let cells = Column<UInt32>(turn.count * cellsPerRow)
      forEachSegment(turn, index) { cell, range in cells[cell] = UInt32(range.lowerBound) }
      place(turn, cells, in: store)
      forEachSegment(turn, index) { cell, range in
        for place in Int(cells[cell])..<range.upperBound {
          store.put(place, target: UInt32(plan.width + place % SynapseIndex.block), weight: 0)
        }
      }
    }
    return store
  }

  private func delay(of column: Int) -> Int { delays[hasTwoRows ? column / 2 : column] }
  private func sumRow(of column: Int) -> Int { hasTwoRows ? column & 1 : 0 }

  /// Calls back with the cell and the places of each delay and row of sums of some sources.
  private func forEachSegment(_ turn: Range<Int>, _ index: borrowing SynapseIndex, _ body: (Int, Range<Int>) -> Void) {
    for row in turn {
      var place = Int(index.firstBlock[row]) * SynapseIndex.block
      var start = place
      let segments = Int(index.firstSegment[row])..<Int(index.firstSegment[row + 1])
      for s in segments {
        let segment = index.segments[s]
        place += Int(segment >> 16 & 0x7FFF) * SynapseIndex.block
        // A long segment is written as several with the same delay and row.
        if s + 1 < segments.upperBound, (index.segments[s + 1] ^ segment) & 0x8000_FFFF == 0 { continue }
        let column = Int(columnOfDelay[Int(segment & 0xFFFF)]) * (hasTwoRows ? 2 : 1) + Int(segment >> 31)
        body((row - turn.lowerBound) * cellsPerRow + column, start..<place)
        start = place
      }
    }
  }

  /// What is the same for all synapses of a projection.
  private struct ProjectionTerms {
    /// Added to a source's circuit index it gives the row within the turn.
    let rowOffset: Int
    let perUnit: Double
  }

  private func terms(_ projection: Int, _ turn: Range<Int>) -> ProjectionTerms {
    let p = plan.circuit.projections[projection]
    let first = plan.circuit.populations[p.source].neurons.lowerBound
    let range = ranges.first { Int($0.neurons.lowerBound) == first }
    let quantum = plan.slices.first { $0.slice.population == p.target }?.quantum ?? 1
    return ProjectionTerms(
      rowOffset: (range?.firstRow ?? 0) - first - turn.lowerBound,
      perUnit: 1 / (plan.precision == .double ? fixedPointUnit : quantum)
    )
  }

  private func count(_ turn: Range<Int>, in cells: borrowing Column<UInt32>) {
    let (counters, perRow, columns) = unsafe (cells.base, cellsPerRow, columnOfDelay)
    let (rows, two, splits) = (turn.count, hasTwoRows, splits)
    for projection in projections {
      let terms = terms(projection, turn)
      connections.expand(projection, needsWeights: two) { sources, targets, weights, delays in
        for i in sources.indices {
          let row = Int(sources[i]) &+ terms.rowOffset
          guard UInt(bitPattern: row) < UInt(bitPattern: rows) else { continue }
          var column = Int(columns[Int(delays[i])])
          if two {
            let negative = Store.fixedPoint(weights[i], perUnit: terms.perUnit) < 0
            column = 2 &* column &+ (negative && splits[Int(targets[i])] ? 1 : 0)
          }
          unsafe counters[row &* perRow &+ column] &+= 1
        }
      }
    }
  }

  private func place(_ turn: Range<Int>, _ cells: borrowing Column<UInt32>, in store: borrowing Store) {
    let (cursors, perRow, columns) = unsafe (cells.base, cellsPerRow, columnOfDelay)
    let (rows, two, splits) = (turn.count, hasTwoRows, splits)
    for projection in projections {
      let terms = terms(projection, turn)
      connections.expand(projection) { sources, targets, weights, delays in
        for i in sources.indices {
          let row = Int(sources[i]) &+ terms.rowOffset
          guard UInt(bitPattern: row) < UInt(bitPattern: rows) else { continue }
          let weight = Store.fixedPoint(weights[i], perUnit: terms.perUnit)
          var column = Int(columns[Int(delays[i])])
          if two { column = 2 &* column &+ (weight < 0 && splits[Int(targets[i])] ? 1 : 0) }
          let cursor = unsafe cursors + (row &* perRow &+ column)
          unsafe store.put(Int(cursor.pointee), target: targets[i], weight: weight)
          unsafe cursor.pointee &+= 1
        }
      }
    }
  }
}

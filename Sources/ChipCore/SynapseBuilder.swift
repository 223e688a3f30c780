internal import Circuits

/// Builds a synapse table of a tile in two passes over its projections: count the cells of each source and delay, then place.
///
/// The synapses are expanded twice rather than kept: the peak of memory is the table and one counter per source and delay.
/// Where that would be more than `TilePlan.mostCounters` counters, sources are taken in several turns.
struct SynapseBuilder<Store: SynapseStore> {
  private let plan: TilePlan
  private let block: Int
  private let connections: Connections
  private let projections: [ProjectionTerms]
  private let ranges: [SynapseIndex.SourceRange]
  private let rows: Int
  // Columns of a source's counters: one for each delay that may occur, two where negative weights have their own row.
  private let columnOfDelay: [UInt32]
  private let delays: [Int]
  private let hasTwoRows: Bool
  // Whether a place has two rows, by local place.
  private let splits: [Bool]

  /// The greatest delay that a synapse of the table may have, in steps; 1 where there are no synapses.
  let longestDelaySteps: Int

  /// What is the same for all synapses of a projection.
  private struct ProjectionTerms {
    let number: Int
    /// Added to a source's circuit index it gives the row.
    let rowOffset: Int
    let perUnit: Double
    /// The row of sums, or nil where that is a matter of each weight's sign.
    let sumRow: Int?
    /// The greatest weight in fixed point.
    let greatest: Double
  }

  /// Prepares the table of some projections that end in the tile.
  init(_ plan: TilePlan, _ choice: TableChoice) {
    (self.plan, block) = (plan, choice.block)
    let circuit = plan.circuit
    connections = Connections(of: circuit, endingIn: plan.layout, kernels: plan.kernels)
    var ranges: [SynapseIndex.SourceRange] = []
    var firstRows: [Int: Int] = [:]
    var row = 0
    for source in Set(choice.projections.map { circuit.projections[$0].source }).sorted() {
      let neurons = circuit.populations[source].neurons
      ranges.append(
        SynapseIndex.SourceRange(neurons: UInt32(neurons.lowerBound)..<UInt32(neurons.upperBound), firstRow: row)
      )
      firstRows[source] = row
      row += neurons.count
    }
    (self.ranges, rows) = (ranges, row)
    let spans = choice.projections.compactMap { circuit.projections[$0].delayRange(in: circuit) }
    longestDelaySteps = spans.map(\.upperBound).max() ?? 1
    var occurs = [Bool](repeating: false, count: longestDelaySteps + 1)
    for span in spans { for delay in span { occurs[delay] = true } }
    delays = occurs.indices.filter { occurs[$0] }
    let hasTwoRows = plan.slices.contains { $0.twoRows }
    var columns = [UInt32](repeating: 0, count: longestDelaySteps + 1)
    for (column, delay) in delays.enumerated() { columns[delay] = UInt32(hasTwoRows ? 2 * column : column) }
    (columnOfDelay, self.hasTwoRows) = (columns, hasTwoRows)
    var splits = [Bool](repeating: false, count: plan.width)
    for slice in plan.slices where slice.twoRows {
      for k in 0..<slice.slice.count { splits[slice.start + k] = true }
    }
    self.splits = splits
    projections = choice.projections.map { number in
      let p = circuit.projections[number]
      let slice = plan.slices.first { $0.slice.population == p.target }
      let perUnit = 1 / (plan.precision == .double ? fixedPointUnit : slice?.quantum ?? 1)
      return ProjectionTerms(
        number: number,
        rowOffset: firstRows[p.source, default: 0] - circuit.populations[p.source].neurons.lowerBound,
        perUnit: perUnit,
        sumRow: slice?.twoRows == true ? p.sumRow : 0,
        greatest: p.greatestWeight * perUnit + 0.5
      )
    }
  }

  private var cellsPerRow: Int { delays.count * (hasTwoRows ? 2 : 1) }

  private func turns() -> [Range<Int>] {
    let size = max(1, plan.mostCounters / max(1, cellsPerRow))
    return Swift.stride(from: 0, to: rows, by: size).map { $0..<min(rows, $0 + size) }
  }

  /// Counts the cells and lays out the rows; adds to each target's load what its synapses could add to a sum at once.
  ///
  /// - Throws: `TileError.tooManySynapses`.
  func layOut(loads: UnsafeMutablePointer<Double>) throws(TileError) -> SynapseIndex {
    let firstBlock = Column<UInt32>(rows + 1)
    let firstSegment = Column<UInt32>(rows + 1)
    let synapses = Column<UInt32>(rows)
    var segments: [UInt32] = []
    var blocks = 0
    // Places of synapses and numbers of blocks have 32 and 31 bits.
    let limit = min((Int(UInt32.max) - 64) / block, Int(Int32.max) - 1)
    for turn in turns() {
      let cells = Column<UInt32>(turn.count * cellsPerRow)
      unsafe count(turn, in: cells.base, loads: turn.lowerBound == 0 ? loads : nil)
      for row in turn {
        firstBlock[row] = UInt32(blocks)
        firstSegment[row] = UInt32(segments.count)
        var sum: UInt32 = 0
        let first = unsafe cells.base + (row - turn.lowerBound) * cellsPerRow
        for column in 0..<cellsPerRow {
          let count = unsafe first[column]
          if count == 0 { continue }
          sum += count
          var rest = (Int(count) + block - 1) / block
          blocks += rest
          while rest > 0 {
            let part = min(rest, SynapseIndex.mostBlocks)
            segments.append(SynapseIndex.segment(delay: delay(of: column), blocks: part, row: sumRow(of: column)))
            rest -= part
          }
        }
        synapses[row] = sum
        guard blocks <= limit else {
          throw .tooManySynapses(stored: blocks * block, limit: limit * block)
        }
      }
    }
    firstBlock[rows] = UInt32(blocks)
    firstSegment[rows] = UInt32(segments.count)
    let table = Column<UInt32>(segments.count)
    for i in segments.indices { table[i] = segments[i] }
    return SynapseIndex(
      block: block,
      sources: ranges,
      firstBlock: firstBlock,
      firstSegment: firstSegment,
      segments: table,
      synapses: synapses
    )
  }

  /// Places the synapses where the index wants them.
  func fill(_ index: borrowing SynapseIndex) -> Store {
    let store = Store(count: index.storedSynapses, block: block, kernels: plan.kernels)
    for turn in turns() {
      let cells = Column<UInt32>(turn.count * cellsPerRow)
      forEachSegment(turn, index) { cell, range in cells[cell] = UInt32(range.lowerBound) }
      unsafe place(turn, cells.base, in: store, unwanted: UInt32(index.storedSynapses))
      forEachSegment(turn, index) { cell, range in
        for place in Int(cells[cell])..<range.upperBound {
          store.put(place, target: UInt32(plan.width + place % InputPadding.cells), weight: 0)
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
      var place = Int(index.firstBlock[row]) * block
      var start = place
      let segments = Int(index.firstSegment[row])..<Int(index.firstSegment[row + 1])
      for s in segments {
        let segment = index.segments[s]
        place += Int(segment >> 16 & 0x7FFF) * block
        // A long segment is written as several with the same delay and row.
        if s + 1 < segments.upperBound, (index.segments[s + 1] ^ segment) & 0x8000_FFFF == 0 { continue }
        let column = Int(columnOfDelay[Int(segment & 0xFFFF)]) + Int(segment >> 31)
        body((row - turn.lowerBound) * cellsPerRow + column, start..<place)
        start = place
      }
    }
  }

  private func count(
    _ turn: Range<Int>,
    in counters: UnsafeMutablePointer<UInt32>,
    loads: UnsafeMutablePointer<Double>?
  ) {
    let finder = CellFinder(turn, of: rows, perRow: cellsPerRow)
    for p in projections {
      let load = unsafe loads.map { unsafe SynapseLoad($0, each: p.greatest) }
      unsafe columnOfDelay.withUnsafeBufferPointer { columns in
        guard let columns = columns.baseAddress else { return }
        connections.expandColumns(p.number, needsWeights: p.sumRow == nil, adding: load) { synapses in
          let signs = signs(synapses, p)
          unsafe finder.count(synapses, rowOffset: p.rowOffset, columns, p.sumRow ?? 0, signs, in: counters)
        }
      }
    }
  }

  private func place(
    _ turn: Range<Int>,
    _ cursors: UnsafeMutablePointer<UInt32>,
    in store: Store,
    unwanted: UInt32
  ) {
    let finder = CellFinder(turn, of: rows, perRow: cellsPerRow)
    let places = Column<UInt32>(Connections.mostColumns)
    for p in projections {
      unsafe columnOfDelay.withUnsafeBufferPointer { columns in
        guard let columns = columns.baseAddress else { return }
        connections.expandColumns(p.number) { synapses in
          let signs = signs(synapses, p)
          unsafe finder.take(
            synapses,
            rowOffset: p.rowOffset,
            columns,
            p.sumRow ?? 0,
            signs,
            from: cursors,
            unwanted: unwanted,
            into: places.base
          )
          unsafe store.place(synapses, at: places.base, perUnit: p.perUnit)
        }
      }
    }
  }

  /// For each synapse the row of sums by its sign, where that is not the same for all of a projection.
  private func signs(_ synapses: SynapseColumns, _ p: ProjectionTerms) -> [UInt32]? {
    guard p.sumRow == nil else { return nil }
    return (0..<synapses.count).map { i in
      let weight =
        switch synapses.weights {
        case .same(let weight): weight
        case .drawn(let weights): unsafe Double(weights[i])
        case .listed(let weights): unsafe weights[i]
        }
      let isNegative = Store.fixedPoint(weight, perUnit: p.perUnit) < 0
      return unsafe isNegative && splits[Int(synapses.targets[i])] ? 1 : 0
    }
  }
}

extension Projection {
  /// The row of sums for the weights of a projection onto neurons with two, or nil when they may have either sign.
  fileprivate var sumRow: Int? {
    if case .list = rule { return nil }
    let range = Sampler(weight).range
    if range.lowerBound >= 0 { return 0 }
    return range.upperBound <= 0 ? 1 : nil
  }
}

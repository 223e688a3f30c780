internal import CIntrinsics
internal import Circuits

/// Finds the counter of each synapse among those of (source, delay, row of sums) for the sources of a turn.
struct CellFinder {
  private let first: Int
  private let rows: Int
  private let perRow: Int
  // Whether the turn takes all sources.
  private let isWhole: Bool

  /// Prepares a turn over some of the rows of a table.
  init(_ turn: Range<Int>, of rows: Int, perRow: Int) {
    (first, self.rows, self.perRow) = (turn.lowerBound, turn.count, perRow)
    isWhole = turn.count == rows
  }

  /// Counts synapses.
  func count(
    _ synapses: SynapseColumns,
    rowOffset: Int,
    _ columnOfDelay: UnsafePointer<UInt32>,
    _ sumRow: Int,
    _ signs: [UInt32]?,
    in counters: UnsafeMutablePointer<UInt32>
  ) {
    if isWhole, signs == nil {
      unsafe countAll(synapses, rowOffset, columnOfDelay, counters + sumRow)
      return
    }
    for i in 0..<synapses.count {
      let row = unsafe Int(synapses.sources[i]) &+ rowOffset &- first
      guard UInt(bitPattern: row) < UInt(bitPattern: rows) else { continue }
      let column = unsafe Int(columnOfDelay[Int(synapses.delays[i])]) + (signs.map { Int($0[i]) } ?? sumRow)
      unsafe counters[row &* perRow &+ column] &+= 1
    }
  }

  /// The loop that a large circuit spends its time in.
  @inline(never)
  private func countAll(
    _ synapses: SynapseColumns,
    _ rowOffset: Int,
    _ columnOfDelay: UnsafePointer<UInt32>,
    _ counters: UnsafeMutablePointer<UInt32>
  ) {
    let (count, sources, delays, perRow) = unsafe (synapses.count, synapses.sources, synapses.delays, perRow)
    let base = unsafe counters + rowOffset &* perRow
    for i in 0..<count {
      unsafe base[Int(sources[i]) &* perRow &+ Int(columnOfDelay[Int(delays[i])])] &+= 1
    }
  }

  /// Takes the next place of each synapse's segment; synapses of other turns get the place `unwanted`.
  func take(
    _ synapses: SynapseColumns,
    rowOffset: Int,
    _ columnOfDelay: UnsafePointer<UInt32>,
    _ sumRow: Int,
    _ signs: [UInt32]?,
    from cursors: UnsafeMutablePointer<UInt32>,
    unwanted: UInt32,
    into places: UnsafeMutablePointer<UInt32>
  ) {
    if isWhole, signs == nil {
      unsafe takeAll(synapses, rowOffset, columnOfDelay, cursors + sumRow, places)
      return
    }
    for i in 0..<synapses.count {
      let row = unsafe Int(synapses.sources[i]) &+ rowOffset &- first
      guard UInt(bitPattern: row) < UInt(bitPattern: rows) else {
        unsafe places[i] = unwanted
        continue
      }
      let column = unsafe Int(columnOfDelay[Int(synapses.delays[i])]) + (signs.map { Int($0[i]) } ?? sumRow)
      let cursor = unsafe cursors + (row &* perRow &+ column)
      unsafe places[i] = cursor.pointee
      unsafe cursor.pointee &+= 1
    }
  }

  /// The loop that a large circuit spends its time in.
  @inline(never)
  private func takeAll(
    _ synapses: SynapseColumns,
    _ rowOffset: Int,
    _ columnOfDelay: UnsafePointer<UInt32>,
    _ cursors: UnsafeMutablePointer<UInt32>,
    _ places: UnsafeMutablePointer<UInt32>
  ) {
    let (count, sources, delays, perRow) = unsafe (synapses.count, synapses.sources, synapses.delays, perRow)
    let base = unsafe cursors + rowOffset &* perRow
    for i in 0..<count {
      let cursor = unsafe base + (Int(sources[i]) &* perRow &+ Int(columnOfDelay[Int(delays[i])]))
      let place = unsafe cursor.pointee
      unsafe places[i] = place
      unsafe cursor.pointee = place &+ 1
    }
  }
}

/// Where the synapses of each source lie: a row of segments, one per delay and row of sums, each of whole blocks.
///
/// Rows exist for the neurons of the populations that project into the table, in ascending order of their circuit indices.
struct SynapseIndex: ~Copyable {
  /// Most blocks of a segment; longer ones are written as several.
  static let mostBlocks = 0x7FFF

  /// Neurons with rows: circuit indices and the row of the first.
  struct SourceRange {
    let neurons: Range<UInt32>
    let firstRow: Int
  }

  /// Synapses in a block.
  let block: Int
  /// The source populations, ascending.
  let sources: [SourceRange]
  /// Number of the first block of each row, and the end.
  let firstBlock: Column<UInt32>
  /// Place in `segments` of each row's first, and the end.
  let firstSegment: Column<UInt32>
  /// Segments: delay in the low 16 bits, above it the blocks in 15 bits, on top the row of sums.
  let segments: Column<UInt32>
  /// Synapses of each row.
  let synapses: Column<UInt32>

  /// The number of rows.
  var rows: Int { synapses.count }

  /// The number of synapses with padding.
  var storedSynapses: Int { Int(firstBlock[rows]) * block }

  /// The bytes taken.
  var bytes: Int { firstBlock.bytes + firstSegment.bytes + segments.bytes + synapses.bytes }

  @inline(__always)
  static func segment(delay: Int, blocks: Int, row: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: delay) | UInt32(truncatingIfNeeded: blocks) << 16 | UInt32(truncatingIfNeeded: row) << 31
  }
}

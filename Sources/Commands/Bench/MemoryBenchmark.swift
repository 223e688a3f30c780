internal import ChipCore

/// What the memory of this machine gives to one core: the roof that the delivery of spikes works under.
struct MemoryBenchmark: Benchmark {
  static let name = "memory"
  static let question =
    "How fast does one core read memory: in order, and scattered lines, with and without huge pages?"

  /// Least bytes read for one figure.
  private static let volume = 256 << 20
  private static let rounds = 3

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    var table = Table([
      Table.Column("bytes", title: "SIZE", unit: "KiB"),
      Table.Column("sequential_gigabytes_per_second", title: "IN ORDER", unit: "GB/s"),
      Table.Column("scattered_line_ns", title: "SCATTERED", unit: "ns/line"),
      Table.Column("scattered_piece_line_ns", title: "PIECES OF 4 LINES", unit: "ns/line"),
      Table.Column("scattered_piece_gigabytes_per_second", title: "PIECES OF 4 LINES", unit: "GB/s"),
      Table.Column("scattered_line_small_pages_ns", title: "SCATTERED, PAGES OF 4 KiB", unit: "ns/line"),
    ])
    var picture = SVGPlot(
      "Reading scattered cache lines, prefetched",
      x: .init("size in KiB", kind: .logarithmic),
      y: .init("ns per line of 64 bytes", kind: .linear, covering: 0...4)
    )
    var (sizes, huge, small): ([Double], [Double], [Double]) = ([], [], [])
    let largest = max(1, min(1 << 24, Int(Double(1 << 24) * (options.scale ?? 1))))
    for lines in (9...24).filter({ $0 % 2 == 1 || $0 == 24 }).map({ 1 << $0 }) where lines <= largest || lines <= 512 {
      guard let large = MemoryProbe(lineCount: lines, hugePages: true),
        let paged = MemoryProbe(lineCount: lines, hugePages: false)
      else { break }
      var sum: UInt64 = 0
      let repeats = max(1, Int(Double(Self.volume) * min(1, options.scale ?? 1)) / large.byteCount)
      func nanosecondsPerLine(_ read: (UInt64) -> UInt64) throws -> Double {
        try Stopwatch.least(ofRounds: Self.rounds) {
          for i in 0..<repeats { sum &+= read(UInt64(i)) }
        } / Double(lines * repeats)
      }
      let ordered = try nanosecondsPerLine { large.readInOrder($0) }
      let scattered = try nanosecondsPerLine { large.readScattered($0, pieceLines: 1) }
      let pieces = try nanosecondsPerLine { large.readScattered($0, pieceLines: 4) }
      let pages = try nanosecondsPerLine { paged.readScattered($0, pieceLines: 1) }
      // Every round reads every line, and the reader must not be optimised away.
      precondition(sum != 0, "a probe read nothing")
      table.append([
        .count(large.byteCount / 1024), .number(64 / ordered, digits: 3), .number(scattered, digits: 3),
        .number(pieces, digits: 3), .number(64 / pieces, digits: 3), .number(pages, digits: 3),
      ])
      sizes.append(Double(large.byteCount) / 1024)
      huge.append(scattered)
      small.append(pages)
    }
    result.figures.add("sizes", heading: "", table)
    result.figures.notes = ["CPU time of one thread, the best of \(Self.rounds) rounds."]
    picture.add("huge pages", .dottedLine, x: sizes, y: huge)
    picture.add("pages of 4 KiB", .dottedLine, x: sizes, y: small)
    result.pictures = [("memory", picture)]
    return result
  }
}

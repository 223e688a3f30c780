internal import Glibc

/// How rare a surprise is, judged against the largest past episodes of its own stream.
///
/// The verdict is −ln of the expected number of past episodes at least this large: 0 means about one, 3 a twentieth of
/// one. The excess of the peaks over the smallest that is kept is taken as exponential, with a prior.
struct PeakTail: Equatable, Sendable {
  private struct Peak: Equatable, Sendable {
    var height: Double
    var row: Int
  }

  /// Episodes remembered: fewer make the tail unstable, more reach into ordinary rows.
  static let capacity = 16
  /// Rows before which, and episodes below which, there is nothing to compare with.
  static let leastRows = 50, leastPeaks = 3
  /// Prior of the tail: as many peaks, with an excess of this share of the smallest one.
  static let priorPeaks = 3.0, priorShare = 0.1
  /// Bounds of a verdict; the lower one is the vote of a row that is below all peaks.
  static let bounds = -4.0...12.0
  /// Rows apart within which peaks are one episode, as a share of the rows seen.
  static let episodeShare = 0.02

  /// Largest first.
  private var peaks: [Peak] = []

  /// Judges a surprise at a row, then remembers it; surprises up to `floor` count as none.
  ///
  /// - Complexity: O(`capacity`).
  mutating func take(_ surprise: Double, row: Int, floor: Double) -> Double {
    let height = surprise > floor ? surprise : 0
    var verdict = Self.bounds.lowerBound
    if let smallest = peaks.last?.height, peaks.count >= Self.leastPeaks, row >= Self.leastRows, height > smallest {
      let count = Double(peaks.count)
      let sum = peaks.reduce(0) { $0 + $1.height } - count * smallest + Self.priorPeaks * Self.priorShare * smallest
      let excess = sum / (count - 1 + Self.priorPeaks)
      verdict = min(Self.bounds.upperBound, max(Self.bounds.lowerBound, (height - smallest) / excess - log(count)))
    }
    remember(height, row)
    return verdict
  }

  private mutating func remember(_ height: Double, _ row: Int) {
    let isFull = peaks.count == Self.capacity
    if height <= 0 { return }
    if isFull, let last = peaks.last, height <= last.height { return }
    let apart = max(Double(SeriesDetector.leastEpisodeRows), Self.episodeShare * Double(row))
    if let same = peaks.firstIndex(where: { Double(row - $0.row) < apart }) {
      // The row stays that of the episode's opening.
      guard height > peaks[same].height else { return }
      peaks[same].height = height
    } else {
      if isFull { peaks.removeLast() }
      peaks.append(Peak(height: height, row: row))
    }
    peaks.sort { $0.height > $1.height }
  }
}

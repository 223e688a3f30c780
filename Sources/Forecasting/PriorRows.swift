internal import Basics
internal import Workloads

/// What the forecaster saw at some ticks of recorded series, and what came: the lessons of a prior.
struct PriorRows {
  /// Context inputs, `Prior.inputs` a row.
  private(set) var inputs: [Float] = []
  /// Per row and horizon what the prior's quantiles are added to, the target (NaN where it is not known), and the weight.
  private(set) var bases: [Float] = []
  private(set) var targets: [Float] = []
  private(set) var weights: [Float] = []

  /// The number of rows.
  var count: Int { bases.count / 3 }

  /// Shares of a series from which it is played, so that young states are seen too.
  private static let starts = [0.0, 0.3, 0.6]
  /// Ticks after a start that give no row.
  private static let youngest = 12
  /// Targets are cut there, errors for the weights before.
  private static let cut = (target: 12.0, error: Float(6))

  /// Plays series and keeps one tick in so many that about `most` rows come out.
  ///
  /// `onProgress` is told the ticks played; it says whether to go on.
  init(_ series: [RecordedSeries], prior: Prior, most: Int, onProgress: (Int) -> Bool) throws(ShapeError) {
    let played = series.reduce(0) { sum, one in
      Self.starts.reduce(sum) { $0 + Int((1 - $1) * Double(one.values.count)) }
    }
    let every = max(1, (played + most - 1) / most)
    for one in series {
      for share in Self.starts {
        let start = Int(share * Double(one.values.count))
        try play(one, from: start, every: every, prior)
        guard onProgress(one.values.count - start) else { return }
      }
    }
  }

  /// The least stride from one on that shares no factor with a number, so that every phase of the day is met.
  private static func coprime(_ stride: Int, to m: Int) -> Int {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    var stride = stride
    while divisor(stride, m) > 1 { stride += 1 }
    return stride
  }

  private mutating func play(
    _ series: RecordedSeries,
    from start: Int,
    every: Int,
    _ prior: Prior
  ) throws(ShapeError) {
    let (m, values) = (series.ticksPerDay, series.values)
    let shape = try ReadoutShape(ticksPerDay: m, encoders: prior.neurons)
    let (first, stride) = (count, Self.coprime(every, to: m))
    var (readout, scratch) = (SeriesReadout(shape: shape, prior: prior), ReadoutScratch())
    let silent = [UInt8](repeating: 0, count: shape.counts)
    var drives = [Float](repeating: 0, count: prior.neurons)
    var flags = [Bool](repeating: false, count: values.count + m + 1)
    for event in series.events { for tick in event.clamped(to: flags.indices) { flags[tick] = true } }
    for t in start..<values.count {
      let calendar = TickCalendar(tick: series.tick(of: t), lengthMilliseconds: series.lengthMilliseconds)
      var span = drives.mutableSpan
      readout.observe(
        values[t],
        at: calendar,
        eventNow: flags[t],
        eventsAhead: shape.horizons.map { flags[t + $0] },
        prior: prior,
        scratch: &scratch,
        drives: &span
      )
      if readout.pending.kind == .real, t - start >= Self.youngest, (t - start) % stride == 0 {
        append(readout, scratch, values, t)
      }
      _ = readout.finish(counts: silent.span, prior: prior, scratch: &scratch)
    }
    weigh(from: first, length: values.count)
  }

  private mutating func append(_ readout: SeriesReadout, _ scratch: ReadoutScratch, _ values: [Double?], _ t: Int) {
    let pending = readout.pending
    inputs += scratch.inputs
    for (j, h) in readout.shape.horizons.enumerated() {
      bases.append(readout.priorBase(j))
      weights.append(0)
      guard t + h < values.count, let y = values[t + h], y.isFinite else {
        targets.append(.nan)
        continue
      }
      let z = (Compression.compress(y, offset: readout.offset) - pending.level) / pending.scale
      targets.append(Float(min(Self.cut.target, max(-Self.cut.target, z))))
    }
  }

  /// Gives each horizon's rows a weight of 1 over the mean error of their bases; long series count by the root of their length.
  private mutating func weigh(from first: Int, length: Int) {
    for j in 0..<3 {
      var (sum, known): (Float, Float) = (0, 0)
      for row in first..<count where !targets[3 * row + j].isNaN {
        sum += min(abs(targets[3 * row + j] - bases[3 * row + j]), Self.cut.error)
        known += 1
      }
      guard known > 0 else { continue }
      let weight = min(20, 1 / (sum / known + 0.05)) * (6000 / Float(max(1, length))).squareRoot()
      for row in first..<count where !targets[3 * row + j].isNaN { weights[3 * row + j] = weight }
    }
  }
}

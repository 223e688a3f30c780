internal import Basics
internal import Circuits
internal import KernelTypes

/// Independent Poisson spikes to the neurons of one slice from one stimulus.
///
/// The count of a neuron in a step of emission is a function of (seed, stimulus, neuron, step); it arrives after the
/// stimulus' delay. A ladder's block of random words serves a neuron for eight steps, an inversion's for two.
@safe
final class PoissonSource {
  let slice: Int
  let weight: Double
  private let first: Int
  private let stride: Int
  private let count: Int
  private let delaySteps: Int64
  private let drawn: PoissonCounts
  private let kernels: KernelTable
  private let ladder: Column<Int16>
  // Ladder: a byte for each place and eight steps. Inversion: counts of two steps.
  private let bytes: Column<UInt8>
  private let plain: Column<UInt32>
  private var draw: PoissonDraw
  private var drawnBlock: Int64 = -1

  init(_ plan: TilePlan, slice: Int, stimulus: Int, rateHertz: Double, weight: Double, delayMilliseconds: Double) {
    let neurons = plan.slices[slice].slice
    let step = plan.circuit.stepMilliseconds
    (self.slice, self.weight) = (slice, weight)
    (first, stride, count) = (neurons.first, neurons.stride, neurons.count)
    delaySteps = Int64(StepGrid.nearest(delayMilliseconds, stepMilliseconds: step))
    drawn = PoissonCounts(seed: plan.circuit.seed, stimulus: stimulus, mean: rateHertz * step * 1e-3)
    let table = drawn.table
    kernels = plan.kernels
    ladder = Column(table.ladder.count)
    for (k, threshold) in table.ladder.enumerated() { ladder[k] = threshold }
    bytes = Column(table.isLadder ? 8 * 64 * plan.slices[slice].groups : 0)
    plain = Column(table.isLadder ? 0 : 2 * count)
    draw = unsafe PoissonDraw(
      groups: plan.slices[slice].groups,
      firstID: UInt32(truncatingIfNeeded: first),
      stride: UInt32(truncatingIfNeeded: stride),
      ladder: ladder.base,
      thresholds: ladder.count,
      key: drawn.key,
      counts: bytes.base
    )
  }

  /// Whether `counts(at:)` can be used.
  var hasCounts: Bool { drawn.table.isLadder }

  /// Returns the counts that arrive in a step, by place.
  func counts(at step: Int64) -> UnsafePointer<UInt8> {
    let emission = step - delaySteps
    // Before the first spikes arrive the buffer is still zero.
    if emission < 0 { return unsafe UnsafePointer(bytes.base) }
    if emission >> 3 != drawnBlock {
      drawnBlock = emission >> 3
      draw.block = drawnBlock
      kernels.drawPoissonCounts(draw)
    }
    return unsafe UnsafePointer(bytes.base + Int(emission & 7) * (bytes.count / 8))
  }

  /// Adds the weighted counts that arrive in a step to a row that begins at the slice's first neuron.
  func add<Real: BinaryFloatingPoint>(at step: Int64, to row: UnsafeMutablePointer<Real>) {
    let w = Real(weight)
    if hasCounts {
      let counts = unsafe counts(at: step)
      for i in 0..<count { unsafe row[i] += Real(counts[i]) * w }
      return
    }
    let emission = step - delaySteps
    if emission < 0 { return }
    if emission >> 1 != drawnBlock {
      drawnBlock = emission >> 1
      for i in 0..<count {
        let (even, odd) = drawn.pair(neuron: UInt32(truncatingIfNeeded: first + i * stride), block: drawnBlock)
        unsafe plain.base[i] = UInt32(truncatingIfNeeded: even)
        unsafe plain.base[count + i] = UInt32(truncatingIfNeeded: odd)
      }
    }
    let counts = unsafe plain.base + Int(emission & 1) * count
    for i in 0..<count { unsafe row[i] += Real(counts[i]) * w }
  }

  /// Forgets what was drawn, before the step jumps.
  func reset() {
    drawnBlock = -1
    for i in 0..<bytes.count { bytes[i] = 0 }
  }
}

/// All Poisson sources of a tile, in the order of slices and, within a slice, of stimuli.
@safe
final class PoissonNoise {
  private let plan: TilePlan
  private let sources: [[PoissonSource]]
  private let counts: [Bool]

  /// Whether rows of weighted noise are needed.
  let needsRows: Bool

  init(_ plan: TilePlan) {
    self.plan = plan
    var sources = [[PoissonSource]](repeating: [], count: plan.slices.count)
    for (number, stimulus) in plan.circuit.stimuli.enumerated() {
      guard case .poisson(_, let rate, let targets, let weight, let delay) = stimulus, rate > 0 else { continue }
      for target in targets {
        for slice in plan.slices.indices where plan.slices[slice].slice.population == target {
          sources[slice].append(
            PoissonSource(
              plan,
              slice: slice,
              stimulus: number,
              rateHertz: rate,
              weight: weight,
              delayMilliseconds: delay
            )
          )
        }
      }
    }
    let counts = sources.indices.map { slice in
      sources[slice].count == 1 && sources[slice][0].hasCounts
        && (sources[slice][0].weight >= 0 || !plan.slices[slice].twoRows)
    }
    (self.sources, self.counts) = (sources, counts)
    needsRows = sources.indices.contains { !sources[$0].isEmpty && !counts[$0] }
  }

  /// Readies the noise that arrives in a step.
  func prepare<Sum, Real>(_ step: Int64, in rows: InputRows<Sum, Real>) {
    for slice in sources.indices where !sources[slice].isEmpty {
      if counts[slice] {
        let source = sources[slice][0]
        unsafe rows.slices[slice] = StepNoise(counts: source.counts(at: step), weight: source.weight)
        continue
      }
      let row = unsafe rows.noise.base + plan.slices[slice].start
      for i in 0..<plan.slices[slice].slice.count {
        unsafe row[i] = 0
        unsafe row[rows.width + i] = 0
      }
      for source in sources[slice] {
        let isSecond = plan.slices[slice].twoRows && source.weight < 0
        unsafe source.add(at: step, to: isSecond ? row + rows.width : row)
      }
      unsafe rows.slices[slice] = StepNoise(excitatory: row, inhibitory: row + rows.width)
    }
  }

  /// Forgets what was drawn, before the step jumps.
  func reset() { for source in sources.joined() { source.reset() } }
}

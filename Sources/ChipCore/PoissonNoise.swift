internal import Basics
internal import CIntrinsics
internal import Circuits

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
  private let ladder: Column<SIMD8<Int16>>
  // Ladder: eight steps of packed counts. Inversion: two steps of plain counts.
  private let packed: Column<Words4>
  private let plain: Column<UInt32>
  private var drawnBlock: Int64 = -1

  init(_ plan: TilePlan, slice: Int, stimulus: Int, rateHertz: Double, weight: Double, delayMilliseconds: Double) {
    let neurons = plan.slices[slice].slice
    let step = plan.circuit.stepMilliseconds
    (self.slice, self.weight) = (slice, weight)
    (first, stride, count) = (neurons.first, neurons.stride, neurons.count)
    delaySteps = Int64(StepGrid.nearest(delayMilliseconds, stepMilliseconds: step))
    drawn = PoissonCounts(seed: plan.circuit.seed, stimulus: stimulus, mean: rateHertz * step * 1e-3)
    let table = drawn.table
    ladder = Column(table.ladder.count)
    for (k, threshold) in table.ladder.enumerated() { ladder[k] = SIMD8(repeating: threshold) }
    packed = Column(table.isLadder ? 8 * plan.slices[slice].groups * 4 : 0)
    plain = Column(table.isLadder ? 0 : 2 * count)
  }

  /// Whether `counts(at:)` can be used.
  var isPacked: Bool { drawn.table.isLadder }

  private var groups: Int { packed.count / 8 }

  /// Returns the packed counts that arrive in a step.
  func counts(at step: Int64) -> UnsafePointer<Words4> {
    let emission = step - delaySteps
    // Before the first spikes arrive the buffer is still zero.
    if emission < 0 { return unsafe UnsafePointer(packed.base) }
    if emission >> 3 != drawnBlock {
      drawnBlock = emission >> 3
      unsafe drawPackedCounts(
        into: packed.base,
        groups: groups,
        first: UInt32(truncatingIfNeeded: first),
        stride: UInt32(truncatingIfNeeded: stride),
        block: drawnBlock,
        ladder: ladder.base,
        thresholds: ladder.count,
        key: drawn.key
      )
    }
    return unsafe UnsafePointer(packed.base + Int(emission & 7) * groups)
  }

  /// Adds the weighted counts that arrive in a step to a row that begins at the slice's first neuron.
  func add<Real: BinaryFloatingPoint>(at step: Int64, to row: UnsafeMutablePointer<Real>) {
    let w = Real(weight)
    if isPacked {
      let words = unsafe counts(at: step)
      for i in 0..<count {
        let word = unsafe words[i >> 4][i & 3]
        unsafe row[i] += Real(word >> UInt32(8 * (i >> 2 & 3)) & 255) * w
      }
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
    for i in 0..<packed.count { packed[i] = .zero }
  }
}

/// Draws the counts of eight steps for a slice: byte j of lane l of word q of a step belongs to neuron 16 q + 4 j + l.
@inline(never)
private func drawPackedCounts(
  into out: UnsafeMutablePointer<Words4>,
  groups: Int,
  first: UInt32,
  stride: UInt32,
  block: Int64,
  ladder: UnsafePointer<SIMD8<Int16>>,
  thresholds: Int,
  key: SIMD4<UInt32>
) {
  let low = Words4(repeating: UInt32(truncatingIfNeeded: block))
  let high = Words4(repeating: UInt32(truncatingIfNeeded: block >> 32))
  let lanes = Words4(0, 1, 2, 3)
  let numbers = Words4(repeating: 0x7FFF_7FFF)
  for g in 0..<groups {
    for j in 0..<4 {
      let place = UInt32(truncatingIfNeeded: 16 &* g &+ 4 &* j)
      let id = (lanes &+ place) &* stride &+ first
      let r = threefry4x32(id, low, high, .zero, key: key)
      // Each word holds the numbers of two steps; the four climb together.
      let x0 = unsafe unsafeBitCast(r.0 & numbers, to: SIMD8<Int16>.self)
      let x1 = unsafe unsafeBitCast(r.1 & numbers, to: SIMD8<Int16>.self)
      let x2 = unsafe unsafeBitCast(r.2 & numbers, to: SIMD8<Int16>.self)
      let x3 = unsafe unsafeBitCast(r.3 & numbers, to: SIMD8<Int16>.self)
      var (n0, n1, n2, n3) = (SIMD8<Int16>.zero, SIMD8<Int16>.zero, SIMD8<Int16>.zero, SIMD8<Int16>.zero)
      for k in 0..<thresholds {
        let threshold = unsafe ladder[k]
        n0 = synfire_count_above(n0, x0, threshold)
        n1 = synfire_count_above(n1, x1, threshold)
        n2 = synfire_count_above(n2, x2, threshold)
        n3 = synfire_count_above(n3, x3, threshold)
      }
      let shift = Words4(repeating: UInt32(truncatingIfNeeded: 8 &* j))
      @inline(__always) func put(_ counts: SIMD8<Int16>, _ step: Int) {
        let counts = unsafe unsafeBitCast(counts, to: Words4.self)
        let at = unsafe out + (step &* groups &+ g)
        let now = (counts & 0xFFFF) &<< shift
        let next = (counts &>> 16) &<< shift
        if j == 0 {
          unsafe at[0] = now
          unsafe at[groups] = next
        } else {
          unsafe at[0] |= now
          unsafe at[groups] |= next
        }
      }
      put(n0, 0)
      put(n1, 2)
      put(n2, 4)
      put(n3, 6)
    }
  }
}

/// All Poisson sources of a tile, in the order of slices and, within a slice, of stimuli.
@safe
final class PoissonNoise {
  private let plan: TilePlan
  private let sources: [[PoissonSource]]
  private let packs: [Bool]

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
    let packs = sources.indices.map { slice in
      plan.precision == .single && sources[slice].count == 1 && sources[slice][0].isPacked
        && (sources[slice][0].weight >= 0 || !plan.slices[slice].twoRows)
    }
    (self.sources, self.packs) = (sources, packs)
    needsRows = sources.indices.contains { !sources[$0].isEmpty && !packs[$0] }
  }

  /// Readies the noise that arrives in a step.
  func prepare<Sum, Real>(_ step: Int64, in rows: InputRows<Sum, Real>) {
    for slice in sources.indices where !sources[slice].isEmpty {
      if packs[slice] {
        let source = sources[slice][0]
        unsafe rows.slices[slice] = SliceNoise(
          mode: .packed,
          weight: Float(source.weight),
          counts: source.counts(at: step)
        )
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
      unsafe rows.slices[slice] = SliceNoise(mode: .rows)
    }
  }

  /// Forgets what was drawn, before the step jumps.
  func reset() { for source in sources.joined() { source.reset() } }
}

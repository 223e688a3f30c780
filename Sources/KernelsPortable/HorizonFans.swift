internal import CIntrinsics
internal import KernelTypes

// Tables have rows of eight levels, the eighth is padding: two rows are sixteen lanes.

/// The levels, twice.
@inline(__always)
private var levels: Floats {
  Floats(0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0)
}

/// -1 below the median, 1 above it, 0 at it and in the padding.
@inline(__always)
private var sides: Floats { Floats(-1, -1, -1, 0, 1, 1, 1, 0, -1, -1, -1, 0, 1, 1, 1, 0) }

private let median = 3

/// e to the power x for |x| ≤ 80.
@inline(__always)
private func exp(_ x: Floats) -> Floats {
  // Adding it leaves the nearest integer in the low bits of the sum.
  let shift: Float = 0x1.8p23
  let shifted = x * 1.442_695_04 + shift
  let k = shifted - shift
  let r = (x - k * 0x1.62e4p-1) - k * 0x1.7f7d1cp-20
  var p = r * (1 / 5040) + (1 / 720)
  p = p * r + (1 / 120)
  p = p * r + (1 / 24)
  p = p * r + (1 / 6)
  p = p * r + 0.5
  p = p * r + 1
  p = p * r + 1
  let bits = unsafe unsafeBitCast(shifted, to: Words.self)
  return unsafe p * unsafeBitCast((bits &+ 127) &<< 23, to: Floats.self)
}

/// 1 in the lanes where x < y, 0 elsewhere.
@inline(__always)
private func less(_ x: Floats, _ y: Floats) -> Floats {
  synfire_choose16(synfire_less16(x, y), Floats(repeating: 1), .zero)
}

@inline(__always)
private func clip(_ x: Floats, _ bound: Float) -> Floats {
  synfire_greater16(synfire_lesser16(x, Floats(repeating: bound)), Floats(repeating: -bound))
}

/// Two rows: the expert's number in all levels of its row.
@inline(__always)
private func rows(_ column: UnsafePointer<Float>, _ pair: Int) -> Floats {
  unsafe synfire_halves16(column[2 &* pair], column[2 &* pair &+ 1])
}

/// The prior's quantiles without their base, ascending, in the lower half; working memory afterwards holds them.
@inline(__always)
private func priorFan(_ slice: borrowing HorizonSlice, _ scratch: UnsafeMutablePointer<Float>) -> Floats {
  let chunks = slice.priorLength &>> 4
  let (w, f) = unsafe (lanes(slice.priorWeights), lanes(slice.features))
  @inline(__always) func sums(_ level: Int) -> SIMD4<Float> {
    let row = unsafe w + level &* chunks
    var (a, b, c, d) = (Floats.zero, Floats.zero, Floats.zero, Floats.zero)
    for k in 0..<chunks {
      let feature = unsafe f[k]
      a += unsafe row[k] * feature
      b += unsafe row[k &+ chunks] * feature
      c += unsafe row[k &+ 2 &* chunks] * feature
      d += unsafe row[k &+ 3 &* chunks] * feature
    }
    return synfire_sums16(a, b, c, d)
  }
  let quads = unsafe UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: SIMD4<Float>.self)
  let biases = unsafe UnsafeRawPointer(slice.priorBiases).assumingMemoryBound(to: SIMD4<Float>.self)
  unsafe quads[0] = sums(0) + biases[0]
  unsafe quads[1] = sums(4) + biases[1]
  for i in 1..<7 {
    var k = i
    while k > 0, unsafe scratch[k &- 1] > scratch[k] {
      unsafe (scratch[k &- 1], scratch[k]) = (scratch[k], scratch[k &- 1])
      k &-= 1
    }
  }
  unsafe scratch[7] = scratch[median]
  for q in 0..<8 { unsafe scratch[q &+ 8] = scratch[q] }
  return unsafe lanes(scratch)[0]
}

/// Writes the candidates: each point with its own tracked offsets, and with the prior's rescaled fan.
@inline(__always)
private func loadFans(_ slice: borrowing HorizonSlice, _ prior: Floats) {
  let state = unsafe lanes(slice.state)
  let fans = unsafe lanes(slice.fans)
  let spread = prior - prior[median]
  for pair in 0..<HorizonColumns.experts / 2 {
    let point = unsafe rows(slice.points, pair)
    let error = unsafe rows(slice.state + HorizonColumns.errors, pair)
    unsafe fans[pair] = point + error * state[HorizonColumns.offsets / 16 &+ pair]
    unsafe fans[pair &+ HorizonColumns.experts / 2] = point + exp(state[HorizonColumns.fanLogs / 16 &+ pair]) * spread
  }
}

/// The mixture of the fans at each level, in both halves.
@inline(__always)
private func mix(_ slice: borrowing HorizonSlice) -> Floats {
  let (weights, fans) = unsafe (lanes(slice.state + HorizonColumns.mixture), lanes(slice.fans))
  var sum = Floats.zero
  for k in 0..<HorizonColumns.experts { unsafe sum += weights[k] * fans[k] }
  return synfire_folded16(sum)
}

/// Forecasts: places the points of the heads and the prior among those given, and mixes the fans of all.
///
/// The points from the fifth on are given and clipped like the others.
func forecastHorizon(_ slice: borrowing HorizonSlice, _ question: HorizonQuestion) -> HorizonAnswer {
  let chunks = slice.length &>> 4
  let prior = unsafe priorFan(slice, slice.fans)
  let priorMedian = question.priorBase + prior[median]
  let (f, w) = unsafe (lanes(slice.features), lanes(slice.state + HorizonColumns.weights))
  unsafe slice.points[0] = dot(f, w, chunks) + priorMedian
  unsafe slice.points[1] = dot(f, w + chunks, chunks) + question.lastValue
  unsafe slice.points[2] = dot(f, w + 2 &* chunks, chunks)
  unsafe slice.points[3] = priorMedian
  for i in 0..<HorizonColumns.experts {
    unsafe slice.points[i] = min(question.greatest, max(question.least, slice.points[i]))
  }
  loadFans(slice, prior)
  let mixed = mix(slice)
  // The first half as it is, the second moved.
  let scale = unsafe slice.state[HorizonColumns.scale]
  let zero = SIMD8<Float>.zero
  let shifts = unsafe UnsafeRawPointer(slice.state + HorizonColumns.shifts).loadUnaligned(as: SIMD8<Float>.self)
  return HorizonAnswer(
    quantiles: mixed + Floats(lowHalf: zero, highHalf: shifts) * scale,
    priorMedian: priorMedian
  )
}

/// Learns from a target: heads by recursive least squares, mixture by exponentiated gradient, coverage, fans.
func learnHorizon(_ slice: borrowing HorizonSlice, _ lesson: borrowing HorizonLesson) {
  learnHeads(slice, lesson)
  let prior = unsafe priorFan(slice, slice.fans)
  loadFans(slice, prior)
  learnMixture(slice, lesson)
  learnFans(slice, lesson)
}

/// Huber-clipped errors; a sample is never overshot.
@inline(__always)
private func learnHeads(_ slice: borrowing HorizonSlice, _ lesson: borrowing HorizonLesson) {
  let chunks = slice.length &>> 4
  let (f, g) = unsafe (lanes(slice.features), lanes(lesson.gain))
  let share = min(lesson.gainFactor, 1 / (lesson.leverage + 1e-9))
  for head in 0..<HorizonColumns.heads {
    let w = unsafe lanes(slice.state + HorizonColumns.weights) + head &* chunks
    let running = unsafe slice.state[HorizonColumns.headErrors &+ head]
    let error = unsafe (lesson.target - lesson.headBases[head]) - dot(f, w, chunks)
    let bound = lesson.clip * running
    unsafe slice.state[HorizonColumns.headErrors &+ head] =
      running + lesson.headRate * (min(abs(error), 3 * bound) - running)
    let step = Floats(repeating: share * min(max(error, -bound), bound))
    for k in 0..<chunks { unsafe w[k] += g[k] * step }
  }
}

/// Exponentiated gradient on the pinball loss, one simplex of weights per quantile; then the coverage tracker.
@inline(__always)
private func learnMixture(_ slice: borrowing HorizonSlice, _ lesson: borrowing HorizonLesson) {
  let state = unsafe slice.state
  let target = Floats(repeating: lesson.target)
  let error = abs(lesson.median - lesson.target)
  unsafe state[HorizonColumns.scale] += lesson.scaleRate * (error - state[HorizonColumns.scale])
  let scale = unsafe state[HorizonColumns.scale] + 1e-9

  let (weights, fans) = unsafe (lanes(state + HorizonColumns.mixture), lanes(slice.fans))
  let mixed = mix(slice)
  let slope = (less(target, mixed) - levels) * (-2 * lesson.mixtureRate)
  let inverse = 1 / scale
  // Weights are exponentiated in place; the padding's total must not be 0.
  var totals = Floats.zero
  for k in 0..<HorizonColumns.experts {
    let weight = unsafe exp(slope * clip((fans[k] - mixed) * inverse, 3)) * weights[k]
    unsafe weights[k] = weight
    totals += weight
  }
  let factor = (1 - lesson.uniformShare) / synfire_folded16(totals)
  let uniform = lesson.uniformShare / Float(2 * HorizonColumns.experts)
  for k in 0..<HorizonColumns.experts { unsafe weights[k] = weights[k] * factor + uniform }

  // The 10 % and 90 % quantiles as they were forecast follow the points; for the others what is mixed now stands in.
  var forecast = mixed.lowHalf
  unsafe (forecast[1], forecast[5]) = (
    slice.points[HorizonColumns.experts], slice.points[HorizonColumns.experts + 1]
  )
  let moved = unsafe UnsafeMutableRawPointer(state + HorizonColumns.shifts)
  let shifts = unsafe moved.load(as: SIMD8<Float>.self)
  let both = Floats(lowHalf: forecast + shifts * scale, highHalf: .zero)
  let push = (levels - less(target, both)) * (sides * sides) * lesson.shiftRate
  unsafe moved.storeBytes(of: shifts + push.lowHalf, as: SIMD8<Float>.self)
}

/// Moves the offsets and fan factors of every expert, and its running error.
@inline(__always)
private func learnFans(_ slice: borrowing HorizonSlice, _ lesson: borrowing HorizonLesson) {
  let (state, fans) = unsafe (lanes(slice.state), lanes(slice.fans))
  let errors = unsafe slice.state + HorizonColumns.errors
  let target = Floats(repeating: lesson.target)
  let offsetStep = sides * sides * lesson.offsetRate
  let fanStep = sides * lesson.fanRate
  for pair in 0..<HorizonColumns.experts / 2 {
    let normal = unsafe (target - rows(slice.points, pair)) / (rows(errors, pair) + 1e-9)
    let (o, l) = (HorizonColumns.offsets / 16 &+ pair, HorizonColumns.fanLogs / 16 &+ pair)
    unsafe state[o] += offsetStep * (levels - less(normal, state[o]))
    unsafe state[l] = clip(state[l] + fanStep * (levels - less(target, fans[pair &+ HorizonColumns.experts / 2])), 3)
  }
  let running = unsafe lanes(errors)
  let error = unsafe target - lanes(slice.points)[0]
  let size = synfire_greater16(error, -error)
  let cut = unsafe synfire_lesser16(size, running[0] * 8 + 1e-3)
  unsafe running[0] += (cut - running[0]) * lesson.errorRate
}

internal import KernelTypes

private typealias C = ReadoutConstants

/// The linear expert: recursive least squares on the inputs as they are, for near horizons, on top of the last value.
///
/// Spike counts have fifty steps, which is coarse where a series is smooth; here the latest values count exactly. Every tick
/// adds a little to the covariance's diagonal, so that weights follow what changes.
extension SeriesReadout {
  /// Keeps the inputs of the present tick, from the context inputs in `scratch`; `inverse` is 1 over the scale, `others` are
  /// the deviations of other metrics of the service.
  func keepLinearInputs(_ inverse: Double, _ others: SIMD4<Float>, _ scratch: ReadoutScratch) {
    let inputs = linearLatest
    let context = unsafe scratch.inputCells
    var next = 0
    func put(_ value: Float) {
      inputs[next] = C.linearScale * min(6, max(-6, value))
      next += 1
    }
    // Lags, means, what is known of the targets of the first two horizons but for their spread, and of the present phase.
    for i in 0..<36 where !C.linearOmitted.contains(i) { put(unsafe context[i]) }
    for i in 46..<50 { put(unsafe context[i]) }
    put(1)
    for j in 0..<2 { for base in 9...10 { put(pending.bases[j * C.bases + base]) } }
    for i in 0..<3 { put(Float(scalars.residuals[i] * inverse)) }
    for i in 0..<C.linearOmitted.count { put(others[i]) }
    precondition(next == C.linearLength)
    // Kernels pack from sixteen lanes of working memory or state alike.
    unsafe scratch.kernels.packHalves(linearInputs(ofTick: ticks, inputs.base))
  }

  /// Adds the last tick's inputs to the covariance and leaves in `scratch` the inputs, gains and leverages of the origins.
  func stepLinear(_ scratch: ReadoutScratch) {
    let (length, linear) = unsafe (C.linearLength, scratch.linear)
    let last = linearLatest
    for i in 0..<length {
      unsafe linear[i] = last[i]
      unsafe linear[2 * length + i] = 0
    }
    let far = ticks - min(ticks, shape.linearMemory)
    unsafe scratch.kernels.unpackHalves(linearInputs(ofTick: far, linear + length))
    let adds = origin(ofTick: ticks - 1).scale > 0
    let triangle = linearCovariance(scratch)
    scratch.kernels.unpackTriangle(triangle)
    let step = unsafe CovarianceStep(
      order: length,
      adds: adds,
      forgetting: C.forgetting,
      cells: triangle.cells,
      features: linear,
      gains: linear + 3 * length,
      leverages: linear + 6 * length,
      next: nil,
      nextLines: 0
    )
    scratch.kernels.stepCovariance(step)
    guard adds else { return }
    for row in 0..<length { unsafe triangle.cells[TriangleRows.start(ofRow: row) + row] += C.linearDrift }
    scratch.kernels.packTriangle(triangle)
  }

  /// What the weights of a horizon give for some inputs.
  private func linearRise(_ j: Int, _ inputs: UnsafePointer<Float>) -> Float {
    let weights = linearWeights(j)
    var sum: Float = 0
    for i in 0..<C.linearLength { sum += unsafe weights[i] * inputs[i] }
    return sum
  }

  /// The point for a horizon; for far ones the smoothed profile moved by the last day's distance from it.
  func linearPoint(_ j: Int) -> Float {
    guard shape.isLinear(j) else { return pending.bases[j * C.bases + 12] }
    return unsafe pending.bases[0] + linearRise(j, linearLatest.base)
  }

  /// Learns how far a target lay from the last value of its origin.
  func learnLinear(_ j: Int, rise: Float, _ scratch: ReadoutScratch) {
    let (length, learned, weights) = (C.linearLength, horizon(j), linearWeights(j))
    let inputs = unsafe scratch.linear + j * length
    let gain = unsafe scratch.linear + (3 + j) * length
    let leverage = unsafe scratch.linear[6 * length + j]
    let running = learned[HorizonColumns.linearError]
    let (error, bound) = (unsafe rise - linearRise(j, inputs), C.clip * running)
    let rate = Float(max(0.01, 1 / Double(ticks - shape.horizons[j] + 1)))
    learned[HorizonColumns.linearError] = running + rate * (min(abs(error), 3 * bound) - running)
    let share = min(j == 0 ? C.linearGains.next : C.linearGains.near, 1 / (leverage + 1e-9))
    let step = share * min(max(error, -bound), bound)
    for i in 0..<length { weights[i] += unsafe step * gain[i] }
  }
}

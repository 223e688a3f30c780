/// Tables of fans and levels, `[fan * 8 + level]`, in flat loops that vectorise; the eighth level is padding.
///
/// Each level's sum over the fans has the order of the fans, so results have the same bits on any instruction set.
enum FanMixture {
  /// Fans: two of every expert.
  static let fans = 2 * ReadoutConstants.experts
  /// Elements of a table.
  static let size = fans * 8

  /// Replaces each element by e to its power.
  static func exponentiate(_ values: inout [Double], count: Int) {
    precondition(count <= values.count)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let v = buffer.baseAddress else { return }
      for k in 0..<count { unsafe v[k] = Elementary.exp(v[k]) }
    }
  }

  /// Returns the mixture of the fans at each level.
  static func mix(_ weights: [Float], _ fans: [Double]) -> SIMD8<Double> {
    precondition(weights.count == size && fans.count == size)
    return unsafe weights.withUnsafeBufferPointer { weights in
      unsafe fans.withUnsafeBufferPointer { fans in
        unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 8) { sums in
          guard let w = weights.baseAddress, let f = fans.baseAddress, let s = sums.baseAddress else { return .zero }
          for q in 0..<8 { unsafe s[q] = 0 }
          for row in stride(from: 0, to: size, by: 8) {
            for q in 0..<8 { unsafe s[q] += Double(w[row + q]) * f[row + q] }
          }
          return unsafe UnsafeRawPointer(s).loadUnaligned(as: SIMD8<Double>.self)
        }
      }
    }
  }

  /// Takes an exponentiated gradient step on the pinball loss of a target, then mixes in the uniform share.
  static func learn(
    _ weights: inout [Float],
    _ fans: [Double],
    target: Double,
    scale: Double,
    rate: Double,
    factors: inout [Double]
  ) {
    let mixed = mix(weights, fans)
    let inverse = 1 / scale
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 24) { rows in
      unsafe weights.withUnsafeMutableBufferPointer { weights in
        unsafe fans.withUnsafeBufferPointer { fans in
          unsafe factors.withUnsafeMutableBufferPointer { factors in
            guard let w = weights.baseAddress, let f = fans.baseAddress, let e = factors.baseAddress,
              let m = rows.baseAddress
            else { return }
            let (slopes, totals) = unsafe (m + 8, m + 16)
            for q in 0..<8 {
              let level = q < 7 ? ReadoutConstants.levels[q] : 0
              unsafe m[q] = mixed[q]
              unsafe slopes[q] = -rate * (2 * ((target < mixed[q] ? 1 : 0) - level))
              unsafe totals[q] = 0
            }
            for row in stride(from: 0, to: size, by: 8) {
              for q in 0..<8 {
                let distance = unsafe (f[row + q] - m[q]) * inverse
                unsafe e[row + q] = slopes[q] * min(3, max(-3, distance))
              }
            }
            for k in 0..<size { unsafe e[k] = Elementary.exp(e[k]) * Double(w[k]) }
            for row in stride(from: 0, to: size, by: 8) {
              for q in 0..<8 { unsafe totals[q] += e[row + q] }
            }
            for q in 0..<7 { unsafe totals[q] = (1 - ReadoutConstants.uniformShare) / totals[q] }
            let uniform = ReadoutConstants.uniformShare / Double(Self.fans)
            for row in stride(from: 0, to: size, by: 8) {
              for q in 0..<8 { unsafe w[row + q] = Float(e[row + q] * totals[q] + uniform) }
            }
          }
        }
      }
    }
  }
}

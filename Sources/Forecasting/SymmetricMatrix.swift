/// A symmetric matrix of single precision, stored as its lower triangle in rows padded to blocks of four columns.
///
/// Row a holds columns 0 ..< 4 (a / 4 + 1): the blocks left of the diagonal once, the 4 × 4 blocks on the diagonal in full.
/// Every sum has a fixed order (four lanes, then their sum), so results have the same bits on any instruction set.
struct SymmetricMatrix: Equatable, Sendable {
  /// Rows.
  let order: Int
  /// The rows one after another.
  var cells: [Float]

  /// Makes the identity.
  init(identityOfOrder order: Int) {
    self.order = order
    cells = Array(repeating: 0, count: Self.start(ofRow: order))
    for row in 0..<order { cells[Self.start(ofRow: row) + row] = 1 }
  }

  /// The cells that rows before one take.
  static func start(ofRow row: Int) -> Int { (8 * (row / 4) + 4 * (row % 4)) * (row / 4 + 1) }

  /// The length that vectors must have: the order, rounded up to a multiple of four.
  static func paddedLength(_ order: Int) -> Int { (order + 3) / 4 * 4 }

  /// Writes the product with a vector; both vectors are padded with zeros.
  func multiply(_ vector: [Float], into result: inout [Float]) {
    precondition(vector.count == Self.paddedLength(order) && result.count == vector.count)
    unsafe cells.withUnsafeBufferPointer { cells in
      unsafe vector.withUnsafeBufferPointer { vector in
        unsafe result.withUnsafeMutableBufferPointer { result in
          guard let p = cells.baseAddress, let f = vector.baseAddress, let z = result.baseAddress else { return }
          unsafe Forecasting.multiply(p, f, into: z, order: order)
        }
      }
    }
  }

  /// Subtracts c z zᵀ.
  mutating func subtractOuterProduct(of vector: [Float], scaledBy c: Double) {
    precondition(vector.count == Self.paddedLength(order))
    let order = order
    unsafe cells.withUnsafeMutableBufferPointer { cells in
      unsafe vector.withUnsafeBufferPointer { vector in
        guard let p = cells.baseAddress, let z = vector.baseAddress else { return }
        unsafe Forecasting.subtractOuterProduct(of: z, scaledBy: c, from: p, order: order)
      }
    }
  }
}

@inline(__always)
private func load(_ p: UnsafePointer<Float>, _ at: Int) -> SIMD4<Float> {
  unsafe UnsafeRawPointer(p + at).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func load(_ p: UnsafeMutablePointer<Float>, _ at: Int) -> SIMD4<Float> {
  unsafe UnsafeRawPointer(p + at).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func store(_ value: SIMD4<Float>, _ p: UnsafeMutablePointer<Float>, _ at: Int) {
  unsafe UnsafeMutableRawPointer(p + at).storeBytes(of: value, as: SIMD4<Float>.self)
}

@inline(__always)
private func sum(_ v: SIMD4<Float>) -> Float { (v[0] + v[2]) + (v[1] + v[3]) }

/// Multiplies rows 4 I … 4 I + 3 at once: each block serves its rows and, mirrored, its columns.
private func multiply(
  _ p: UnsafePointer<Float>,
  _ f: UnsafePointer<Float>,
  into z: UnsafeMutablePointer<Float>,
  order: Int
) {
  for i in stride(from: 0, to: order, by: 4) { unsafe store(SIMD4(repeating: 0), z, i) }
  for block in 0..<order / 4 {
    let length = 4 * (block + 1)
    let r0 = unsafe p + 8 * block * (block + 1)
    let r1 = unsafe r0 + length
    let r2 = unsafe r1 + length
    let r3 = unsafe r2 + length
    let row = 4 * block
    let own = unsafe load(f, row)
    let (f0, f1, f2, f3) = (own[0], own[1], own[2], own[3])
    var s0 = SIMD4<Float>(repeating: 0)
    var (s1, s2, s3) = (s0, s0, s0)
    var column = 0
    while column < row {
      let (a, b) = unsafe (load(r0, column), load(r1, column))
      let (c, d) = unsafe (load(r2, column), load(r3, column))
      let x = unsafe load(f, column)
      let mirrored = (a * f0 + b * f1) + (c * f2 + d * f3)
      unsafe store(load(z, column) + mirrored, z, column)
      s0 += a * x
      s1 += b * x
      s2 += c * x
      s3 += d * x
      column += 4
    }
    s0 += unsafe load(r0, row) * own
    s1 += unsafe load(r1, row) * own
    s2 += unsafe load(r2, row) * own
    s3 += unsafe load(r3, row) * own
    unsafe store(load(z, row) + SIMD4(sum(s0), sum(s1), sum(s2), sum(s3)), z, row)
  }
  for row in order / 4 * 4..<order {
    let diagonal = row / 4 * 4
    let r = unsafe p + SymmetricMatrix.start(ofRow: row)
    let own = unsafe f[row]
    var s = SIMD4<Float>(repeating: 0)
    var column = 0
    while column < diagonal {
      let a = unsafe load(r, column)
      s += unsafe a * load(f, column)
      unsafe store(load(z, column) + a * own, z, column)
      column += 4
    }
    s += unsafe load(r, diagonal) * load(f, diagonal)
    unsafe z[row] += sum(s)
  }
}

private func subtractOuterProduct(
  of z: UnsafePointer<Float>,
  scaledBy c: Double,
  from p: UnsafeMutablePointer<Float>,
  order: Int
) {
  for row in 0..<order {
    let r = unsafe p + SymmetricMatrix.start(ofRow: row)
    let k = unsafe Float(Double(z[row]) * c)
    for column in stride(from: 0, through: row / 4 * 4, by: 4) {
      unsafe store(load(r, column) - load(z, column) * k, r, column)
    }
  }
}

/// Returns the sum of the products in double precision, in four lanes; both vectors are padded to multiples of four.
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
  var low = SIMD2<Double>(repeating: 0)
  var high = low
  for i in stride(from: 0, to: count, by: 4) {
    let product = unsafe load(a, i) * load(b, i)
    low += SIMD2(Double(product[0]), Double(product[1]))
    high += SIMD2(Double(product[2]), Double(product[3]))
  }
  let s = low + high
  return s[0] + s[1]
}

/// Adds a multiple of a vector; both are padded to multiples of four.
func add(_ b: UnsafePointer<Float>, times factor: Float, to a: UnsafeMutablePointer<Float>, count: Int) {
  for i in stride(from: 0, to: count, by: 4) { unsafe store(load(a, i) + load(b, i) * factor, a, i) }
}

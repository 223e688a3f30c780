internal import CIntrinsics

/// Numbers in half precision, as distances from an anchor; NaN where nothing is known.
///
/// A distance keeps eleven bits, so that what lies within a few scales of the anchor errs by less than a thousandth of a
/// scale; the anchor itself is kept exactly, and with it a constant.
@safe
struct HalfColumn {
  let base: UnsafeMutablePointer<UInt16>
  let count: Int
  let anchor: Double

  /// A number.
  subscript(index: Int) -> Double {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      return unsafe anchor + Self.distance(base[index])
    }
    @inline(__always) nonmutating set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      unsafe base[index] = Float16(newValue - anchor).bitPattern
    }
  }

  /// Forgets all of them.
  func clear() { unsafe base.update(repeating: Float16.nan.bitPattern, count: count) }

  /// Changes each number and keeps the result as a distance from another anchor.
  func move(to anchor: Double, _ change: (Double) -> Double) {
    let other = unsafe HalfColumn(base: base, count: count, anchor: anchor)
    for i in 0..<count { other[i] = change(self[i]) }
  }

  /// Fetches the line of a number that is wanted soon.
  func fetch(_ index: Int) { unsafe synfire_prefetch_level2(UnsafePointer(base + index)) }

  /// What a half stands for; its exponent is widened by a multiplication, which needs no instruction for halves.
  @inline(__always)
  private static func distance(_ bits: UInt16) -> Double {
    guard bits & 0x7C00 != 0x7C00 else { return .nan }
    let wide = Double(bitPattern: UInt64(bits & 0x7FFF) << 42) * 0x1p1008
    return bits & 0x8000 == 0 ? wide : -wide
  }
}

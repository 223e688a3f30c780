internal import KernelTypes

typealias Floats = SIMD16<Float>
typealias Integers = SIMD16<Int32>
typealias Doubles = SIMD8<Double>
typealias Longs = SIMD8<Int64>
typealias Words = SIMD16<UInt32>

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Floats> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: Floats.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafePointer<Float>) -> UnsafePointer<Floats> {
  unsafe UnsafeRawPointer(column).assumingMemoryBound(to: Floats.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<Int32>) -> UnsafeMutablePointer<Integers> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: Integers.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<UInt32>) -> UnsafeMutablePointer<Words> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: Words.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafePointer<UInt32>) -> UnsafePointer<Words> {
  unsafe UnsafeRawPointer(column).assumingMemoryBound(to: Words.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<UInt16>) -> UnsafeMutablePointer<SIMD16<UInt16>> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: SIMD16<UInt16>.self)
}

/// The elements of a column sixteen at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafePointer<UInt8>) -> UnsafePointer<SIMD16<UInt8>> {
  unsafe UnsafeRawPointer(column).assumingMemoryBound(to: SIMD16<UInt8>.self)
}

/// The elements of a column eight at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<Doubles> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: Doubles.self)
}

/// The elements of a column eight at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafePointer<Double>) -> UnsafePointer<Doubles> {
  unsafe UnsafeRawPointer(column).assumingMemoryBound(to: Doubles.self)
}

/// The elements of a column eight at a time; the column must begin on a boundary of 64 bytes.
@inline(__always)
func lanes(_ column: UnsafeMutablePointer<Int64>) -> UnsafeMutablePointer<Longs> {
  unsafe UnsafeMutableRawPointer(column).assumingMemoryBound(to: Longs.self)
}

/// In which form noise comes.
enum NoiseForm { case none, counts, rows }

extension StepNoise {
  /// The form of this noise.
  var form: NoiseForm {
    if unsafe counts != nil { return .counts }
    return unsafe excitatory != nil ? .rows : .none
  }
}

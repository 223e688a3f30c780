internal import CIntrinsics
internal import KernelTypes

/// Computes what constant currents add to the encoder neurons in a step, (b + Σ W u) · share, sixteen neurons at a time.
///
/// The order of the additions to each neuron is the order of the inputs.
func driveEncoders(_ tables: borrowing EncoderDrive) {
  let chunks = tables.neurons &>> 4
  let (w, biases, shares) = unsafe (lanes(tables.weights), lanes(tables.biases), lanes(tables.shares))
  let result = unsafe lanes(tables.drives)
  for b in stride(from: 0, to: chunks, by: 4) {
    var (i0, i1, i2, i3) = unsafe (biases[b], biases[b &+ 1], biases[b &+ 2], biases[b &+ 3])
    var row = unsafe w + b
    for input in 0..<tables.inputs {
      let u = unsafe Floats(repeating: tables.values[input])
      i0 += unsafe row[0] * u
      i1 += unsafe row[1] * u
      i2 += unsafe row[2] * u
      i3 += unsafe row[3] * u
      unsafe row += chunks
    }
    unsafe result[b] = shares[b] * i0
    unsafe result[b &+ 1] = shares[b &+ 1] * i1
    unsafe result[b &+ 2] = shares[b &+ 2] * i2
    unsafe result[b &+ 3] = shares[b &+ 3] * i3
  }
}

/// Replaces numbers x by c sinh(x), kept finite, eight at a time.
func expandCompressed(_ numbers: borrowing CompressedValues) {
  let at = unsafe lanes(numbers.values)
  let (bound, most) = (Doubles(repeating: 600), Doubles(repeating: .greatestFiniteMagnitude))
  for group in 0..<numbers.groups {
    let x = unsafe synfire_lesser8(synfire_greater8(at[group], -bound), bound)
    let e = exp(x)
    let far = (e - 1 / e) * 0.5
    // Near 0 the difference of powers loses digits.
    let z = x * x
    var p = z * (1.0 / 6_227_020_800) + 1.0 / 39_916_800
    p = p * z + 1.0 / 362_880
    p = p * z + 1.0 / 5040
    p = p * z + 1.0 / 120
    p = p * z + 1.0 / 6
    let near = x + x * (z * p)
    let y = synfire_choose8(synfire_not_less8(z, Doubles(repeating: 0.1225)), far, near) * numbers.offset
    unsafe at[group] = synfire_lesser8(synfire_greater8(y, -most), most)
  }
}

/// Rounds floats to half precision, sixteen at a time; great ones are brought within ±60000.
func packHalves(_ numbers: borrowing HalfPrecision) {
  let (floats, halves) = unsafe (lanes(numbers.floats), lanes(numbers.halves))
  let bound = Floats(repeating: 60_000)
  for k in 0..<numbers.groups {
    unsafe halves[k] = synfire_halves_of_floats(synfire_greater16(synfire_lesser16(floats[k], bound), -bound))
  }
}

/// Reads floats of half precision, sixteen at a time.
func unpackHalves(_ numbers: borrowing HalfPrecision) {
  let (floats, halves) = unsafe (lanes(numbers.floats), lanes(numbers.halves))
  for k in 0..<numbers.groups { unsafe floats[k] = synfire_floats_of_halves(halves[k]) }
}

/// e to the power x for |x| ≤ 700.
@inline(__always)
private func exp(_ x: Doubles) -> Doubles {
  // Adding it leaves the nearest integer in the low bits of the sum.
  let shift = 0x1.8p52
  let shifted = x * 1.442_695_040_888_963_4 + shift
  let k = shifted - shift
  let r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33
  var p = r * (1.0 / 6_227_020_800) + 1.0 / 479_001_600
  p = p * r + 1.0 / 39_916_800
  p = p * r + 1.0 / 3_628_800
  p = p * r + 1.0 / 362_880
  p = p * r + 1.0 / 40_320
  p = p * r + 1.0 / 5040
  p = p * r + 1.0 / 720
  p = p * r + 1.0 / 120
  p = p * r + 1.0 / 24
  p = p * r + 1.0 / 6
  p = p * r + 0.5
  p = p * r + 1
  p = p * r + 1
  let bits = unsafe unsafeBitCast(shifted, to: SIMD8<UInt64>.self)
  return unsafe p * unsafeBitCast((bits &+ 1023) &<< 52, to: Doubles.self)
}

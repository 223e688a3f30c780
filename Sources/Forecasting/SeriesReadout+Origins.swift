internal import CIntrinsics

/// What every origin keeps until its targets come: those of the first two horizons exactly, those of the last in half the room.
///
/// A scale in sixteen bits is a float without its lower half: its error of 1/512 is far below what a day's forecast errs by.
extension SeriesReadout {
  /// Level and scale of an origin (negative where its value was missing), and its last value in scales from the level.
  struct Origin {
    var level, scale: Double
    var lastValue: Float
  }

  /// Level, scale and last value of each near origin.
  private var nearOrigins: Cells<Float> { cells(layout.origins, 3 * shape.horizons[1]) }
  /// Levels of all remembered origins.
  var farLevels: HalfColumn { halves(layout.farLevels, shape.memory) }
  /// Upper halves of their scales.
  private var farScales: Cells<UInt16> {
    let cells = cells(layout.farScales, (shape.memory + 1) / 2)
    return unsafe Cells(
      base: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: UInt16.self),
      count: shape.memory
    )
  }

  /// An origin that is remembered: at most as many ticks ago as the last horizon.
  func origin(ofTick tick: Int) -> Origin {
    if ticks - tick <= shape.horizons[1] {
      let (near, first) = (nearOrigins, 3 * (tick % shape.horizons[1]))
      return Origin(level: Double(near[first]), scale: Double(near[first + 1]), lastValue: near[first + 2])
    }
    let place = tick % shape.memory
    let level = farLevels[place]
    let scale = Double(Float(bitPattern: UInt32(farScales[place]) << 16))
    return Origin(level: level, scale: scale, lastValue: Float((value(ofTick: tick) - level) / abs(scale)))
  }

  /// Keeps the present tick as an origin.
  func keepOrigin(isReal: Bool) {
    let (near, first) = (nearOrigins, 3 * (ticks % shape.horizons[1]))
    let scale = Float(isReal ? pending.scale : -pending.scale)
    near[first] = Float(pending.level)
    near[first + 1] = scale
    near[first + 2] = pending.bases[0]
    farLevels[ticks % shape.memory] = pending.level
    farScales[ticks % shape.memory] = Self.upperHalf(scale)
  }

  /// Changes level and scale of all origins; levels stay distances from the present anchor.
  func transformOrigins(_ change: (_ level: Double, _ scale: Double) -> (level: Double, scale: Double)) {
    let (near, levels, scales) = (nearOrigins, farLevels, farScales)
    for i in 0..<shape.horizons[1] {
      let moved = change(Double(near[3 * i]), Double(near[3 * i + 1]))
      (near[3 * i], near[3 * i + 1]) = (Float(moved.level), Float(moved.scale))
    }
    for i in 0..<shape.memory {
      scales[i] = Self.upperHalf(
        Float(change(levels[i], Double(Float(bitPattern: UInt32(scales[i]) << 16))).scale)
      )
    }
  }

  /// The nearest float whose lower half is zero, as its upper half; a positive number stays positive.
  private static func upperHalf(_ scale: Float) -> UInt16 {
    let rounded = scale.bitPattern &+ 0x8000
    return UInt16(truncatingIfNeeded: rounded >> 16)
  }

  /// Fetches what is kept of an origin.
  func fetchOrigin(_ tick: Int) {
    if ticks - tick <= shape.horizons[1] {
      unsafe synfire_prefetch_level2(nearOrigins.base + 3 * (tick % shape.horizons[1]))
    }
    farLevels.fetch(tick % shape.memory)
    unsafe synfire_prefetch_level2(UnsafePointer(farScales.base + tick % shape.memory))
  }
}

internal import Circuits

/// A column of the neurons of a `rate_encoder` population.
public enum EncoderColumn: Sendable {
  /// The potential.
  case v
  /// Decay per step.
  case alpha
  /// What every step adds.
  case drive
  /// The potential at the start of a tick.
  case v0
}

extension Tile {
  private func encoder(_ slice: Int) -> RateEncoderSingle {
    guard let encoder = groups[plan.slices[slice].model] as? RateEncoderSingle else {
      preconditionFailure("slice \(slice) of the layout is no rate_encoder")
    }
    return encoder
  }

  /// Lends a column of the encoders of a slice, by place in the slice.
  ///
  /// `drive`, `v` and the counts are part of snapshots; `alpha` and `v0` are parameters, which whoever changes them must set again.
  public func withEncoders<Result>(
    _ column: EncoderColumn,
    ofSlice slice: Int,
    _ body: (inout MutableSpan<Float>) -> Result
  ) -> Result {
    let encoder = encoder(slice)
    let place = plan.slices[slice]
    let base =
      switch column {
      case .v: unsafe encoder.v.base
      case .alpha: unsafe encoder.alpha.base
      case .drive: unsafe encoder.drive.base
      case .v0: unsafe encoder.v0.base
      }
    let elements = unsafe UnsafeMutableBufferPointer(start: base + place.start, count: place.slice.count)
    var span = unsafe MutableSpan(_unsafeElements: elements)
    return body(&span)
  }

  /// Lends the spike counts of the encoders of a slice, by place in the slice.
  public func withEncoderCounts<Result>(
    ofSlice slice: Int,
    _ body: (inout MutableSpan<UInt32>) -> Result
  ) -> Result {
    let place = plan.slices[slice]
    let base = unsafe encoder(slice).counts.base + place.start
    let elements = unsafe UnsafeMutableBufferPointer(start: base, count: place.slice.count)
    var span = unsafe MutableSpan(_unsafeElements: elements)
    return body(&span)
  }

  /// Puts the potentials of all encoders back to `v0` and clears their counts, as at the start of a tick.
  public func restartEncoders() {
    for slice in plan.slices.indices where plan.entry(slice).model.name == ModelEntry.rateEncoder.model.name {
      let (encoder, place) = (encoder(slice), plan.slices[slice])
      unsafe (encoder.v.base + place.start).update(from: encoder.v0.base + place.start, count: place.slice.count)
      unsafe (encoder.counts.base + place.start).update(repeating: 0, count: place.slice.count)
    }
  }
}

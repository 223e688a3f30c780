internal import Basics
internal import Wire
internal import Workloads

/// How surprising one series has been lately.
struct SurpriseTrack: Equatable {
  /// Running 99 % quantile of the surprise: 1.4 for normal errors, 2 for Laplace's.
  var usual = 2.2
  /// The first tick of the present excursion, and its side.
  var onset: Tick?
  var isAbove = false
  /// Successive clear surprises on the same side.
  var clearRun = 0
  /// The last tick with a value.
  var lastTick = Tick(.min)

  private static let rate = 0.01

  init() {}

  /// Takes a value's surprise; returns it relative to what is usual for the series.
  ///
  /// A series whose bands are too narrow by habit is measured by its own habit: surprise counts fully up to a usual
  /// 99 % quantile of 2.2 and is scaled down above.
  mutating func take(_ surprise: Double, isAbove above: Bool, at tick: Tick) -> Double {
    let relative = surprise / max(1, usual / 2.2)
    usual = min(10, max(1.4, usual + Self.rate * (surprise > usual ? 0.99 : -0.01)))
    // A gap of one tick does not end an excursion, a longer one does.
    let continues = above == isAbove && lastTick.index >= tick.index - 2
    if relative < AnomalyDetector.notable {
      onset = nil
    } else if onset == nil || !continues {
      onset = tick
    }
    clearRun = relative < AnomalyDetector.clear ? 0 : continues ? min(clearRun + 1, 1_000_000) : 1
    (isAbove, lastTick) = (above, tick)
    return relative
  }

  func encode(into w: inout ByteWriter) {
    w.write(usual)
    w.write(optional: onset)
    w.write(isAbove)
    w.write(int: clearRun)
    w.write(lastTick)
  }

  init(from r: inout ByteReader) throws(WireError) {
    usual = try r.readDouble()
    onset = try r.readOptionalTick()
    isAbove = try r.readBool()
    clearRun = try r.readAmount()
    lastTick = try r.readTick()
  }
}

internal import Circuits
internal import Glibc
internal import KernelTypes

/// The last spikes of a tile's neurons as plastic segments read them, in single precision.
///
/// Exponentials are relative to a base step, so that one number of a spike serves every source. The base is the multiple of a
/// period at or before the source's spike: a function of the step alone.
@safe
final class RecentSpikes {
  /// Time constants back from the base beyond which a spike is too far for the lines.
  private static let reach = 75.0
  /// Time constants in a period, and in the longest delay that lines serve.
  ///
  /// No source looks further back than these two and the wait until it is settled: less than the reach.
  static let periods = 16.0

  /// A line for each local place, see `PlasticSegment`.
  let lines: Column<Float>
  /// exp(n h/tau_plus), and the same of tau_minus.
  let plus, minus: PowerTable
  /// Steps back from the base that the lines reach, for each time constant.
  let reachPlus, reachMinus: Int64
  /// The base, in steps.
  private(set) var base: Int64 = 0
  private let period: Int64

  /// Makes empty lines; nil where the rule, the delays or the step want the general way.
  init?(_ rule: STDP, stepMilliseconds h: Double, longestDelaySteps: Int, width: Int) {
    let shorter = min(rule.tauPlus, rule.tauMinus)
    guard [0, 1].contains(rule.muPlus), [0, 1].contains(rule.muMinus), shorter >= h,
      max(rule.tauPlus, rule.tauMinus) < 1e5 * h, Double(longestDelaySteps) * h <= Self.periods * shorter
    else { return nil }
    period = Int64(Self.periods * shorter / h)
    (reachPlus, reachMinus) = (Int64(Self.reach * rule.tauPlus / h), Int64(Self.reach * rule.tauMinus / h))
    plus = PowerTable(ratio: h / rule.tauPlus, longest: reachPlus)
    minus = PowerTable(ratio: h / rule.tauMinus, longest: reachMinus)
    lines = Column(width * PlasticSegment.lineLength)
    for place in 0..<width { clear(place) }
  }

  private func clear(_ place: Int) {
    for k in 0..<PlasticSegment.spikes {
      lines[place * PlasticSegment.lineLength + k] = .infinity
      lines[place * PlasticSegment.lineLength + PlasticSegment.spikes + k] = 0
    }
  }

  /// E of a step.
  @inline(__always)
  func e(_ step: Int64) -> Float { base &- step > reachPlus ? .infinity : plus[base &- step] }

  /// F of a spike.
  @inline(__always)
  func f(_ step: Int64, _ trace: Float) -> Float { base &- step > reachMinus ? 0 : trace * minus[step &- base] }

  /// Writes a spike of a place into its line.
  @inline(__always)
  func put(_ step: Int64, _ trace: Float, number: Int, at place: Int) {
    let line = unsafe lines.base + place &* PlasticSegment.lineLength
    let cell = number & (PlasticSegment.spikes - 1)
    unsafe line[cell] = e(step)
    unsafe line[PlasticSegment.spikes &+ cell] = f(step, trace)
  }

  /// Moves the base where a source's spike in a step wants another one.
  @inline(__always)
  func move(to step: Int64, _ history: PostHistory<Float>) {
    if step < base || step &- base >= period { rewrite(step / period * period, history) }
  }

  /// Writes the lines anew, for a base or after a snapshot was taken over.
  @inline(never)
  func rewrite(_ base: Int64, _ history: PostHistory<Float>) {
    self.base = base
    for place in 0..<history.steps.count {
      clear(place)
      let (steps, traces, first) = (history.steps[place], history.traces[place], history.firsts[place])
      for k in max(0, steps.count - PlasticSegment.spikes)..<steps.count {
        put(steps[k], traces[k], number: first + k, at: place)
      }
    }
  }
}

/// Values of exp(n r) for whole n.
@safe
final class PowerTable {
  private let ratio: Double
  private let half: Int64
  private let values: Column<Float>

  /// Makes a table for n from `-longest` to `longest`, as far as that is not too large.
  init(ratio: Double, longest: Int64) {
    self.ratio = ratio
    half = min(longest, 1 << 15)
    values = Column(Int(2 * half + 1))
    for i in 0..<values.count { values[i] = Float(exp(Double(Int64(i) - half) * ratio)) }
  }

  /// exp(n r).
  @inline(__always)
  subscript(n: Int64) -> Float {
    let place = n &+ half
    if place >= 0, place <= 2 &* half { return unsafe values.base[Int(truncatingIfNeeded: place)] }
    return Float(exp(Double(n) * ratio))
  }
}

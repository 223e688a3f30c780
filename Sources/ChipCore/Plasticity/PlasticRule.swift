internal import Circuits
internal import Glibc

/// A rule of plasticity in a number format: the change of one weight, and decays by whole steps.
///
/// Weights are without their sign: inhibitory synapses change alike.
struct PlasticRule<Real: BinaryFloatingPoint & BitwiseCopyable> {
  let greatest, lambda, depression: Real
  let muPlus, muMinus: Double
  let plus, minus: DecayTable<Real>

  init(_ rule: STDP, stepMilliseconds h: Double) {
    greatest = Real(abs(rule.greatestWeight))
    lambda = Real(rule.lambda)
    depression = Real(rule.alpha * rule.lambda)
    (muPlus, muMinus) = (rule.muPlus, rule.muMinus)
    plus = DecayTable(stepMilliseconds: h, tau: rule.tauPlus)
    minus = DecayTable(stepMilliseconds: h, tau: rule.tauMinus)
  }

  @inline(__always)
  private func power(_ x: Real, _ mu: Double) -> Real {
    mu == 0 ? 1 : mu == 1 ? x : Real(pow(max(0, Double(x)), mu))
  }

  /// The weight after a spike of the target that finds a trace of the source.
  @inline(__always)
  func facilitated(_ w: Real, by trace: Real) -> Real {
    let share = w / greatest
    let next = share + lambda * power(1 - share, muPlus) * trace
    return next < 1 ? next * greatest : greatest
  }

  /// The weight after a spike of the source that finds a trace of the target.
  @inline(__always)
  func depressed(_ w: Real, by trace: Real) -> Real {
    let share = w / greatest
    let next = share - depression * power(share, muMinus) * trace
    return next > 0 ? next * greatest : 0
  }
}

/// Values of exp(-n h/tau) for whole numbers of steps: times are on the grid, so a table replaces the function.
@safe
final class DecayTable<Real: BinaryFloatingPoint & BitwiseCopyable> {
  let ratio: Double
  let values: Column<Real>

  init(stepMilliseconds h: Double, tau: Double) {
    ratio = h / tau
    values = Column(Int(min(8192, max(64, (20 / ratio).rounded(.up)))))
    for n in 0..<values.count { values[n] = Real(exp(-Double(n) * ratio)) }
  }

  /// The decay over a number of steps, at least 0.
  @inline(__always)
  subscript(steps: Int64) -> Real {
    if steps < Int64(values.count) { return unsafe values.base[Int(truncatingIfNeeded: steps)] }
    return Real(exp(-Double(steps) * ratio))
  }
}

internal import Circuits
internal import Glibc
internal import KernelTypes

/// `iaf_cond_exp` in double precision: for comparison, not for speed.
///
/// With u = V_m - E_L the equation is du/dt = -k(t) u + b(t), linear in u, and the conductances in k and b decay as known.
/// So over a step u(h) = u(0) exp(-A(h)) + ∫ exp(-(A(h) - A(s))) b(s) ds with A the integral of k, which is exact; the
/// remaining integral is taken by Gauss and Legendre's rule with three nodes (an error of the order h⁷, for time constants
/// of some steps below 1e-9 mV). NEST's solver is Runge, Kutta and Fehlberg's with adaptive steps and a tolerance of 1e-3.
@safe
final class IafCondExpDouble: LeakyGroup {
  static let words = LeakyState<Double>.words(["g_ex"], ["g_in"])

  /// A node of the rule: its weight times the step, its time, what is left of a conductance then, and its integral.
  private struct Node {
    let weight, time, leftEx, leftIn, integralEx, integralIn: Double
  }

  private struct Constants {
    let step, perCapacitance, leak, reversalEx, reversalIn: Double
    let nodes: [Node]
    let whole: Node
    let limit: Threshold<Double>
  }

  /// The drive is the current itself.
  let state: LeakyState<Double>
  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  private let constants: [Constants]

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let (h, p) = (plan.circuit.stepMilliseconds, population.parameters)
      let (tauEx, tauIn) = (p["tau_syn_ex"] ?? 0.2, p["tau_syn_in"] ?? 2)
      let limit = Threshold<Double>(population, stepMilliseconds: h)
      func node(at time: Double, weight: Double) -> Node {
        Node(
          weight: weight,
          time: time,
          leftEx: exp(-time / tauEx),
          leftIn: exp(-time / tauIn),
          integralEx: -tauEx * expm1(-time / tauEx),
          integralIn: -tauIn * expm1(-time / tauIn)
        )
      }
      let half = 0.6.squareRoot() / 2
      return Constants(
        step: h,
        perCapacitance: 1 / (p["C_m"] ?? 250),
        leak: p["g_L"] ?? 16.6667,
        reversalEx: (p["E_ex"] ?? 0) - limit.resting,
        reversalIn: (p["E_in"] ?? -85) - limit.resting,
        nodes: [
          node(at: h * (0.5 - half), weight: h * 5 / 18), node(at: h * 0.5, weight: h * 8 / 18),
          node(at: h * (0.5 + half), weight: h * 5 / 18),
        ],
        whole: node(at: h, weight: 0),
        limit: limit
      )
    }
    state = LeakyState(
      plan,
      words: Self.words,
      hasInhibitoryRows: true,
      drivePerCurrent: plan.slices.map { _ in 1 }
    )
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, ex, inh) = unsafe (state.v, state.excitatory(), state.inhibitory())
      let (current, refractory) = unsafe (state.drive.base, state.refractory.base)
      let sums = unsafe rows.sums.base
      let arriving = rows.slices[slice]
      for k in 0..<place.slice.count {
        let i = place.start + k
        let rest = unsafe refractory[i]
        unsafe refractory[i] = rest > 0 ? rest - 1 : 0
        if rest == 0 { unsafe v[i] = moved(v[i], ex[i], inh[i], current[i], c) }
        unsafe ex[i] = ex[i] * c.whole.leftEx + Double(sums[i]) * fixedPointUnit
        unsafe inh[i] = inh[i] * c.whole.leftIn - Double(sums[rows.stride + i]) * fixedPointUnit
        unsafe sums[i] = 0
        unsafe sums[rows.stride + i] = 0
        let noise = arriving.input(of: k, as: Double.self)
        unsafe ex[i] += noise.first
        unsafe inh[i] -= noise.second
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          unsafe refractory[i] = c.limit.refractorySteps
          spikes.append(UInt32(truncatingIfNeeded: place.id(k)))
        }
      }
    }
  }

  /// The potential at the end of a step, from the state at its start.
  private func moved(_ u: Double, _ ex: Double, _ inh: Double, _ current: Double, _ c: Constants) -> Double {
    func decay(_ node: Node) -> Double {
      (c.leak * node.time + ex * node.integralEx + inh * node.integralIn) * c.perCapacitance
    }
    let whole = decay(c.whole)
    if whole > 1 { return movedFar(u, ex, inh, current, c, parts: min(4096, (16 * whole).rounded(.up))) }
    var sum = u * exp(-whole)
    for node in c.nodes {
      let drive = ex * node.leftEx * c.reversalEx + inh * node.leftIn * c.reversalIn + current
      sum += node.weight * c.perCapacitance * drive * exp(decay(node) - whole)
    }
    return sum
  }

  /// The same where the membrane is faster than the step: many small steps, in each of which k and b are their means.
  ///
  /// Such a step is a weighted mean of the old potential and the one that k and b pull to, so it stays between the reversal
  /// potentials however large a conductance is.
  private func movedFar(
    _ start: Double,
    _ ex: Double,
    _ inh: Double,
    _ current: Double,
    _ c: Constants,
    parts: Double
  ) -> Double {
    var (u, ex, inh) = (start, ex, inh)
    let (h, left) = (c.step / parts, (ex: pow(c.whole.leftEx, 1 / parts), inh: pow(c.whole.leftIn, 1 / parts)))
    // Integrals over a part; the sum of the parts' is that over the step.
    let shareEx = c.whole.integralEx * (1 - left.ex) / (1 - c.whole.leftEx)
    let shareIn = c.whole.integralIn * (1 - left.inh) / (1 - c.whole.leftIn)
    for _ in 0..<Int(parts) {
      let (e, n) = (ex * shareEx, inh * shareIn)
      let decay = c.leak * h + e + n
      let pulled = (e * c.reversalEx + n * c.reversalIn + current * h) / decay
      u = pulled + (u - pulled) * exp(-decay * c.perCapacitance)
      (ex, inh) = (ex * left.ex, inh * left.inh)
    }
    return u
  }
}

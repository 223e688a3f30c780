/// How the weights of a projection change.
public enum Plasticity: Sendable, Equatable {
  /// Spike-timing dependent plasticity.
  case stdp(STDP)

  /// Names of the rules that circuit files may name.
  public static let names = ["stdp"]
}

/// Spike-timing dependent plasticity of pairs of spikes, from additive (mu = 0) to multiplicative (mu = 1).
///
///     K+ : trace of the source, jumps by 1 with each of its spikes and decays with tau_plus
///     K- : trace of the target, jumps by 1 with each of its spikes and decays with tau_minus
///     the target's spike arrives  : w/Wmax ← min(w/Wmax + lambda (1 - w/Wmax)^mu_plus K+, 1)
///     the source's spike is sent  : w/Wmax ← max(w/Wmax - alpha lambda (w/Wmax)^mu_minus K-, 0)
///
/// The delay is dendritic: the target's spike at t arrives at the synapse at t + delay. A spike of the target that arrives
/// together with one of the source acts before it, and does not yet count in K-. Source: Gütig R., Aharonov R., Rotter S. &
/// Sompolinsky H., "Learning input correlations through nonlinear temporally asymmetric Hebbian plasticity", Journal of
/// Neuroscience 23 (2003); Morrison A., Diesmann M. & Gerstner W., "Phenomenological models of synaptic plasticity based
/// on spike timing", Biological Cybernetics 98 (2008); names and defaults as NEST's `stdp_synapse`, tau_minus included,
/// which NEST keeps with the target.
public struct STDP: Sendable, Equatable {
  /// Time constant of the source's trace in ms.
  public var tauPlus = 20.0
  /// Time constant of the target's trace in ms.
  public var tauMinus = 20.0
  /// Size of a potentiation, as a share of Wmax.
  public var lambda = 0.01
  /// Size of a depression, as a multiple of that of a potentiation.
  public var alpha = 1.0
  /// Exponent of the weight's distance from Wmax in potentiation.
  public var muPlus = 1.0
  /// Exponent of the weight in depression.
  public var muMinus = 1.0
  /// The greatest weight, in the target model's unit; weights have its sign.
  public var greatestWeight = 100.0

  /// The rule with NEST's defaults.
  public init() {}

  /// What is wrong with the parameters, or nil.
  public var problem: String? {
    for (name, value) in [("tau_plus", tauPlus), ("tau_minus", tauMinus)] {
      guard value > 0, value.isFinite else { return "\(name) = \(value) ms must be greater than 0" }
    }
    for (name, value) in [("lambda", lambda), ("alpha", alpha), ("mu_plus", muPlus), ("mu_minus", muMinus)] {
      guard value >= 0, value.isFinite else { return "\(name) = \(value) must be at least 0" }
    }
    guard greatestWeight.isFinite, greatestWeight != 0, abs(greatestWeight) < 1e12 else {
      return "Wmax = \(greatestWeight) must be a finite weight other than 0"
    }
    return nil
  }
}

extension Projection {
  /// What is wrong with the projection's plasticity, or nil.
  func plasticityProblem(in circuit: Circuit) -> String? {
    guard case .stdp(let rule) = plasticity else { return nil }
    if let problem = rule.problem { return "stdp: \(problem)" }
    let limit = rule.greatestWeight
    let range: ClosedRange<Double>
    if case .list(let connections) = self.rule {
      let weights = connections.map(\.weight)
      range = (weights.min() ?? 0)...(weights.max() ?? 0)
    } else {
      range = Sampler(weight).range
    }
    let allowed = min(0, limit)...max(0, limit)
    // Bounds of a draw carry a slack of single precision.
    let slack = 2e-5 * abs(limit)
    guard range.lowerBound >= allowed.lowerBound - slack, range.upperBound <= allowed.upperBound + slack else {
      return
        "stdp: weights from \(range.lowerBound) to \(range.upperBound) do not all lie between 0 and Wmax = \(limit)"
    }
    return nil
  }
}

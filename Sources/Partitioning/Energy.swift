internal import Circuits

/// The power that a chip is expected to take for a circuit, from the energies of its events.
public struct EnergyEstimate: Sendable, Equatable {
  /// Watts while the circuit runs in real time, from the least to the greatest published energies.
  public var watts: ClosedRange<Double>
  /// Picojoules for each spike at a synapse, everything else spread over them; nil when there is no such event.
  public var picojoulesPerSynapticEvent: ClosedRange<Double>?
}

extension PartitionPlan {
  /// What the plan is expected to take on a chip; nil when its profile names no energies.
  ///
  /// Sums, for a second of model time: updates and accesses (neurons × steps), spikes, spikes at synapses, spikes sent to
  /// cores, and their hops: two thirds of the side of a square mesh of cores on average. Events without a published
  /// energy count nothing, so the estimate is from below.
  public func energy(on profile: ChipProfile) -> EnergyEstimate? {
    guard let energies = profile.energies else { return nil }
    let neurons = Double(circuit.neuronCount)
    let updates = neurons * 1000 / circuit.stepMilliseconds
    let spikes = circuit.populations.enumerated().reduce(0) { sum, entry in
      sum + Double(entry.element.size) * assumptions.rateHertz(ofPopulation: entry.offset)
    }
    let events = loads.reduce(0) { $0 + $1.eventsPerSecond }
    let hops = remoteDeliveriesPerSecond * 2 / 3 * Double(cores).squareRoot()
    let terms: [(count: Double, energy: ClosedRange<Double>?)] = [
      (updates, energies.neuronUpdate), (updates, energies.neuronAccess), (spikes, energies.spike),
      (events, energies.synapse), (deliveriesPerSecond, energies.axonOut), (hops, energies.hop),
    ]
    let least = terms.reduce(0) { $0 + $1.count * ($1.energy?.lowerBound ?? 0) }
    let greatest = terms.reduce(0) { $0 + $1.count * ($1.energy?.upperBound ?? 0) }
    return EnergyEstimate(
      watts: least * 1e-12...greatest * 1e-12,
      picojoulesPerSynapticEvent: events > 0 ? least / events...greatest / events : nil
    )
  }
}

public import Circuits

/// What is assumed of a run before it is run: how often neurons fire, and what that costs on a host.
///
/// Times are those of the kernel prototype (single precision, full cortical microcircuit on a Zen 5 core).
public struct CostAssumptions: Sendable, Equatable {
  /// Mean rate of a neuron in Hz.
  public var rateHertz: Double
  /// Rates of populations that are known better, by index, in Hz.
  public var populationRates: [Int: Double]
  /// The number format of the run.
  public var precision: Precision
  /// Time to advance one local place by one step, in ns.
  public var updateNanoseconds: Double
  /// Time for the Poisson input of one neuron and step, in ns.
  public var noiseNanoseconds: Double
  /// Time for one spike at one synapse, queue included, in ns.
  public var eventNanoseconds: Double
  /// Time that cores on processors of their own lose to each other in an epoch, in ns.
  ///
  /// Measured in runs of small circuits on two virtual processors: 1.3 µs where nothing else wants them, 8 µs where something
  /// does.
  public var exchangeNanoseconds: Double

  /// Makes assumptions.
  public init(
    rateHertz: Double = 5,
    populationRates: [Int: Double] = [:],
    precision: Precision = .single,
    updateNanoseconds: Double = 0.2,
    noiseNanoseconds: Double = 0.25,
    eventNanoseconds: Double = 0.7,
    exchangeNanoseconds: Double = 2000
  ) {
    (self.rateHertz, self.populationRates, self.precision) = (rateHertz, populationRates, precision)
    (self.updateNanoseconds, self.noiseNanoseconds) = (updateNanoseconds, noiseNanoseconds)
    (self.eventNanoseconds, self.exchangeNanoseconds) = (eventNanoseconds, exchangeNanoseconds)
  }

  /// The rate of a population in Hz.
  public func rateHertz(ofPopulation p: Int) -> Double { populationRates[p] ?? rateHertz }
}

import Basics
import ChipCore
import Circuits
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct NoiseTests {
  @Test(arguments: [0.02, 0.7, 1.6, 2.3, 9.9, 10.1, 80, 1000]) func `counts have a Poisson's mean and variance`(
    mean: Double
  ) {
    let counts = PoissonCounts(seed: 21, stimulus: 3, mean: mean)
    let draws = (0..<40_000).map { Double(counts.count(neuron: UInt32($0 % 200), step: Int64($0 / 200))) }
    let n = Double(draws.count)
    let average = draws.reduce(0, +) / n
    let variance = draws.reduce(0) { $0 + ($1 - average) * ($1 - average) } / n
    #expect(abs(average - mean) < 4 * (mean / n).squareRoot(), "mean \(average) of \(mean)")
    // The variance of a Poisson's sample variance is (mean + 2 mean²) / n.
    #expect(abs(variance - mean) < 4 * ((mean + 2 * mean * mean) / n).squareRoot(), "variance \(variance) of \(mean)")
    let zeros = Double(draws.count { $0 == 0 }) / n
    #expect(abs(zeros - exp(-mean)) < 4 * (exp(-mean) / n).squareRoot() + 1e-4)
  }

  @Test(arguments: [0.5, 3, 40.0], [1, 3]) func `tiles draw the counts of the plain form`(
    mean: Double,
    stride: Int
  ) throws {
    // A membrane that forgets nothing adds up its input.
    let circuit = Circuit(
      name: "noise",
      seed: 9,
      populations: [population("N", .iafPscDelta, size: 150, ["tau_m": 1e12, "V_th": 1e9, "V_reset": -70])],
      stimuli: [.poisson(name: "noise", rateHertz: mean * 1e4, targets: [0], weight: 0.25, delayMilliseconds: 1.1)],
      recorders: [.state(population: 0, neurons: [], variables: ["V_m"], everySteps: 1, file: "v.csv")]
    )
    let counts = PoissonCounts(seed: 9, stimulus: 0, mean: mean)
    for precision in [Precision.single, .double] {
      let outcome = try simulate(circuit, steps: 60, over: PartLayout.roundRobin(circuit, parts: stride), precision)
      for neuron in 0..<150 {
        var sum = 0
        for step in 0..<60 {
          if step >= 11 { sum += counts.count(neuron: UInt32(neuron), step: Int64(step - 11)) }
          #expect(abs(outcome.samples[step][neuron] - (-70 + 0.25 * Double(sum))) < 1e-3)
        }
      }
    }
  }

  @Test func `neighbours and stimuli draw independently`() {
    let one = PoissonCounts(seed: 1, stimulus: 0, mean: 2)
    let two = PoissonCounts(seed: 1, stimulus: 1, mean: 2)
    func correlation(_ a: (Int64) -> Int, _ b: (Int64) -> Int) -> Double {
      (0..<20_000).reduce(0.0) { $0 + Double((a(Int64($1)) - 2) * (b(Int64($1)) - 2)) } / 20_000 / 2
    }
    #expect(abs(correlation({ one.count(neuron: 0, step: $0) }, { two.count(neuron: 0, step: $0) })) < 0.03)
    #expect(abs(correlation({ one.count(neuron: 0, step: $0) }, { one.count(neuron: 1, step: $0) })) < 0.03)
    #expect(abs(correlation({ one.count(neuron: 0, step: $0) }, { one.count(neuron: 0, step: $0 + 1) })) < 0.03)
  }
}

import Basics
import Circuits
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Draws a distribution many times with the words of a stream.
private func draws(_ distribution: Distribution, _ count: Int = 200_000, seed: UInt64 = 3) -> [Double] {
  let random = CounterRandom(seed: seed, stream: 9)
  let sampler = Sampler(distribution)
  return (0..<count).map { sampler.preciseValue(of: random.words(UInt32($0))[0]) }
}

private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
  let mean = values.reduce(0, +) / Double(values.count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  return (mean, variance.squareRoot())
}

struct SamplingTests {
  @Test func `a normal has its mean and deviation`() {
    let (mean, deviation) = moments(draws(Distribution(.normal(mean: -65, deviation: 4))))
    #expect(abs(mean + 65) < 4 * 4 / 200_000.0.squareRoot())
    #expect(abs(deviation / 4 - 1) < 0.01)
  }

  @Test func `a lognormal has the mean of its parameters`() {
    let (mean, _) = moments(draws(Distribution(.lognormal(mu: 0.5, sigma: 0.4))))
    #expect(abs(mean / exp(0.5 + 0.08) - 1) < 0.01)
  }

  @Test func `a uniform fills its interval`() {
    let values = draws(Distribution(.uniform(low: 2, high: 6)))
    let (mean, deviation) = moments(values)
    #expect(abs(mean - 4) < 0.02)
    #expect(abs(deviation - 4 / 12.0.squareRoot()) < 0.02)
    #expect(values.allSatisfy { (2...6).contains($0) })
  }

  @Test func `quantiles of the normal are right`() {
    let sampler = Sampler(Distribution(.normal(mean: 0, deviation: 1)))
    for (p, z) in [(0.5, 0.0), (0.8413447461, 1), (0.9772498681, 2), (0.0013498980, -3), (0.9999683288, 4)] {
      let word = UInt32(bitPattern: Int32(((2 * p - 1) * 0x1p31).rounded(.down)))
      #expect(abs(Double(sampler.value(of: word)) - z) < 2e-4, "at \(p)")
    }
  }

  @Test func `redrawing keeps the shape inside the bounds`() {
    // A half normal has the mean √(2/π).
    let half = draws(Distribution(.normal(mean: 0, deviation: 1), atLeast: 0))
    #expect(half.allSatisfy { $0 >= 0 })
    #expect(abs(moments(half).mean - (2 / Double.pi).squareRoot()) < 0.01)
    let both = draws(Distribution(.normal(mean: 1.5, deviation: 0.75), atLeast: 1, atMost: 1.7))
    #expect(both.allSatisfy { (1...1.7).contains($0) })
    let log = draws(Distribution(.lognormal(mu: 0, sigma: 1), atLeast: 0.5, atMost: 2))
    #expect(log.allSatisfy { (0.5...2).contains($0) })
    #expect(abs(moments(draws(Distribution(.uniform(low: 0, high: 10), atMost: 4))).mean - 2) < 0.02)
  }

  @Test func `clipping moves draws to the bound`() {
    let values = draws(Distribution(.normal(mean: 0, deviation: 1), atLeast: 0, outside: .clip))
    let atBound = Double(values.count { $0 == 0 }) / Double(values.count)
    #expect(abs(atBound - 0.5) < 0.01)
  }

  @Test func `a constant keeps all its digits`() {
    #expect(Sampler(Distribution(.constant(0.1))).preciseValue(of: 77) == 0.1)
    #expect(Sampler(Distribution(.normal(mean: 0.1, deviation: 0))).constant == 0.1)
  }

  @Test(
    arguments: [
      Distribution(.normal(mean: 1, deviation: 0.4)), Distribution(.normal(mean: 1, deviation: 0.4), atLeast: 0.9),
      Distribution(.lognormal(mu: -1, sigma: 1.5)), Distribution(.uniform(low: -3, high: 8), atMost: 2, outside: .clip),
    ]
  )
  func `no draw leaves the range`(distribution: Distribution) {
    let range = Sampler(distribution).range
    #expect(draws(distribution).allSatisfy { range.contains($0) })
    #expect(range.contains(Double(Sampler(distribution).value(of: 0x8000_0000))))
    #expect(range.contains(Double(Sampler(distribution).value(of: 0x7FFF_FFFF))))
  }

  @Test func `distributions that cannot be drawn are refused`() {
    #expect(Distribution(.normal(mean: 0, deviation: -1)).problem?.contains("deviation") == true)
    #expect(Distribution(.normal(mean: 0, deviation: 1), atLeast: 5).problem?.contains("leave") == true)
    #expect(Distribution(.normal(mean: 0, deviation: 1), atLeast: 5, outside: .clip).problem == nil)
    #expect(Distribution(.uniform(low: 2, high: 1)).problem?.contains("lesser first") == true)
    #expect(Distribution(.constant(1), atLeast: 3, atMost: 2).problem?.contains("greater than at_most") == true)
    #expect(Distribution(.lognormal(mu: 100, sigma: 1)).problem != nil)
    #expect(Distribution(.constant(.infinity)).problem != nil)
  }

  @Test func `initial values come from the neuron, the distribution or the model`() {
    var circuit = twoPopulations(.oneToOne)
    let slice = Slice(population: 0, first: 3, stride: 5, count: 4)
    #expect(circuit.populations[0].initialValues(of: "V_m", in: slice, seed: 1) == [-70, -70, -70, -70])
    circuit.populations[0].initial = ["V_m": Distribution(.normal(mean: -60, deviation: 3))]
    let drawn = circuit.populations[0].initialValues(of: "V_m", in: slice, seed: 1)
    let all = circuit.populations[0].initialValues(
      of: "V_m",
      in: Slice(population: 0, first: 0, stride: 1, count: 300),
      seed: 1
    )
    #expect(drawn == [3, 8, 13, 18].map { all[$0] })
    #expect(Set(all).count > 290)
    circuit.populations[0].perNeuron["V_m_init"] = (0..<300).map(Double.init)
    #expect(circuit.populations[0].initialValues(of: "V_m", in: slice, seed: 1) == [3, 8, 13, 18])
  }
}

import Circuits
import Documents
import FoundationEssentials
import Testing

@Suite struct ExampleFilesTests {
  private func example(_ name: String) throws -> Circuit {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples")
    let file = folder.appending(path: name).path
    return try CircuitFile.read(bytes: Array(try Data(contentsOf: URL(filePath: file))), file: name) { _ in [] }
  }

  @Test(arguments: [("brunel.yaml", 2500, 625_000.0), ("synfire-chain.yaml", 1000, 90_000)])
  func `an example has the size that its comment says`(name: String, neurons: Int, synapses: Double) throws {
    let circuit = try example(name)
    #expect(circuit.neuronCount == neurons)
    #expect(circuit.expectedSynapses == synapses)
    #expect(circuit.notes.isEmpty)
  }

  @Test func `the microcircuit's file says what the library makes`() throws {
    let (file, made) = (try example("microcircuit.yaml"), CircuitLibrary.microcircuit(scale: 0.1))
    #expect(file.neuronCount == 7717)
    #expect(file.expectedSynapses == 2_988_807)
    #expect(file.seed == made.seed && file.stepMilliseconds == made.stepMilliseconds)
    #expect(file.recorders == made.recorders)
    #expect(file.projections.count == made.projections.count)
    for (a, b) in zip(file.projections, made.projections) {
      #expect(a.source == b.source && a.target == b.target)
      #expect(a.rule == b.rule && a.delay == b.delay)
      expectNear(a.weight, b.weight)
    }
    for (a, b) in zip(file.populations, made.populations) {
      #expect(a.name == b.name && a.neurons == b.neurons && a.initial == b.initial)
      for (name, value) in b.parameters {
        #expect(abs((a.parameters[name] ?? .nan) - value) <= 1e-7 * abs(value), "\(a.name): \(name)")
      }
    }
    for (a, b) in zip(file.stimuli, made.stimuli) {
      guard case .poisson(_, let rateA, let targetsA, let weightA, let delayA) = a,
        case .poisson(_, let rateB, let targetsB, let weightB, let delayB) = b
      else {
        Issue.record("a stimulus is not Poisson")
        continue
      }
      #expect(rateA == rateB && targetsA == targetsB && delayA == delayB)
      #expect(abs(weightA - weightB) < 1e-6 * weightB)
    }
  }

  private func expectNear(_ a: Distribution, _ b: Distribution) {
    #expect(a.atLeast == b.atLeast && a.atMost == b.atMost && a.outside == b.outside)
    guard case .normal(let meanA, let deviationA) = a.shape, case .normal(let meanB, let deviationB) = b.shape else {
      Issue.record("a weight is not normal")
      return
    }
    #expect(abs(meanA - meanB) <= 1e-7 * abs(meanB))
    #expect(abs(deviationA - deviationB) <= 1e-7 * deviationB)
  }
}

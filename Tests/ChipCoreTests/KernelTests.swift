import Basics
import ChipCore
import Circuits
import KernelTypes
import Kernels
import Testing

struct KernelTests {
  @Test(arguments: [Precision.single, .double]) func `every instruction set of the machine gives the same bits`(
    precision: Precision
  ) throws {
    let portable = try #require(KernelTable.supported.first)
    #expect(portable.instructionSet == .portable)
    let circuit = busyCircuit()
    let plain = try simulate(circuit, steps: 800, precision, kernels: portable)
    #expect(plain.spikes.reduce(0) { $0 + $1.count } > 500)
    for kernels in KernelTable.supported.dropFirst() {
      let wide = try simulate(circuit, steps: 800, precision, kernels: kernels)
      #expect(wide == plain, "\(kernels.instructionSet.rawValue)")
    }
  }

  @Test(arguments: [true, false]) func `every instruction set gives the same alpha currents and conductances`(
    hasTwoCurrents: Bool
  ) throws {
    var circuit = busyCircuit()
    circuit.populations[0] = population(
      "E",
      .iafPscAlpha,
      size: 120,
      hasTwoCurrents ? ["I_e": 650, "tau_syn_in": 5] : ["I_e": 650, "V_min": -75],
      initial: ["V_m": Distribution(.uniform(low: -70, high: -56))]
    )
    circuit.populations[1] = population("I", .iafCondExp, first: 120, size: 41, ["tau_syn_ex": 1])
    // One conductance so strong that the membrane is faster than a step.
    circuit.stimuli.append(
      .events(
        name: "flood",
        [InputEvent(timeMilliseconds: 9, target: NeuronID(125), weight: 9000, delayMilliseconds: 1)]
      )
    )
    let plain = try simulate(circuit, steps: 800, kernels: KernelTable.supported.first)
    #expect(plain.spikes.joined().count { $0 < 120 } > 100)
    #expect(plain.spikes.joined().count { (120..<161).contains($0) } > 100)
    for kernels in KernelTable.supported.dropFirst() {
      let wide = try simulate(circuit, steps: 800, kernels: kernels)
      #expect(wide == plain, "\(kernels.instructionSet.rawValue)")
    }
    let parts = try simulate(circuit, steps: 800, over: PartLayout.roundRobin(circuit, parts: 3))
    #expect(parts.digest == plain.digest)
  }

  @Test func `every instruction set advances encoders alike`() throws {
    let circuit = encoderCircuit()
    let outcomes = try KernelTable.supported.map { try simulate(circuit, steps: 100, kernels: $0) }
    #expect(outcomes.allSatisfy { $0 == outcomes[0] })
    #expect(outcomes[0].digest != 0)
  }

  @Test func `the widest kernels are chosen unless the environment asks for others`() {
    let names = KernelTable.supported.map(\.instructionSet)
    #expect(names == InstructionSet.allCases.filter { names.contains($0) })
    #expect(names.contains(KernelTable.chosen.instructionSet))
  }
}

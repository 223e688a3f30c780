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

import Basics
import Circuits
import Partitioning
import Testing

@Suite struct CapacityTests {
  private func plan(
    _ circuit: Circuit,
    _ cores: Int,
    _ method: Partitioner.Method = .roundRobin
  ) throws -> PartitionPlan {
    try Partitioner.plan(circuit: circuit, cores: cores, method: method)
  }

  private func profile(_ name: String) throws -> ChipProfile { try #require(ChipProfile.named(name)) }

  @Test func `a circuit that fits has no problems`() throws {
    var small = circuit(sizes: [1000])
    small.projections = [Projection(source: 0, target: 0, rule: .fixedIndegree(20))]
    #expect(try plan(small, 1).fits(profile("loihi1")).isEmpty)
    #expect(try plan(CircuitLibrary.microcircuit(), 1).fits(profile("host")).isEmpty)
  }

  @Test func `too many neurons are named by core, and the least number of cores is found`() throws {
    let problems = try plan(circuit(sizes: [5000]), 2).fits(profile("loihi1"))
    #expect(problems.count == 2)
    #expect(
      problems[0].description
        == "core 0 of loihi1 has 2500 neurons and room for 1024, 1476 more; 5 cores would fit"
    )
    #expect(problems[0].core == CoreID(0) && problems[1].core == CoreID(1))
    #expect(problems[0].limit == .neurons)
    #expect(problems[0].coresThatFit == 5)
    #expect(try plan(circuit(sizes: [5000]), 5).fits(profile("loihi1")).isEmpty)
    #expect(try !plan(circuit(sizes: [5000]), 4).fits(profile("loihi1")).isEmpty)
  }

  @Test func `synapses are limited by memory`() throws {
    var dense = circuit(sizes: [900])
    dense.projections = [Projection(source: 0, target: 0, rule: .allToAll)]
    let problems = try plan(dense, 1).fits(profile("loihi1"))
    #expect(problems.map(\.limit) == [.synapseMemory])
    // 810,000 synapses of 18 bits are 1,822,500 bytes; a core has 131,072, so 14 cores are needed, if evenly filled.
    #expect(problems[0].needed == 1_822_500)
    #expect(problems[0].available == 131_072)
    let cores = try #require(problems[0].coresThatFit)
    #expect((14...15).contains(cores))
    #expect(try plan(dense, cores).fits(profile("loihi1")).isEmpty)
    #expect(problems[0].description.contains("needs 1.74 MiB for synapses and has 128 KiB, 1.61 MiB more"))
  }

  @Test func `a fan-in that no number of cores brings down is said`() throws {
    var wide = circuit(sizes: [5000, 10])
    wide.projections = [Projection(source: 0, target: 1, rule: .allToAll)]
    let problems = try plan(wide, 8).fits(profile("loihi1"))
    let fanIn = try #require(problems.first { $0.limit == .fanIn })
    #expect(fanIn.needed == 5000)
    #expect(fanIn.available == 4096)
    #expect(fanIn.coresThatFit == nil)
    #expect(fanIn.description.contains("receives from 5000 neurons and has 4096 axons, 904 more"))
    #expect(fanIn.description.contains("no number of cores would fit; let neurons have fewer sources"))
  }

  @Test func `fan-out counts the cores that each neuron sends to`() throws {
    var wide = circuit(sizes: [600])
    wide.projections = [Projection(source: 0, target: 0, rule: .allToAll)]
    let problems = try plan(wide, 10).fits(profile("truenorth"))
    // 60 neurons a core, each to 10 cores.
    #expect(problems.filter { $0.limit == .fanOut }.map(\.needed) == Array(repeating: 600, count: 10))
  }

  @Test func `delays outside the chip's range are problems of the circuit`() throws {
    var slow = circuit(sizes: [10])
    slow.projections = [
      Projection(source: 0, target: 0, rule: .oneToOne, delay: Distribution(.uniform(low: 1, high: 9)))
    ]
    let problems = try plan(slow, 1).fits(profile("spinnaker1"))
    #expect(problems.count == 1)
    #expect(problems[0].limit == .delay && problems[0].core == nil)
    #expect(problems[0].needed == 90 && problems[0].available == 16)
    #expect(problems[0].description.contains("delays of P0>P0 reach 90 steps of 0.1 ms; spinnaker1 has 1 to 16"))
  }

  @Test func `the memory of the machine is shared by all cores`() throws {
    let plan = try plan(CircuitLibrary.microcircuit(), 4)
    let needed = plan.loads.map(\.bytes).reduce(0, +)
    #expect(plan.fits(try profile("host"), machineMemoryBytes: needed + 1).isEmpty)
    let problems = plan.fits(try profile("host"), machineMemoryBytes: needed / 2)
    #expect(problems.map(\.limit) == [.machineMemory])
    #expect(problems[0].description.hasPrefix("all cores together need 1.3"))
  }

  @Test func `the search for cores ends for the full microcircuit on every chip`() throws {
    for name in ["loihi1", "truenorth", "spinnaker1"] {
      let problems = try plan(CircuitLibrary.microcircuit(), 4).fits(profile(name))
      #expect(!problems.isEmpty)
      #expect(problems.allSatisfy { $0.description.contains(name) })
    }
  }

  @Test func `energies add up as published`() throws {
    var pair = circuit(sizes: [10, 10])
    pair.projections = [Projection(source: 0, target: 1, rule: .allToAll)]
    let energy = try #require(try plan(pair, 1).energy(on: profile("loihi1")))
    // A second: 200,000 updates with access (72.8), 100 spikes (69.3), 500 at synapses (24), 50 axons (111), no hop.
    let least: Double = 14_560_000 + 6930 + 12_000 + 5550
    #expect(abs(energy.watts.lowerBound - least * 1e-12) < 1e-18)
    #expect(abs(energy.watts.upperBound - (least + 500 * 11.5) * 1e-12) < 1e-18)
    #expect(energy.picojoulesPerSynapticEvent?.lowerBound == least / 500)
    #expect(try plan(pair, 1).energy(on: profile("host")) == nil)
    let spread = try #require(try plan(pair, 5).energy(on: profile("loihi1")))
    #expect(spread.watts.lowerBound > energy.watts.lowerBound)
  }

  @Test func `rates that are known replace the assumption`() throws {
    var pair = circuit(sizes: [10, 10])
    pair.projections = [Projection(source: 0, target: 1, rule: .allToAll)]
    let known = try Partitioner.plan(
      circuit: pair,
      cores: 1,
      method: .roundRobin,
      assumptions: CostAssumptions(rateHertz: 1, populationRates: [0: 50])
    )
    #expect(known.loads[0].eventsPerSecond == 100 * 50)
  }

  @Test func `notes say what a chip does otherwise`() throws {
    let notes = try plan(circuit(sizes: [300]), 200).notes(on: profile("loihi1"))
    #expect(notes.contains("200 cores are 2 chips of 128"))
    #expect(notes.contains("loihi1 keeps 8 bits of a weight"))
    #expect(try plan(circuit(sizes: [300]), 2).notes(on: profile("host")).isEmpty)
  }
}

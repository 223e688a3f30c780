import Documents
import FoundationEssentials
import Partitioning
import Testing

@Suite struct ChipProfileTests {
  private func read(_ text: String) throws(DocumentError) -> ChipProfile {
    try ChipProfile.read(bytes: Array(text.utf8), file: "p.yaml")
  }

  @Test func `the built-in profiles are there`() throws {
    #expect(ChipProfile.builtIn.map(\.name) == ["host", "loihi1", "truenorth", "spinnaker1"])
    let loihi = try #require(ChipProfile.named("loihi1"))
    #expect(loihi.coresPerChip == 128)
    #expect(loihi.neuronsPerCore == 1024)
    #expect(loihi.synapseMemoryBytes == 131_072)
    #expect(loihi.fanIn == 4096 && loihi.fanOut == 4096)
    #expect(loihi.weightBits == 8)
    #expect(loihi.delaySteps == 0...62)
    #expect(loihi.arithmetic == .integer)
    #expect(loihi.energies?.neuronUpdate == 21.6...21.6)
    #expect(loihi.energies?.synapse == 24...35.5)
    #expect(loihi.energies?.hop == 3...4.2)
    let trueNorth = try #require(ChipProfile.named("truenorth"))
    #expect(trueNorth.neuronsPerCore == 256 && trueNorth.fanIn == 256)
    #expect(try #require(ChipProfile.named("spinnaker1")).stateMemoryBytes == 65_536)
    #expect(try #require(ChipProfile.named("host")).holdsSeveralTiles)
    #expect(ChipProfile.named("loihi9") == nil)
  }

  @Test func `the invented example uses every key`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples/chips")
    let bytes = Array(try Data(contentsOf: folder.appending(path: "sony-like.yaml")))
    let profile = try ChipProfile.read(bytes: bytes, file: "sony-like.yaml")
    #expect(profile.name == "sony-like")
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("# INVENTED."))
    let limits: [Any?] = [
      profile.coresPerChip, profile.neuronsPerCore, profile.synapseMemoryBytes, profile.stateMemoryBytes,
      profile.synapseBits, profile.fanIn, profile.fanOut, profile.weightBits, profile.delaySteps, profile.energies?.hop,
      profile.energies?.neuronUpdate, profile.energies?.neuronAccess, profile.energies?.spike,
      profile.energies?.synapse,
      profile.energies?.axonOut,
    ]
    #expect(limits.allSatisfy { $0 != nil })
  }

  @Test func `a profile with its name alone has no limits`() throws {
    #expect(try read("chip: mine") == ChipProfile(name: "mine"))
  }

  @Test(arguments: [
    ("{}", "p.yaml:1: the chip profile: 'chip' is missing"),
    ("chip: a\nneurons: 5", "p.yaml:2: the chip profile: unknown key 'neurons'"),
    ("chip: a\nneurons_per_core: 0", "p.yaml:2: neurons_per_core: a whole number from 1 to"),
    ("chip: a\nneurons_per_core: many", "p.yaml:2: neurons_per_core: a whole number from 1 to"),
    ("chip: a\nsynapse_memory: 5 ms", "p.yaml:2: synapse_memory: '5 ms': 'ms' is a unit of time, not of bytes"),
    ("chip: a\nsynapse_memory: -5Ki", "p.yaml:2: synapse_memory: at least 0 is wanted"),
    ("chip: a\nstate_memory: 64", "p.yaml:2: state_memory: '64' has no unit"),
    ("chip: a\ndelay_steps: [1]", "p.yaml:2: delay_steps: [least, greatest] is wanted, found 1 numbers"),
    ("chip: a\ndelay_steps: [5, 1]", "p.yaml:2: delay_steps: [least, greatest] is wanted, and 5 is above 1"),
    ("chip: a\narithmetic: intger", "p.yaml:2: arithmetic: found 'intger'; did you mean 'integer'?"),
    ("chip: a\nenergy: {spike: 5}", "p.yaml:2: energy: spike: '5' has no unit"),
    ("chip: a\nenergy: {spike: 5 mV}", "p.yaml:2: energy: spike: '5 mV': 'mV' is a unit of voltage, not of energy"),
    ("chip: a\nenergy: {spike: [5 pJ, 1 pJ]}", "p.yaml:2: energy: spike: [least, greatest] is wanted"),
    ("chip: a\nenergy: {spike: [5 pJ]}", "p.yaml:2: energy: spike: one energy or [least, greatest] is wanted"),
    ("chip: a\nenergy: {spikes: 5 pJ}", "p.yaml:2: energy: unknown key 'spikes'; did you mean 'spike'?"),
    ("chip: a\nseveral_tiles: 3", "p.yaml:2: true or false is wanted"),
  ])
  func `a wrong profile is refused`(text: String, wanted: String) {
    do {
      _ = try read(text)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.description.hasPrefix(wanted), "\(error)")
    }
  }
}

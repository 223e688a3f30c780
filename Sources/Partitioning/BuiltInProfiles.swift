extension ChipProfile {
  /// The profiles that need no file: `host`, `loihi1`, `truenorth`, `spinnaker1`.
  public static let builtIn: [ChipProfile] = texts.map { text in
    do {
      return try read(bytes: Array(text.utf8), file: "built-in profile")
    } catch {
      preconditionFailure("a built-in profile is wrong: \(error)")
    }
  }

  private static let texts = [host, loihi1, truenorth, spinnaker1]

  private static let host = """
    chip: host
    summary: a process on this machine, limited by the machine's memory
    neurons_per_core: 65536
    several_tiles: true
    arithmetic: float
    """

  // Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE Micro 38 (2018); energies per
  // event as in the architecture file of SANA-FE, which took them from there. A synapse takes its weight and the ten
  // bits of its target.
  private static let loihi1 = """
    chip: loihi1
    summary: Intel's first Loihi
    cores_per_chip: 128
    neurons_per_core: 1024
    synapse_memory: 128Ki
    synapse_bits: 18
    fan_in: 4096
    fan_out: 4096
    weight_bits: 8
    delay_steps: [0, 62]
    arithmetic: integer
    energy:
      neuron_update: 21.6 pJ
      neuron_access: 51.2 pJ
      spike: 69.3 pJ
      synapse: [24 pJ, 35.5 pJ]
      axon_out: 111 pJ
      hop: [3.0 pJ, 4.2 pJ]
    """

  // Merolla et al., "A million spiking-neuron integrated circuit with a scalable communication network and interface",
  // Science 345 (2014): a crossbar of one bit a synapse, weights by axon type, one target axon a neuron. The energy of a
  // synaptic event is all of the chip's power spread over its synaptic events.
  private static let truenorth = """
    chip: truenorth
    summary: IBM's TrueNorth
    cores_per_chip: 4096
    neurons_per_core: 256
    synapse_memory: 8Ki
    synapse_bits: 1
    fan_in: 256
    fan_out: 256
    weight_bits: 9
    delay_steps: [1, 15]
    arithmetic: integer
    energy: {synapse: 26 pJ}
    """

  // Furber et al., "The SpiNNaker project", Proceedings of the IEEE 102 (2014): synaptic rows of 32-bit words with
  // 16 bits of weight and 4 of delay in 128 MiB of memory that the cores of a chip share.
  private static let spinnaker1 = """
    chip: spinnaker1
    summary: the University of Manchester's first SpiNNaker
    cores_per_chip: 16
    neurons_per_core: 256
    synapse_memory: 8Mi
    state_memory: 64Ki
    synapse_bits: 32
    weight_bits: 16
    delay_steps: [1, 16]
    arithmetic: integer
    """
}

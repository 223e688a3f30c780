import Basics
import ChipCore
import Circuits
import FoundationEssentials
import TestKit
import Testing

/// Files of reference data, made by NEST 3.10.
enum Reference {
  /// The folder, or nil when it is not there.
  static let folder: String? = {
    let given = ProcessInfo.processInfo.environment["SYNFIRE_SHARED"]
    let shared = given ?? URL(filePath: #filePath).deletingLastPathComponent().path + "/../../../shared"
    return FileManager.default.fileExists(atPath: shared + "/reference/neuron_spikes.csv") ? shared + "/reference" : nil
  }()

  /// The rows of a CSV file as numbers, and its header.
  static func table(_ name: String) throws -> (header: [String], rows: [[Double]]) {
    let bytes = try Data(contentsOf: URL(filePath: (folder ?? "") + "/" + name))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let header = lines[0].split(separator: ",").map(String.init)
    return (header, lines.dropFirst().map { $0.split(separator: ",").map { Double($0) ?? .nan } })
  }
}

/// Tests against NEST's own traces and spikes.
@Suite(.enabled(if: Reference.folder != nil, "the folder shared/reference is not beside the repository"))
struct ReferenceTests {
  private static let dc = Stimulus.directCurrent(
    name: "dc",
    amplitude: 450,
    startMilliseconds: 50,
    stopMilliseconds: 150,
    targets: [0],
    delayMilliseconds: 0.1
  )

  private static func spikes(excitatory: Double, inhibitory: Double) -> Stimulus {
    let first = [5.0, 12.3, 12.4, 20, 33.3, 35, 36.1, 60, 61, 62, 63, 64, 90, 120.5, 121.5, 122.5, 150, 160]
    let second = [8.0, 34.1, 65, 100, 101, 124, 155]
    func events(_ times: [Double], _ weight: Double, _ delay: Double) -> [InputEvent] {
      times.map {
        InputEvent(timeMilliseconds: $0, target: NeuronID(0), weight: weight, delayMilliseconds: delay)
      }
    }
    return .events(name: "given", events(first, excitatory, 1) + events(second, inhibitory, 2.3))
  }

  private static let cases: [(name: String, circuit: Circuit, spikes: Int)] = [
    ("iaf_psc_exp_dc", oneNeuron(.iafPscExp, ["tau_syn_ex": 2, "tau_syn_in": 5], stimuli: [dc]), 5),
    (
      "iaf_psc_exp_spikes",
      oneNeuron(
        .iafPscExp,
        ["tau_syn_ex": 2, "tau_syn_in": 5],
        stimuli: [spikes(excitatory: 900, inhibitory: -400)]
      ), 1
    ),
    ("iaf_psc_delta_dc", oneNeuron(.iafPscDelta, stimuli: [dc]), 5),
    ("iaf_psc_delta_spikes", oneNeuron(.iafPscDelta, stimuli: [spikes(excitatory: 6, inhibitory: -5)]), 2),
    ("iaf_psc_alpha_dc", oneNeuron(.iafPscAlpha, ["tau_syn_ex": 1.5, "tau_syn_in": 3], stimuli: [dc]), 5),
    (
      "iaf_psc_alpha_spikes",
      oneNeuron(
        .iafPscAlpha,
        ["tau_syn_ex": 1.5, "tau_syn_in": 3],
        stimuli: [spikes(excitatory: 600, inhibitory: -300)]
      ), 3
    ),
  ]

  @Test(arguments: [0, 1, 2, 3, 4, 5]) func `a neuron follows NEST's trace`(index: Int) throws {
    let (name, circuit, spikes) = Self.cases[index]
    let want = try Reference.table("neuron_\(name).csv")
    let outcome = try simulate(circuit, steps: 2000, .double)
    let rough = try simulate(circuit, steps: 2000, .single)
    #expect(want.rows.count == 2000)
    let column = try #require(want.header.firstIndex(of: "V_m_mV"))
    let current = want.header.firstIndex(of: "I_syn_ex_pA")
    var (worst, worstSingle) = (0.0, 0.0)
    for (row, values) in want.rows.enumerated() {
      worst = max(worst, abs(values[column] - outcome.samples[row][0]))
      worstSingle = max(worstSingle, abs(values[column] - rough.samples[row][0]))
      if let current { worst = max(worst, abs(values[current] - outcome.samples[row][1])) }
    }
    #expect(worst <= 1e-9, "worst deviation \(worst)")
    #expect(worstSingle <= 1e-3, "worst deviation in single precision \(worstSingle)")
    #expect(outcome.steps(of: 0).count == spikes)
    #expect(rough.steps(of: 0) == outcome.steps(of: 0))
  }

  @Test(arguments: [true, false]) func `a neuron with conductances follows NEST's trace`(isDC: Bool) throws {
    let stimulus =
      isDC
      ? Stimulus.directCurrent(
        name: "dc",
        amplitude: 500,
        startMilliseconds: 50,
        stopMilliseconds: 150,
        targets: [0],
        delayMilliseconds: 0.1
      ) : Self.spikes(excitatory: 80, inhibitory: -20)
    let circuit = oneNeuron(.iafCondExp, ["tau_syn_ex": 0.5, "tau_syn_in": 2], stimuli: [stimulus])
    let want = try Reference.table("neuron_iaf_cond_exp_\(isDC ? "dc" : "spikes").csv")
    let outcome = try simulate(circuit, steps: 2000, .double)
    let rough = try simulate(circuit, steps: 2000, .single)
    let columns = try ["V_m_mV", "g_ex_nS", "g_in_nS"].map { try #require(want.header.firstIndex(of: $0)) }
    var (worst, worstSingle) = (0.0, 0.0)
    for (row, values) in want.rows.enumerated() {
      for (k, column) in columns.enumerated() {
        worst = max(worst, abs(values[column] - outcome.samples[row][k]))
        worstSingle = max(worstSingle, abs(values[column] - rough.samples[row][k]))
      }
    }
    // NEST's solver is adaptive with a tolerance of 1e-3, and right to 2e-5 here.
    #expect(worst <= 5e-5, "worst deviation \(worst)")
    #expect(worstSingle <= 1e-3, "worst deviation in single precision \(worstSingle)")
    #expect(outcome.steps(of: 0).count == (isDC ? 15 : 5))
    #expect(rough.steps(of: 0) == outcome.steps(of: 0))
  }

  /// The network of 200 `iaf_psc_exp` neurons with listed connections.
  private static func network() throws -> Circuit {
    let neurons = try Reference.table("net_exp_neurons.csv").rows
    let parameters: [String: Double] = [
      "C_m": 250, "E_L": -70, "V_reset": -70, "V_th": -55, "t_ref": 2, "tau_m": 10, "tau_syn_ex": 2, "tau_syn_in": 4,
    ]
    var circuit = Circuit(name: "exp", populations: [population("N", .iafPscExp, size: neurons.count, parameters)])
    circuit.populations[0].perNeuron = ["I_e": neurons.map { $0[1] }, "V_m_init": neurons.map { $0[2] }]
    let list = try Reference.table("net_exp_connections.csv").rows.map {
      ListedConnection(
        source: NeuronID(UInt32($0[0]) - 1),
        target: NeuronID(UInt32($0[1]) - 1),
        weight: $0[2],
        delayMilliseconds: $0[3]
      )
    }
    circuit.projections = [Projection(source: 0, target: 0, rule: .list(list))]
    let events = try Reference.table("net_exp_input_spikes.csv").rows.map {
      InputEvent(
        timeMilliseconds: $0[0],
        target: NeuronID(UInt32($0[1]) - 1),
        weight: $0[2],
        delayMilliseconds: $0[3]
      )
    }
    circuit.stimuli = [.events(name: "given", events)]
    return circuit
  }

  @Test(arguments: [1, 3]) func `a network fires NEST's spikes, spike for spike`(parts: Int) throws {
    let circuit = try Self.network()
    let outcome = try simulate(circuit, steps: 10_000, over: PartLayout.roundRobin(circuit, parts: parts), .double)
    let got = outcome.spikes.enumerated().flatMap { step, ids in ids.map { [step + 1, Int($0) + 1] } }
    let want = try Reference.table("net_exp_spikes.csv").rows.map { [Int(($0[0] * 10).rounded()), Int($0[1])] }
    #expect(want.count == 2544)
    #expect(got == want)
  }
}

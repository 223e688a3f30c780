import Basics
import Circuits
import Documents
import FoundationEssentials
import Testing

/// The circuit files that the reference checks write are read as they stand.
@Suite(.enabled(if: SharedFolder.reference != nil, "the folder shared/reference is not beside the repository"))
struct ReferenceCircuitTests {
  @Test func `a network with its lists, neurons and input spikes is read`() throws {
    let folder = try #require(SharedFolder.reference)
    let circuit = try CircuitFile.read(
      bytes: Array(
        """
        {"circuit": "exp", "units": "nest", "step": 0.1, "seed": 1, "neurons": "\(folder)/net_exp_neurons.csv",
         "populations": {
          "E": {"size": 160, "model": "iaf_psc_exp", "parameters": {"C_m": 250.0, "E_L": -70.0, "tau_syn_in": 4.0}},
          "I": {"size": 40, "model": "iaf_psc_exp", "parameters": {"C_m": 250.0, "E_L": -70.0, "tau_syn_in": 4.0}}},
         "stimuli": {"given": {"events": "\(folder)/net_exp_input_spikes.csv"}},
         "projections": [{"from": ["E", "I"], "to": ["E", "I"], "list": "\(folder)/net_exp_connections.csv"}],
         "record": [{"spikes": ["E", "I"], "file": "spikes.csv"}]}
        """.utf8
      ),
      file: "circuit.json"
    ) { path in Array(try Data(contentsOf: URL(filePath: path))) }
    #expect(circuit.populations[0].perNeuron["I_e"]?.first == 352.796875)
    #expect(circuit.populations[0].perNeuron["V_m_init"]?[1] == -62.9375)
    #expect(circuit.populations[1].perNeuron["I_e"]?.count == 40)
    guard case .events(_, let events) = circuit.stimuli[0], case .list(let list) = circuit.projections[2].rule else {
      Issue.record("no events or no list")
      return
    }
    #expect(events[0].weight == 250.140625)
    #expect(list.contains { $0.source.number == 180 } || list.allSatisfy { $0.source.number > 160 })
    let synapses = circuit.projections.reduce(0) { sum, projection in
      if case .list(let list) = projection.rule { sum + list.count } else { sum }
    }
    let rows = try CSVTable(
      Array(try Data(contentsOf: URL(filePath: "\(folder)/net_exp_connections.csv"))),
      file: "connections"
    ).rows
    #expect(synapses == rows.count)
  }
}

enum SharedFolder {
  /// The folder of reference data, or nil when it is not there.
  static let reference: String? = {
    let shared =
      ProcessInfo.processInfo.environment["SYNFIRE_SHARED"]
      ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").path
    let folder = shared + "/reference"
    return FileManager.default.fileExists(atPath: folder + "/net_exp_connections.csv") ? folder : nil
  }()
}

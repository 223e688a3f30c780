import Circuits
import Documents
import Testing

/// Mutated files are read or refused; they never crash, hang or take a machine's memory.
@Suite struct CircuitFileFuzzTests {
  private static let circuit = """
    circuit: balanced
    step: 0.1 ms
    seed: 7
    populations:
      E: {size: 80, model: iaf_psc_exp, parameters: {C_m: 250 pF, tau_m: 20 ms, V_th: -50 mV},
          initial: {V_m: {normal: [-60 mV, 5 mV], at_most: -50 mV, outside: clip}}}
      I: {size: 20, like: E}
    stimuli:
      noise: {poisson: {rate: 8 kHz}, to: [E, I], weight: 20 pA, delay: 1.5 ms}
      kick: {dc: {amplitude: 450 pA, start: 50 ms, stop: 150 ms}, to: E, delay: 0.1 ms}
      given: {events: input.csv}
    projections:
      - {from: E, to: [E, I], rule: {fixed_indegree: 8}, weight: 20 pA, delay: {normal: [1.5 ms, 0.75 ms], at_least: 0.1 ms}}
      - {from: I, to: [E, I], rule: {pairwise_bernoulli: 0.1}, weight: {lognormal: [1, 0.5], at_most: 9 pA}, delay: 0.8 ms}
      - {from: E, to: E, list: list.csv}
    neurons: neurons.csv
    record:
      - {spikes: [E, I], file: spikes.csv}
      - {state: E, ids: [1, 7], variables: [V_m], every: 0.1 ms, file: v.csv}
    """
  private static let files = [
    "input.csv": "time_ms,target_id,weight,delay_ms\n12.5,81,20,1.5\n13,2,\"3.5\",0.1\n",
    "list.csv": "source_id,target_id,weight_pA,delay_ms\n1,2,0.5,0.7\n80,1,-2,2.5\n",
    "neurons.csv": "neuron_id,I_e_pA,V_m_init_mV\n" + (81...100).map { "\($0),\($0),-65.5\n" }.joined(),
  ]
  private static let pieces = [
    "0", "9", "-", ".", "e", "1e308", "-1e308", "99999999999999999999", "{", "}", "[", "]", ":", ",", "\n", "  ", "\"",
    "'", "#", "&a", "*a", "nan", "inf", " ms", " mV", "~", "null", "true", "\t", "\r", "\u{FEFF}", "µ", "- ", "? ", "|",
    ">",
    "!!int", "%", "\0", "list: ", "rule: ", "one_to_one", "like: I", "size: 1000000000", "../", "/",
  ].map { Array($0.utf8) }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    for _ in 0...random.next(below: 3) {
      let at = random.next(below: bytes.count + 1)
      switch random.next(below: 5) {
      case 0: bytes.insert(contentsOf: Self.pieces[random.next(below: Self.pieces.count)], at: at)
      case 1: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.next(below: 12)))
      case 2: if at < bytes.count { bytes[at] = UInt8(random.next(below: 256)) }
      case 3:
        let from = random.next(below: bytes.count + 1)
        bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + random.next(below: 40))], at: at)
      default:
        let end = min(bytes.count, at + 1 + random.next(below: 3))
        bytes.replaceSubrange(at..<end, with: Self.pieces[random.next(below: Self.pieces.count)])
      }
    }
  }

  @Test func `the unmutated circuit is read`() throws {
    let circuit = try readCircuit(Self.circuit, Self.files)
    #expect(circuit.projections.count == 5)
    #expect(circuit.populations[1].perNeuron["I_e"]?.count == 20)
  }

  @Test(arguments: 0..<8) func `mutated circuits and CSV files are read or refused`(seed: UInt64) {
    var random = SplitMix(seed)
    for round in 0..<400 {
      var text = Array(Self.circuit.utf8)
      var files = Self.files.mapValues { Array($0.utf8) }
      let names = ["c.yaml"] + files.keys.sorted()
      let name = names[random.next(below: names.count)]
      if name == "c.yaml" { mutate(&text, &random) } else { mutate(&files[name, default: []], &random) }
      do {
        let circuit = try CircuitFile.read(bytes: text, file: "c.yaml") { path in
          guard let file = files[path] else { throw MissingFile() }
          return file
        }
        let ids = circuit.populations.flatMap { [$0.neurons.lowerBound, $0.neurons.upperBound] }
        #expect(ids == ids.sorted() && ids.last == circuit.neuronCount, "seed \(seed), round \(round)")
      } catch {
        let bytes = error.file == "c.yaml" ? text : files[error.file]
        let lines = (bytes ?? []).count { $0 == 10 || $0 == 13 || $0 > 127 } + 2
        #expect((0...lines).contains(error.line), "seed \(seed), round \(round): \(error)")
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test(arguments: 0..<4) func `mutated YAML is parsed or refused`(seed: UInt64) {
    var random = SplitMix(seed &+ 1000)
    for _ in 0..<500 {
      var text = Array("a: [1, {b: 'c', d: \"e\"}]\nf: |\n  text\ng: {h: [], i: ~}\n# end\n".utf8)
      for _ in 0...random.next(below: 4) { mutate(&text, &random) }
      if let node = try? YAML.parse(text, file: "m.yaml") { _ = try? node.mapping() }
    }
  }
}

internal import FoundationEssentials

/// The JSON of a prior; tables as Resources/README.md describes them.
struct PriorFile: Codable {
  /// The experts that the study's file knows.
  static let studyExperts = 10
  /// The neurons of every prior: trained ones, and on/off neurons of single inputs, which services hear of each other.
  static let neurons = (trained: 64, single: 36)

  var note: String?
  var W: [[Double]]
  var b: [Double]
  var tau: [Double]
  var v0: [Double]
  var Wo: [[Double]]
  var bo: [Double]
  var single: [[Double]]
  var mix: [[[Double]]]
  var theta: [[[Double]]]
  var fan: [[[Double]]]

  /// Reads JSON.
  ///
  /// - Throws: `PriorError` when it is not JSON, or a field is missing.
  init(json: [UInt8]) throws(PriorError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json))
    } catch {
      throw PriorError(problem: "the JSON cannot be read: \(error)")
    }
  }

  /// Puts together what a prior holds: the encoder and heads are its own, mixture, offsets and fans are given in the layout
  /// of `Prior.mixture`, `Prior.offsets` and `Prior.fanLogs`.
  init(_ prior: Prior, note: String, mixture: [Float], offsets: [Float], fanLogs: [Float]) {
    let (size, padded, length) = (prior.trained, prior.paddedTrained, prior.headLength)
    let (levels, experts) = (ReadoutConstants.levels.count, ReadoutConstants.experts)
    self.note = note
    W = (0..<size).map { neuron in (0..<Prior.inputs).map { Self.exact(prior.trainedWeights[$0 * padded + neuron]) } }
    b = prior.biases.prefix(size).map(Self.exact)
    tau = prior.decays.prefix(size).map { -1 / Elementary.log(Double($0)) }
    v0 = prior.startPotentials.prefix(size).map(Self.exact)
    Wo = (0..<3 * levels).map { k in
      (0..<size).map { Self.exact(prior.headWeights[(k / levels * 8 + k % levels) * length + $0]) }
    }
    bo = (0..<3 * levels).map { Self.exact(prior.headBiases[$0 / levels * 16 + $0 % levels]) }
    single = prior.single.enumerated().map { k, source in
      let neuron = size + k
      return [
        Double(source.input), Self.exact(source.weight), Self.exact(prior.biases[neuron]),
        -1 / Elementary.log(Double(prior.decays[neuron])), Self.exact(prior.startPotentials[neuron]),
      ]
    }
    mix = (0..<3).map { j in
      (0..<levels).map { q in (0..<2 * experts).map { Self.exact(mixture[(j * 2 * experts + $0) * 8 + q]) } }
    }
    func table(_ flat: [Float]) -> [[[Double]]] {
      (0..<3).map { j in (0..<experts).map { i in (0..<levels).map { Self.exact(flat[(j * experts + i) * 8 + $0]) } } }
    }
    theta = table(offsets)
    fan = table(fanLogs)
  }

  /// Looks for what the algorithm cannot take.
  ///
  /// - Throws: `PriorError` when a table has another shape, or a number is out of range.
  func check(levels: Int, experts: Int) throws(PriorError) {
    func check(_ table: [[Double]], _ rows: Int, _ columns: Int, _ name: String) throws(PriorError) {
      guard table.count == rows, table.allSatisfy({ $0.count == columns }) else {
        throw PriorError(problem: "table \(name) must be \(rows) × \(columns)")
      }
      guard table.allSatisfy({ $0.allSatisfy { abs($0) < 1e6 } }) else {
        throw PriorError(problem: "table \(name) has a number beyond a million")
      }
    }
    let (trained, singles) = (Self.neurons.trained, Self.neurons.single)
    try check([b], 1, trained, "b")
    try check(W, trained, Prior.inputs, "W")
    try check(Wo, 3 * levels, trained, "Wo")
    try check(single, singles, 5, "single")
    try check([tau, v0], 2, trained, "tau, v0")
    try check([bo], 1, 3 * levels, "bo")
    try check(mix.flatMap(\.self), 3 * levels, 2 * experts, "mix")
    try check(theta.flatMap(\.self), 3 * experts, levels, "theta")
    try check(fan.flatMap(\.self), 3 * experts, levels, "fan")
    guard [mix.count, theta.count, fan.count] == [3, 3, 3] else {
      throw PriorError(problem: "tables mix, theta and fan must be of three horizons")
    }
    guard single.allSatisfy({ (0..<Double(Prior.inputs)).contains($0[0]) }) else {
      throw PriorError(problem: "table single names an input that is not there")
    }
    guard (tau + single.map { $0[3] }).allSatisfy({ $0 > 0 }) else {
      throw PriorError(problem: "a time constant is not positive")
    }
    guard mix.joined().allSatisfy({ weights in weights.allSatisfy { $0 >= 0 } && weights.contains { $0 > 0 } }) else {
      throw PriorError(problem: "weights of the mixture must be 0 or more, and not all 0")
    }
  }

  /// The JSON; equal files give equal bytes.
  func json() throws(PriorError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      return Array(try encoder.encode(self))
    } catch {
      throw PriorError(problem: "a number in it is not finite")
    }
  }

  /// The shortest decimal that reads back to the same float.
  static func exact(_ x: Float) -> Double { Double("\(x)") ?? Double(x) }
}

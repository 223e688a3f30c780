internal import Basics

/// What every series starts from: the encoder's weights, the pooled quantile heads and the starting mixture.
///
/// Made offline from training data by a pinball loss through the exact spike counts (Resources/README.md), or refitted on
/// recorded series (`PriorFit`); the same for all series and never changed while running.
public struct Prior: Sendable {
  /// The number of context inputs.
  public static let inputs = 98
  /// A digest of what it was read from: snapshots are only good for the same one.
  public let digest: UInt64
  /// The number of spiking neurons that encode one series: trained ones first, then on/off neurons of single inputs.
  public let neurons: Int
  /// The number of trained neurons; the pooled heads read these only.
  public let trained: Int
  /// Decay of a neuron's potential over a step, exp(-1/tau).
  public let decays: [Float]
  /// Potential of each neuron at the start of every tick, in units of the threshold.
  public let startPotentials: [Float]
  /// Constant current of each neuron, in units of the threshold.
  public let biases: [Float]
  /// Weights of the trained neurons, input after input: `[input * paddedTrained + neuron]`.
  let trainedWeights: FloatBlock
  /// Their constant currents and the shares of a step that currents get, padded.
  let trainedBiases, trainedShares: FloatBlock
  /// The one input that each on/off neuron reads, and its weight.
  public let single: [(input: Int, weight: Float)]
  /// Weights of the pooled heads, `[(horizon * 8 + level) * headLength + neuron]`; the eighth level is padding.
  let headWeights: FloatBlock
  /// Biases of the pooled heads, `[horizon * 16 + level]`.
  let headBiases: FloatBlock
  /// Starting weights of the mixture, `[(horizon * 28 + fan) * 8 + level]`.
  let mixture: [Float]
  /// Starting offsets of each expert's own fan, `[(horizon * 14 + expert) * 8 + level]`.
  let offsets: [Float]
  /// Starting log factors of each expert's conditional fan, laid out as the offsets.
  let fanLogs: [Float]

  /// The trained neurons, rounded up to a multiple of 64.
  var paddedTrained: Int { (trained + 63) / 64 * 64 }
  /// The trained neurons, rounded up to a multiple of 16.
  var headLength: Int { (trained + 15) / 16 * 16 }

  /// The prior that ships inside the program.
  public static let shipped: Prior = {
    do {
      return try Prior(json: PackageResources.prior_json)
    } catch {
      preconditionFailure("the prior inside the program is damaged: \(error)")
    }
  }()

  /// Reads a prior from JSON (`PriorFile`).
  ///
  /// - Throws: `PriorError` when a field is missing or a table has another shape than the algorithm's.
  public init(json: [UInt8]) throws(PriorError) {
    let file = try PriorFile(json: json)
    digest = Digest64.of(json)
    let all = ReadoutConstants.experts
    // The study's file knows fewer experts; the others start like the one they resemble.
    let levels = ReadoutConstants.levels.count
    let experts = file.theta.first?.count == all ? all : PriorFile.studyExperts
    try file.check(levels: levels, experts: experts)
    trained = file.b.count
    neurons = trained + file.single.count
    biases = file.b.map { Float($0) } + file.single.map { Float($0[2]) }
    decays = (file.tau + file.single.map { $0[3] }).map { Float(Elementary.exp(-1 / $0)) }
    startPotentials = (file.v0 + file.single.map { $0[4] }).map { Float($0) }
    single = file.single.map { (Int($0[0]), Float($0[1])) }
    let (size, padded) = (trained, (trained + 63) / 64 * 64)
    func row(_ values: (Int) -> Float) -> [Float] { (0..<padded).map { $0 < size ? values($0) : 0 } }
    trainedWeights = FloatBlock((0..<Self.inputs).flatMap { input in row { Float(file.W[$0][input]) } })
    trainedBiases = FloatBlock(row { Float(file.b[$0]) })
    let decays = decays
    trainedShares = FloatBlock(row { 1 - decays[$0] })
    let length = (size + 15) / 16 * 16
    headWeights = FloatBlock(
      (0..<3 * 8 * length).map { k in
        let (horizon, level, neuron) = (k / length / 8, k / length % 8, k % length)
        return level < levels && neuron < size ? Float(file.Wo[horizon * levels + level][neuron]) : 0
      }
    )
    headBiases = FloatBlock((0..<48).map { $0 % 16 < levels ? Float(file.bo[$0 / 16 * levels + $0 % 16]) : 0 })
    /// Profiles start like the class profile, the linear expert like the first head.
    func model(_ expert: Int) -> Int { expert < experts ? expert : expert == ReadoutConstants.linear ? 0 : 6 }
    var mixture = [Float](repeating: 0, count: 3 * 2 * all * 8)
    for (horizon, level) in (0..<3).flatMap({ j in (0..<levels).map { (j, $0) } }) {
      var total: Float = 0
      for fan in 0..<2 * all {
        let (kind, expert) = (fan / all, fan % all)
        let known = Float(file.mix[horizon][level][kind * experts + model(expert)])
        let isLinear = expert == ReadoutConstants.linear
        let weight = expert < experts ? known : ReadoutConstants.newWeight * (isLinear ? known : 1)
        mixture[(horizon * 2 * all + fan) * 8 + level] = weight
        total += weight
      }
      for fan in 0..<2 * all { mixture[(horizon * 2 * all + fan) * 8 + level] /= total }
    }
    self.mixture = mixture
    func flat(_ table: [[[Double]]]) -> [Float] {
      (0..<3 * all * 8).map { $0 % 8 < levels ? Float(table[$0 / 8 / all][model($0 / 8 % all)][$0 % 8]) : 0 }
    }
    offsets = flat(file.theta)
    fanLogs = flat(file.fan)
  }
}

/// A prior that cannot be used, and why.
public struct PriorError: Error, Equatable, CustomStringConvertible {
  /// What is wrong with it.
  public var problem: String
  /// One sentence.
  public var description: String { "it is not a prior: \(problem); `synfire prior fit` makes one" }
}

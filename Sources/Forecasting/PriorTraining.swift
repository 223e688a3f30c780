internal import Basics

/// The trained neurons and the pooled heads of a prior while they are fitted, with Adam's running moments.
///
/// Loss: pinball over seven levels and three horizons. Forward, the exact spike counts; backward, the slope of counts over steps
/// is taken as (1 - alpha) sigmoid(4 (I - 0.8)), and 0 where a neuron fires in every step. Everything runs in one thread in a
/// fixed order with plain arithmetic, so the same rows give the same bits everywhere.
struct PriorTraining {
  private typealias Lanes = SIMD16<Float>
  private static let groups = PriorFile.neurons.trained / 16
  private static let outputs = 21
  private static let steps = ReadoutConstants.stepsPerTick
  /// Rows of a batch: a hundredth of all, within bounds.
  private static let batch = 64...2048
  /// Adam: decay of its moments, share of weight decay; the rate grows over a tenth of the batches, at most 200.
  private static let first: Float = 0.9
  private static let second: Float = 0.999
  private static let decay: Float = 1e-3
  private static let longestWarmUp = 200.0
  /// Rates of the tables relative to the encoder's weights.
  private static let headRate: Float = 0.7
  private static let biasRate: Float = 0.5

  /// A table with its gradient and moments.
  private struct Table {
    var values: [Lanes]
    var gradient: [Lanes]
    private var mean: [Lanes]
    private var square: [Lanes]

    init(_ values: [Lanes]) {
      self.values = values
      gradient = Array(repeating: .zero, count: values.count)
      (mean, square) = (gradient, gradient)
    }

    /// Takes a step against the gradient and clears it.
    mutating func step(_ rate: Float, update: Int, decay: Float) {
      let (first, second) = (PriorTraining.first, PriorTraining.second)
      let firstShare = 1 - power(first, update), secondShare = 1 - power(second, update)
      for i in values.indices {
        let g = gradient[i]
        mean[i] = mean[i] * first + g * (1 - first)
        square[i] = square[i] * second + g * g * (1 - second)
        let size = (square[i] / secondShare).squareRoot() + 1e-8
        values[i] = (values[i] - rate * (mean[i] / firstShare) / size) * (1 - rate * decay)
        gradient[i] = .zero
      }
    }

    private func power(_ base: Float, _ exponent: Int) -> Float {
      Float(Elementary.exp(max(-700, Double(exponent) * Elementary.log(Double(base)))))
    }
  }

  /// Weights `[input * groups + group]`, constant currents, heads `[output * groups + group]`, biases of the heads.
  private var weights, currents, heads, headBiases: Table
  private let decays, starts: [Lanes]
  private let levels: [Float]

  /// Starts from what a prior has.
  init(_ prior: Prior) {
    let (groups, padded, length) = (Self.groups, prior.paddedTrained, prior.headLength)
    func lanes(_ count: Int, _ element: (_ row: Int, _ neuron: Int) -> Float) -> [Lanes] {
      (0..<count * groups).map { k in
        var values = Lanes.zero
        for lane in 0..<16 { values[lane] = element(k / groups, k % groups * 16 + lane) }
        return values
      }
    }
    weights = Table(lanes(Prior.inputs) { prior.trainedWeights[$0 * padded + $1] })
    currents = Table(lanes(1) { prior.trainedBiases[$1] })
    heads = Table(lanes(Self.outputs) { prior.headWeights[($0 / 7 * 8 + $0 % 7) * length + $1] })
    headBiases = Table(
      (0..<2).map { half in
        var values = Lanes.zero
        for lane in 0..<16 where half * 16 + lane < Self.outputs {
          let k = half * 16 + lane
          values[lane] = prior.headBiases[k / 7 * 16 + k % 7]
        }
        return values
      }
    )
    decays = lanes(1) { prior.decays[$1] }
    starts = lanes(1) { prior.startPotentials[$1] }
    levels = ReadoutConstants.levels.map { Float($0) }
  }

  /// Learns from all rows a number of times and returns the mean loss of each pass, as it was while learning.
  ///
  /// `onBatch` is told the rows learned from since the last call; it says whether to go on.
  mutating func learn(_ rows: PriorRows, passes: Int, rate: Double, onBatch: (Int) -> Bool) -> [Double] {
    let size = min(Self.batch.upperBound, max(Self.batch.lowerBound, rows.count / 100))
    let batches = max(1, rows.count / size)
    let total = passes * batches
    let warmUp = min(Self.longestWarmUp, max(1, Double(total) / 10))
    var losses: [Double] = []
    var (order, update) = (Array(0..<rows.count), 0)
    for pass in 0..<passes {
      shuffle(&order, CounterRandom(seed: 1, stream: UInt32(pass)))
      var loss = 0.0
      for k in 0..<batches {
        let batch = order[k * rows.count / batches..<(k + 1) * rows.count / batches]
        let share = 1 / Float(max(1, batch.count))
        for row in batch { loss += Double(learn(rows, row, share: share)) }
        update += 1
        let cosine = Elementary.turn(update, of: 2 * total).cosine
        step(Float(rate * min(1, Double(update) / warmUp) * 0.5 * (1 + cosine) + 1e-6), update)
        guard onBatch(batch.count) else { return losses }
      }
      losses.append(loss / Double(max(1, rows.count)))
    }
    return losses
  }

  private func shuffle(_ order: inout [Int], _ random: CounterRandom) {
    guard order.count > 1 else { return }
    for i in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(i, min(i, Int(random.uniform(UInt32(i)) * Double(i + 1))))
    }
  }

  private mutating func step(_ rate: Float, _ update: Int) {
    weights.step(rate, update: update, decay: Self.decay)
    currents.step(rate, update: update, decay: 0)
    heads.step(rate * Self.headRate, update: update, decay: Self.decay)
    headBiases.step(rate * Self.biasRate, update: update, decay: 0)
  }

  /// Adds a row's gradient times a share, and returns its loss.
  private mutating func learn(_ rows: PriorRows, _ row: Int, share: Float) -> Float {
    let groups = Self.groups
    var drive = InlineLanes(), slope = InlineLanes(), feature = InlineLanes()
    for g in 0..<groups { drive[g] = currents.values[g] }
    let first = row * Prior.inputs
    for input in 0..<Prior.inputs {
      let u = rows.inputs[first + input]
      for g in 0..<groups { drive[g] += weights.values[input * groups + g] * u }
    }
    for g in 0..<groups {
      feature[g] = Self.share(of: drive[g], decay: decays[g], start: starts[g])
      slope[g] = Self.slope(drive[g], decay: decays[g], feature: feature[g])
    }
    var (loss, back): (Float, InlineLanes) = (0, InlineLanes())
    for j in 0..<3 {
      let (target, weight) = (rows.targets[3 * row + j], rows.weights[3 * row + j])
      guard weight > 0 else { continue }
      for q in 0..<7 {
        let k = 7 * j + q
        var sum = Lanes.zero
        for g in 0..<groups { sum += heads.values[k * groups + g] * feature[g] }
        let error = (target - rows.bases[3 * row + j]) - (sum.sum() + headBiases.values[k / 16][k % 16])
        let level = levels[q]
        loss += max(level * error, (level - 1) * error) * weight / 21
        // The indicator of a value below the quantile, smoothed over a fiftieth of a scale.
        let below = 1 / (1 + Elementary.exp(min(30, max(-30, Double(error) / 0.02))))
        let pull = min(3, max(-3, (Float(below) - level) * weight / 7)) * share
        for g in 0..<groups {
          back[g] += heads.values[k * groups + g] * pull
          heads.gradient[k * groups + g] += feature[g] * pull
        }
        headBiases.gradient[k / 16][k % 16] += pull
      }
    }
    for g in 0..<groups {
      back[g] *= slope[g]
      currents.gradient[g] += back[g]
    }
    for input in 0..<Prior.inputs {
      let u = rows.inputs[first + input]
      for g in 0..<groups { weights.gradient[input * groups + g] += back[g] * u }
    }
    return loss
  }

  /// Spike counts over steps of neurons with constant currents.
  private static func share(of current: Lanes, decay: Lanes, start: Lanes) -> Lanes {
    let drive = (1 - decay) * current
    var (v, count) = (start, Lanes.zero)
    for _ in 0..<steps {
      v = pointwiseMax(v * decay + drive, Lanes(repeating: -1))
      let spike = Lanes.zero.replacing(with: 1, where: v .>= 1)
      v -= spike
      count += spike
    }
    return count / Float(steps)
  }

  /// How the counts over steps grow with the current, nearly.
  private static func slope(_ current: Lanes, decay: Lanes, feature: Lanes) -> Lanes {
    var slope = Lanes.zero
    for lane in 0..<16 where feature[lane] < 1 {
      let steepness = Elementary.exp(min(30, max(-30, -4 * (Double(current[lane]) - 0.8))))
      slope[lane] = (1 - decay[lane]) / Float(1 + steepness)
    }
    return slope
  }

  /// The prior with the fitted encoder and heads, and everything else as it was.
  func fitted(_ prior: Prior) throws(PriorError) -> Prior {
    let (groups, trained) = (Self.groups, PriorFile.neurons.trained)
    func element(_ table: Table, _ row: Int, _ neuron: Int) -> Double {
      PriorFile.exact(table.values[row * groups + neuron / 16][neuron % 16])
    }
    var file = PriorFile(prior, note: "", mixture: prior.mixture, offsets: prior.offsets, fanLogs: prior.fanLogs)
    file.W = (0..<trained).map { neuron in (0..<Prior.inputs).map { element(weights, $0, neuron) } }
    file.b = (0..<trained).map { element(currents, 0, $0) }
    file.Wo = (0..<Self.outputs).map { output in (0..<trained).map { element(heads, output, $0) } }
    file.bo = (0..<Self.outputs).map { PriorFile.exact(headBiases.values[$0 / 16][$0 % 16]) }
    return try Prior(json: file.json())
  }

  /// The lanes of all trained neurons, on the stack.
  private struct InlineLanes {
    private var lanes = [4 of Lanes](repeating: .zero)

    subscript(group: Int) -> Lanes {
      get { lanes[group] }
      set { lanes[group] = newValue }
    }
  }
}

internal import Basics
internal import Glibc

/// Turns picks of sources or targets into columns of synapses, with their weights and delays, and hands them over.
@safe
final class SynapseWriter {
  private static let chunk = 1024

  /// Which projection of the circuit is written.
  let number: Int
  private let receiver: Connections.Receiver
  private let needsWeights: Bool
  private let random: CounterRandom
  private let weight: Sampler
  private let delay: Sampler
  private let sourcePopulation: Range<Int>
  private let targetPopulation: Range<Int>
  private let skipsSelf: Bool
  private let multapses: Bool
  private let stepMilliseconds: Double
  private var fill = 0
  private var picked: [UInt32] = []
  private var isPicked: [Bool] = []
  // The columns hold two chunks: a row appends at most one, and one or more are handed over.
  private let sources, targets, delays: UnsafeMutablePointer<UInt32>
  private let weights: UnsafeMutablePointer<Double>
  private let drawn: UnsafeMutablePointer<Float>
  // Words of the synapses of a chunk: pick, weight, delay and spare.
  private let pick, weightWords, delayWords, spare: UnsafeMutablePointer<UInt32>

  init(circuit: Circuit, number: Int, needsWeights: Bool, receiver: @escaping Connections.Receiver) {
    let p = circuit.projections[number]
    (self.number, self.needsWeights, self.receiver) = (number, needsWeights, receiver)
    random = CounterRandom(seed: circuit.seed, stream: RandomStream.projection(number))
    weight = Sampler(p.weight)
    delay = Sampler(p.delay, unit: circuit.stepMilliseconds)
    sourcePopulation = circuit.populations[p.source].neurons
    targetPopulation = circuit.populations[p.target].neurons
    skipsSelf = p.source == p.target && !p.autapses
    multapses = p.multapses
    stepMilliseconds = circuit.stepMilliseconds
    unsafe (sources, targets, delays) = (Self.column(), Self.column(), Self.column())
    unsafe weights = UnsafeMutablePointer.allocate(capacity: 2 * Self.chunk)
    unsafe drawn = UnsafeMutablePointer.allocate(capacity: 2 * Self.chunk)
    unsafe (pick, weightWords, delayWords, spare) = (Self.column(), Self.column(), Self.column(), Self.column())
  }

  deinit {
    unsafe sources.deallocate()
    unsafe targets.deallocate()
    unsafe weights.deallocate()
    unsafe drawn.deallocate()
    unsafe delays.deallocate()
    unsafe pick.deallocate()
    unsafe weightWords.deallocate()
    unsafe delayWords.deallocate()
    unsafe spare.deallocate()
  }

  private static func column() -> UnsafeMutablePointer<UInt32> { .allocate(capacity: 2 * chunk) }

  /// Hands over what was gathered.
  func flush() {
    guard fill > 0 else { return }
    unsafe receiver(
      Span(_unsafeElements: UnsafeBufferPointer(start: sources, count: fill)),
      Span(_unsafeElements: UnsafeBufferPointer(start: targets, count: fill)),
      Span(_unsafeElements: UnsafeBufferPointer(start: weights, count: fill)),
      Span(_unsafeElements: UnsafeBufferPointer(start: delays, count: fill))
    )
    fill = 0
  }

  /// Appends a connection of a list.
  func append(_ c: ListedConnection, at local: Int) {
    unsafe sources[fill] = c.source.index
    unsafe targets[fill] = UInt32(truncatingIfNeeded: local)
    unsafe weights[fill] = c.weight
    let steps = StepGrid.nearest(c.delayMilliseconds, stepMilliseconds: stepMilliseconds)
    unsafe delays[fill] = UInt32(min(max(steps, 1), Connections.longestDelaySteps))
    fill += 1
    if fill >= Self.chunk { flush() }
  }

  /// Appends one synapse from each of many sources.
  func appendAll(from all: Range<Int>, to id: Int, at local: Int) {
    var next = all.lowerBound
    var number = 0
    while next < all.upperBound {
      var count = 0
      while next < all.upperBound, count < Self.chunk {
        if !(skipsSelf && next == id) {
          unsafe sources[fill + count] = UInt32(truncatingIfNeeded: next)
          count += 1
        }
        next += 1
      }
      if weight.constant == nil || delay.constant == nil { draw(owner: id, from: number, count) }
      finishRow(count, at: local)
      number += count
    }
  }

  /// Appends a number of synapses from sources drawn by the target.
  func appendRow(of total: Int, to id: Int, at local: Int) {
    let own = skipsSelf ? id - sourcePopulation.lowerBound : Int.max
    forEachPick(of: total, among: sourcePopulation.count - (skipsSelf ? 1 : 0), owner: id) { count in
      let first = UInt32(truncatingIfNeeded: sourcePopulation.lowerBound)
      for i in 0..<count {
        let place = unsafe pick[i]
        unsafe sources[fill + i] = first &+ place &+ (Int(place) >= own ? 1 : 0)
      }
      finishRow(count, at: local)
    }
  }

  /// Appends those of a source's synapses whose targets have a local place.
  func appendColumn(of total: Int, from source: Int, places: [Int32]) {
    let own = skipsSelf ? source - targetPopulation.lowerBound : Int.max
    forEachPick(of: total, among: targetPopulation.count - (skipsSelf ? 1 : 0), owner: source) { count in
      var kept = 0
      for i in 0..<count {
        let place = unsafe Int(pick[i])
        let local = places[place + (place >= own ? 1 : 0)]
        guard local >= 0 else { continue }
        unsafe sources[fill + kept] = UInt32(truncatingIfNeeded: source)
        unsafe targets[fill + kept] = UInt32(local)
        unsafe weightWords[kept] = weightWords[i]
        unsafe delayWords[kept] = delayWords[i]
        kept += 1
      }
      finish(kept)
    }
  }

  /// Appends each source with a probability, by geometric gaps between those that are joined.
  func appendGaps(_ probability: Double, to id: Int, at local: Int) {
    if probability >= 1 { return appendAll(from: sourcePopulation, to: id, at: local) }
    guard probability > 0 else { return }
    let scale = 1 / log1p(-probability)
    let expected = Int(Double(sourcePopulation.count) * probability * 1.1) + 16
    let size = min(Self.chunk, (expected + 3) / 4 * 4)
    var place = -1
    var number = 0
    while true {
      draw(owner: id, from: number, size)
      var count = 0
      for i in 0..<size {
        let u = unsafe (Double(UInt64(pick[i]) << 20 | UInt64(spare[i] >> 12)) + 0.5) * 0x1p-52
        place += 1 + Int(min(log(u) * scale, 1e15))
        guard place < sourcePopulation.count else { return finishRow(count, at: local) }
        let source = sourcePopulation.lowerBound + place
        if skipsSelf, source == id { continue }
        unsafe sources[fill + count] = UInt32(truncatingIfNeeded: source)
        unsafe weightWords[count] = weightWords[i]
        unsafe delayWords[count] = delayWords[i]
        count += 1
      }
      finishRow(count, at: local)
      number += size
    }
  }

  /// Draws picks in 0 ..< candidates, chunk by chunk, and calls back when `pick` holds a chunk of them.
  private func forEachPick(of total: Int, among candidates: Int, owner: Int, _ body: (_ count: Int) -> Void) {
    var number = 0
    while number < total {
      let count = min(Self.chunk, total - number)
      draw(owner: owner, from: number, count)
      if multapses {
        let n = UInt64(candidates)
        for i in 0..<count { unsafe pick[i] = UInt32(truncatingIfNeeded: (UInt64(pick[i]) &* n) >> 32) }
      } else {
        makeDistinct(count, from: number, of: total, among: candidates)
      }
      body(count)
      number += count
    }
    for place in picked { isPicked[Int(place)] = false }
    picked.removeAll(keepingCapacity: true)
  }

  /// Floyd's algorithm: the j-th pick is drawn from the first (candidates − total + j + 1), or is the last of these.
  private func makeDistinct(_ count: Int, from number: Int, of total: Int, among candidates: Int) {
    if isPicked.count < candidates { isPicked = Array(repeating: false, count: candidates) }
    for i in 0..<count {
      let last = candidates - total + number + i
      var place = unsafe Int((UInt64(pick[i]) * UInt64(last + 1)) >> 32)
      if isPicked[place] { place = last }
      isPicked[place] = true
      unsafe pick[i] = UInt32(truncatingIfNeeded: place)
      unsafe picked.append(pick[i])
    }
  }

  /// Fills the words of synapses number, number + 1, … of an owner.
  private func draw(owner: Int, from number: Int, _ count: Int) {
    let id = Words4(repeating: UInt32(truncatingIfNeeded: owner))
    let purpose = Words4(repeating: DrawPurpose.synapse.rawValue)
    let lanes = Words4(0, 1, 2, 3)
    let key = random.key
    let (a, b, c, d) = unsafe (pick, weightWords, delayWords, spare)
    for i in stride(from: 0, to: count, by: 4) {
      let numbers = lanes &+ UInt32(truncatingIfNeeded: number &+ i)
      let w = threefry4x32(id, numbers, purpose, .zero, key: key)
      unsafe UnsafeMutableRawPointer(a + i).storeBytes(of: w.0, as: Words4.self)
      unsafe UnsafeMutableRawPointer(b + i).storeBytes(of: w.1, as: Words4.self)
      unsafe UnsafeMutableRawPointer(c + i).storeBytes(of: w.2, as: Words4.self)
      unsafe UnsafeMutableRawPointer(d + i).storeBytes(of: w.3, as: Words4.self)
    }
  }

  private func finishRow(_ count: Int, at local: Int) {
    let place = UInt32(truncatingIfNeeded: local)
    for i in 0..<count { unsafe targets[fill + i] = place }
    finish(count)
  }

  /// Gives weights and delays to the synapses just appended.
  private func finish(_ count: Int) {
    let (w, d, drawn) = unsafe (weights + fill, delays + fill, drawn)
    if let constant = weight.constant {
      for i in 0..<count { unsafe w[i] = constant }
    } else if needsWeights {
      unsafe weight.fill(weightWords, count, into: drawn)
      for i in 0..<count { unsafe w[i] = Double(drawn[i]) }
    }
    let longest = Connections.longestDelaySteps
    if let constant = delay.constant {
      let steps = UInt32(min(max(constant.rounded(.toNearestOrEven), 1), Double(longest)))
      for i in 0..<count { unsafe d[i] = steps }
    } else {
      unsafe delay.fill(delayWords, count, into: drawn)
      for i in 0..<count {
        // Nearest integer of |x| < 2²² by the shift constant 1.5 · 2²³, ties to even.
        let steps = unsafe Int32(bitPattern: (drawn[i] + 12_582_912).bitPattern) &- 0x4B40_0000
        unsafe d[i] = UInt32(bitPattern: steps < 1 ? 1 : steps > longest ? Int32(longest) : steps)
      }
    }
    fill += count
    if fill >= Self.chunk { flush() }
  }
}

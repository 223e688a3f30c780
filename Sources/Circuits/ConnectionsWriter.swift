internal import Basics
internal import Glibc
internal import KernelTypes

/// Turns picks of sources or targets into columns of synapses, with their weights and delays, and hands them over.
///
/// Synapses are gathered until a chunk is full, across targets; then kernels draw the chunk's random words, sources,
/// weights and delays at once, so that short rows cost no more than long ones.
@safe
final class SynapseWriter {
  private static let chunk = 1024
  /// The most synapses that are handed over at once.
  static let capacity = 2 * chunk

  /// Where the columns of a gathered chunk come from.
  private enum Mode {
    /// Owners and numbers are gathered; words and sources are drawn when the chunk is full.
    case pickedSources
    /// Sources, owners and numbers are gathered, words drawn when the chunk is full.
    case givenSources
    /// Sources and words are gathered.
    case givenWords
    /// Sources, weights and delays are gathered.
    case listed
  }

  /// Which projection of the circuit is written.
  let number: Int
  private let receiver: (SynapseColumns) -> Void
  private let needsWeights: Bool
  private let load: SynapseLoad?
  private let kernels: KernelTable
  private let random: CounterRandom
  private let weight: Sampler
  private let delay: Sampler
  private let constantDelay: UInt32?
  private let sourcePopulation: Range<Int>
  private let targetPopulation: Range<Int>
  private let skipsSelf: Bool
  private let multapses: Bool
  private let stepMilliseconds: Double
  private let mode: Mode
  private var fill = 0
  private var picked: [UInt32] = []
  private var isPicked: [Bool] = []
  // One allocation holds all columns of 32-bit words; each has room for two chunks.
  private let memory: UnsafeMutableRawPointer
  private let owners, numbers, sources, targets, delays, weights: UnsafeMutablePointer<UInt32>
  private let picks, weightWords, delayWords, spares: UnsafeMutablePointer<UInt32>
  // Words of one row, for rules that choose among what is drawn.
  private let rowPicks, rowWeights, rowDelays, rowSpares: UnsafeMutablePointer<UInt32>
  private let listedWeights: UnsafeMutablePointer<Double>?

  init(
    _ connections: Connections,
    number: Int,
    needsWeights: Bool,
    load: SynapseLoad?,
    receiver: @escaping (SynapseColumns) -> Void
  ) {
    let circuit = connections.circuit
    let p = circuit.projections[number]
    (self.number, self.needsWeights, self.load, self.receiver) = (number, needsWeights, load, receiver)
    kernels = connections.kernels
    random = CounterRandom(seed: circuit.seed, stream: RandomStream.projection(number))
    weight = Sampler(p.weight)
    delay = Sampler(p.delay, unit: circuit.stepMilliseconds)
    constantDelay = delay.constant.map {
      UInt32(min(max($0.rounded(.toNearestOrEven), 1), Double(Connections.longestDelaySteps)))
    }
    sourcePopulation = circuit.populations[p.source].neurons
    targetPopulation = circuit.populations[p.target].neurons
    skipsSelf = p.source == p.target && !p.autapses
    multapses = p.multapses
    stepMilliseconds = circuit.stepMilliseconds
    switch p.rule {
    case .fixedIndegree, .fixedTotalNumber: mode = p.multapses ? .pickedSources : .givenWords
    case .oneToOne, .allToAll: mode = .givenSources
    case .pairwiseBernoulli(let probability): mode = probability >= 1 ? .givenSources : .givenWords
    case .fixedOutdegree: mode = .givenWords
    case .list: mode = .listed
    }
    let length = Self.capacity
    unsafe memory = UnsafeMutableRawPointer.allocate(byteCount: 14 * length * 4, alignment: 64)
    let first = unsafe memory.bindMemory(to: UInt32.self, capacity: 14 * length)
    unsafe first.initialize(repeating: 0, count: 14 * length)
    unsafe (owners, numbers, sources) = (first, first + length, first + 2 * length)
    unsafe (targets, delays, weights) = (first + 3 * length, first + 4 * length, first + 5 * length)
    unsafe (picks, weightWords) = (first + 6 * length, first + 7 * length)
    unsafe (delayWords, spares) = (first + 8 * length, first + 9 * length)
    unsafe (rowPicks, rowWeights) = (first + 10 * length, first + 11 * length)
    unsafe (rowDelays, rowSpares) = (first + 12 * length, first + 13 * length)
    unsafe listedWeights = mode == .listed ? .allocate(capacity: length) : nil
    if let constantDelay, mode != .listed { for i in 0..<length { unsafe delays[i] = constantDelay } }
  }

  deinit {
    unsafe memory.deallocate()
    unsafe listedWeights?.deallocate()
  }

  /// Appends a connection of a list.
  func append(_ c: ListedConnection, at local: Int) {
    guard let listedWeights = unsafe listedWeights else { return }
    unsafe sources[fill] = c.source.index
    unsafe targets[fill] = UInt32(truncatingIfNeeded: local)
    unsafe listedWeights[fill] = c.weight
    let steps = StepGrid.nearest(c.delayMilliseconds, stepMilliseconds: stepMilliseconds)
    unsafe delays[fill] = UInt32(min(max(steps, 1), Connections.longestDelaySteps))
    add(1, to: local)
    advance(1)
  }

  /// Appends one synapse from each of many sources.
  func appendAll(from all: Range<Int>, to id: Int, at local: Int) {
    var next = all.lowerBound
    var number = 0
    while next < all.upperBound {
      var count = 0
      let room = Self.chunk
      while next < all.upperBound, count < room {
        if !(skipsSelf && next == id) {
          unsafe sources[fill + count] = UInt32(truncatingIfNeeded: next)
          count += 1
        }
        next += 1
      }
      gather(count, from: number, owner: id, at: local)
      number += count
    }
  }

  /// Appends a number of synapses from sources drawn by the target.
  func appendRow(of total: Int, to id: Int, at local: Int) {
    if mode == .pickedSources {
      var number = 0
      while number < total {
        let count = min(total - number, Self.capacity - fill)
        gather(count, from: number, owner: id, at: local)
        number += count
      }
      return
    }
    let own = skipsSelf ? id - sourcePopulation.lowerBound : Int.max
    forEachPick(of: total, among: sourcePopulation.count - (skipsSelf ? 1 : 0), owner: id) { count in
      let first = UInt32(truncatingIfNeeded: sourcePopulation.lowerBound)
      for i in 0..<count {
        let place = unsafe rowPicks[i]
        unsafe sources[fill + i] = first &+ place &+ (Int(place) >= own ? 1 : 0)
        unsafe weightWords[fill + i] = rowWeights[i]
        unsafe delayWords[fill + i] = rowDelays[i]
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
        let place = unsafe Int(rowPicks[i])
        let local = places[place + (place >= own ? 1 : 0)]
        guard local >= 0 else { continue }
        unsafe sources[fill + kept] = UInt32(truncatingIfNeeded: source)
        unsafe targets[fill + kept] = UInt32(local)
        unsafe weightWords[fill + kept] = rowWeights[i]
        unsafe delayWords[fill + kept] = rowDelays[i]
        add(1, to: Int(local))
        kept += 1
      }
      advance(kept)
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
      drawRow(owner: id, from: number, size)
      var count = 0
      for i in 0..<size {
        let u = unsafe (Double(UInt64(rowPicks[i]) << 20 | UInt64(rowSpares[i] >> 12)) + 0.5) * 0x1p-52
        place += 1 + Int(min(log(u) * scale, 1e15))
        guard place < sourcePopulation.count else { return finishRow(count, at: local) }
        let source = sourcePopulation.lowerBound + place
        if skipsSelf, source == id { continue }
        unsafe sources[fill + count] = UInt32(truncatingIfNeeded: source)
        unsafe weightWords[fill + count] = rowWeights[i]
        unsafe delayWords[fill + count] = rowDelays[i]
        count += 1
      }
      finishRow(count, at: local)
      number += size
    }
  }

  /// Draws picks in 0 ..< candidates, chunk by chunk, and calls back when `rowPicks` holds a chunk of them.
  private func forEachPick(of total: Int, among candidates: Int, owner: Int, _ body: (_ count: Int) -> Void) {
    var number = 0
    while number < total {
      let count = min(Self.chunk, total - number)
      drawRow(owner: owner, from: number, count)
      if multapses {
        let n = UInt64(candidates)
        for i in 0..<count { unsafe rowPicks[i] = UInt32(truncatingIfNeeded: (UInt64(rowPicks[i]) &* n) >> 32) }
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
      var place = unsafe Int((UInt64(rowPicks[i]) * UInt64(last + 1)) >> 32)
      if isPicked[place] { place = last }
      isPicked[place] = true
      unsafe rowPicks[i] = UInt32(truncatingIfNeeded: place)
      unsafe picked.append(rowPicks[i])
    }
  }

  /// Fills the row's words with those of synapses number, number + 1, … of an owner.
  private func drawRow(owner: Int, from number: Int, _ count: Int) {
    let (owner, first) = (UInt32(truncatingIfNeeded: owner), UInt32(truncatingIfNeeded: number))
    for i in 0..<count {
      unsafe owners[i] = owner
      unsafe numbers[i] = first &+ UInt32(truncatingIfNeeded: i)
    }
    unsafe kernels.drawSynapseWords(
      SynapseWordsDraw(
        count: count,
        key: random.key,
        owners: owners,
        numbers: numbers,
        picks: rowPicks,
        weights: rowWeights,
        delays: rowDelays,
        spares: rowSpares
      )
    )
  }

  /// Appends the synapses of an owner whose words are still to be drawn.
  private func gather(_ count: Int, from number: Int, owner: Int, at local: Int) {
    let (owner, first) = (UInt32(truncatingIfNeeded: owner), UInt32(truncatingIfNeeded: number))
    let (owners, numbers) = unsafe (self.owners + fill, self.numbers + fill)
    for i in 0..<count {
      unsafe owners[i] = owner
      unsafe numbers[i] = first &+ UInt32(truncatingIfNeeded: i)
    }
    finishRow(count, at: local)
  }

  private func finishRow(_ count: Int, at local: Int) {
    let (place, targets) = unsafe (UInt32(truncatingIfNeeded: local), self.targets + fill)
    for i in 0..<count { unsafe targets[i] = place }
    add(count, to: local)
    advance(count)
  }

  private func add(_ count: Int, to local: Int) {
    if let load { unsafe load.sums[local] += Double(count) * load.each }
  }

  private func advance(_ count: Int) {
    fill += count
    if fill >= Self.chunk { flush() }
  }

  /// Draws what is still to be drawn and hands the chunk over.
  func flush() {
    guard fill > 0 else { return }
    let drawsWeights = needsWeights && weight.constant == nil && mode != .listed
    let drawsDelays = constantDelay == nil && mode != .listed
    if mode == .pickedSources || (mode == .givenSources && (drawsWeights || drawsDelays)) { drawWords() }
    if drawsDelays {
      let values = unsafe UnsafeMutableRawPointer(delays).assumingMemoryBound(to: Float.self)
      unsafe delay.fill(delayWords, fill, into: values, by: kernels)
      unsafe kernels.roundDelays(
        DelayRounding(count: fill, longest: Int32(Connections.longestDelaySteps), values: values)
      )
    }
    var form = SynapseColumns.Weights.same(weight.constant ?? 0)
    if let listedWeights = unsafe listedWeights {
      form = unsafe .listed(listedWeights)
    } else if drawsWeights {
      let values = unsafe UnsafeMutableRawPointer(weights).assumingMemoryBound(to: Float.self)
      unsafe weight.fill(weightWords, fill, into: values, by: kernels)
      form = unsafe .drawn(values)
    }
    unsafe receiver(SynapseColumns(count: fill, sources: sources, targets: targets, delays: delays, weights: form))
    fill = 0
  }

  private func drawWords() {
    unsafe kernels.drawSynapseWords(
      SynapseWordsDraw(
        count: fill,
        key: random.key,
        owners: owners,
        numbers: numbers,
        picks: picks,
        weights: weightWords,
        delays: delayWords,
        spares: spares
      )
    )
    guard mode == .pickedSources else { return }
    unsafe kernels.pickSources(
      SourcePick(
        count: fill,
        first: UInt32(truncatingIfNeeded: sourcePopulation.lowerBound),
        candidates: UInt32(truncatingIfNeeded: sourcePopulation.count - (skipsSelf ? 1 : 0)),
        skipsOwner: skipsSelf,
        words: picks,
        owners: owners,
        sources: sources
      )
    )
  }
}

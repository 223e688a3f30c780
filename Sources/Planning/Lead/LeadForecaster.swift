internal import Basics
internal import Wire
internal import Workloads

/// The fast clock: the demand of one service when an order placed now arrives, and the greatest until then.
///
/// Head 0 is demand in the two ticks of the arrival, which only an order can serve; head 1 the greatest of all ticks from
/// now until then, which a release must not cut. Both are log-linear in `LeadInputs`, learned from every tick whose window
/// has closed (`RecursiveSquares`, errors clipped). The size of an error is learned the same way from how restless the
/// series is, how wrong forecasts were lately and at this time of day; errors in units of that size fill `TailRecord`s,
/// one for calm and one for restless moments. Announced events correct mean and scale (`EventCells`).
struct LeadForecaster: Equatable, Sendable {
  /// What is fixed when it starts; another timing needs another forecaster.
  struct Timing: Equatable, Sendable {
    var tickMilliseconds: Int64
    /// Ticks from a decision to the first tick that its order serves; of that tick only a part may be served.
    var leadTicks: Int
    /// Ticks that values lag behind, and ticks that each is a mean over.
    var reportingDelayTicks: Int, reportingWindowTicks: Int
    /// Ticks from the last value to the end of the window.
    var span: Int { reportingDelayTicks + leadTicks + 1 }
  }
  /// A forecast: logarithms of demand plus `offset`.
  struct Outlook: Equatable, Sendable {
    var level = 0.0
    /// By head: the median, what events add in it, the scale of its error.
    var medians = [0.0, 0.0], eventShares = [0.0, 0.0], scales = [0.2, 0.2]
    /// By head: which tail applies.
    var classes = [0, 0]
  }

  /// Replicas whose capacity is the offset; the most ticks that a window may span.
  static let offsetShare = 0.2, mostSpan = 200
  private static let memory = 0.9998, clip = 3.0, classShare = 0.9, deaveraging = 0.9

  let timing: Timing
  /// What is added to demand before its logarithm is taken, in requests/s.
  let offset: Double
  var inputs: LeadInputs
  var errors: LeadErrors
  var events = EventCells()
  var means: RecursiveSquares, sizes: RecursiveSquares
  /// By head: mean |error|, for clipping; where a scale counts as restless.
  var clipScales = [0.1, 0.1], cuts = [-3.0, -3.0]
  /// By class, then head.
  var tails = Array(repeating: TailRecord(), count: 4)
  /// What was said at the last origins, oldest overwritten.
  var origins: [LeadOrigin]
  var lastBad = -10, lastValue = 0.0
  /// What the slow clock last said of the present.
  var slowNow: Double?
  /// The fleet that demand needs on average, per requests/s of a replica: what replicas are dear against.
  var meanDemand = 0.0
  /// Windows that were learned from.
  var learned = 0
  var outlook = Outlook()

  init(timing: Timing, offset: Double) {
    precondition(timing.leadTicks >= 0 && timing.span <= Self.mostSpan && offset > 0)
    (self.timing, self.offset) = (timing, offset)
    inputs = LeadInputs()
    errors = LeadErrors(tickMilliseconds: timing.tickMilliseconds)
    means = RecursiveSquares(size: LeadInputs.count, heads: 2, memory: Self.memory, variance: 1)
    sizes = RecursiveSquares(size: LeadInputs.scaleCount, heads: 2, memory: Self.memory, variance: 10)
    for head in 0..<2 { sizes.setWeight(head: head, input: 0, Arithmetic.logarithm(0.05)) }
    origins = Array(repeating: LeadOrigin(), count: timing.span + 1)
  }

  /// Takes the value of a tick, nil where it is missing or not believed, and forecasts anew.
  mutating func advance(_ value: Double?, tick: Tick, slow: SlowView?, events hints: [EventHint]) {
    if let value {
      let isFirst = inputs.ticks == 0 || lastBad == inputs.ticks - 1
      let isMean = timing.reportingWindowTicks == 2 && !isFirst
      lastValue = isMean ? max(0, value + Self.deaveraging * (value - lastValue)) : value
      inputs.append(Arithmetic.logarithm(lastValue + offset))
      learn()
    } else {
      guard inputs.ticks > 0 else { return }
      let move = slow.flatMap { slow in slowNow.map { slow.now - $0 } } ?? 0
      inputs.fill(movingBy: move)
      lastBad = inputs.ticks - 1
    }
    slowNow = slow?.now
    let arrival = (tick.index + 1 + Int64(timing.leadTicks)) * timing.tickMilliseconds
    let cell =
      hints.isEmpty ? nil : events.cell(at: arrival, events: hints, tickMilliseconds: timing.tickMilliseconds)
    forecast(slow, decision: Double(tick.index + 1) * Double(timing.tickMilliseconds), cell: cell)
  }

  private mutating func forecast(_ slow: SlowView?, decision: Double, cell: Int?) {
    let row = inputs.ticks % origins.count
    var origin = origins[row]
    inputs.read(slow, errors: errors, decision: decision, into: &origin.inputs, scale: &origin.scaleInputs)
    (origin.cell, origin.decision) = (cell, decision)
    origin.bases = [0, 1].map { inputs.level + (slow?.announced[$0] ?? 0) }
    outlook.level = inputs.level
    for head in 0..<2 {
      let rise = means.predict(head: head, origin.inputs.span)
      var size = sizes.predict(head: head, origin.scaleInputs.span)
      size = Arithmetic.exponential(min(1, max(-5, size)))
      var share = 0.0
      if let cell {
        share = events.mean(cell, head: head)
        size = (size * size + events.variance(cell, head: head)).squareRoot()
      }
      // Without values the window grows at its old end, and errors as those of a random walk.
      if inputs.filled > 0 { size *= (1 + Double(inputs.filled) / Double(timing.span)).squareRoot() }
      let logSize = Arithmetic.logarithm(size)
      origin.medians[head] = origin.bases[head] + min(1.5, max(-1.5, rise)) + share
      (origin.cellShares[head], origin.scales[head]) = (share, size)
      origin.classes[head] = logSize > cuts[head] ? 1 : 0
      let rate = max(0.0005, 1 / Double(inputs.ticks + 10))
      cuts[head] += rate * (Self.classShare - (logSize < cuts[head] ? 1 : 0))
    }
    outlook.medians = origin.medians
    outlook.eventShares = [0, 1].map { origin.cellShares[$0] + (slow?.announced[$0] ?? 0) }
    (outlook.scales, outlook.classes) = (origin.scales, origin.classes)
    origins[row] = origin
  }

  /// Learns from the origin whose window has just closed.
  private mutating func learn() {
    let index = inputs.ticks - timing.span
    guard index >= 1, lastBad < index - 3 else { return }
    let origin = origins[index % origins.count]
    let arrival = max(inputs.value(ago: 0), inputs.value(ago: 1))
    var greatest = arrival
    for ago in 0...timing.leadTicks { greatest = max(greatest, inputs.value(ago: ago)) }
    let share = means.absorb(origin.inputs.span)
    _ = sizes.absorb(origin.scaleInputs.span)
    for head in 0..<2 {
      let target = head == 0 ? arrival : greatest
      learn(target, head: head, origin: origin, index: index, share: share)
    }
    learned += 1
    if learned % 20 == 0 { for i in tails.indices { tails[i].settle() } }
    let demand = max(0, Arithmetic.exponential(min(600, greatest)) - offset)
    meanDemand += max(1 / 40_320, 1 / Double(learned + 100)) * (demand - meanDemand)
  }

  private mutating func learn(_ target: Double, head: Int, origin: LeadOrigin, index: Int, share: Double) {
    let error = target - origin.bases[head] - means.predict(head: head, origin.inputs.span)
    let bound = Self.clip * clipScales[head]
    clipScales[head] += max(0.002, 1 / Double(index + 1)) * (min(abs(error), 3 * bound) - clipScales[head])
    means.correct(head: head, by: share * min(bound, max(-bound, error)))
    let rest = target - origin.medians[head]
    if let cell = origin.cell {
      events.observe(rest + origin.cellShares[head], cell: cell, head: head)
    } else {
      let wrong = LeadErrors.logSize(rest) - sizes.predict(head: head, origin.scaleInputs.span)
      sizes.correct(head: head, by: min(2, max(-2, wrong)))
      errors.observe(rest, head: head, origin: index, at: origin.decision)
    }
    tails[head + 2 * origin.classes[head]].observe(rest / origin.scales[head])
  }

  /// Whether it has learned from a day of windows, so that its tails may be relied on.
  var isExperienced: Bool { Int64(learned) * timing.tickMilliseconds >= 86_400_000 }

  /// Whether an order placed now arrives in an announced event.
  var isInEvent: Bool { origins[inputs.ticks % origins.count].cell != nil }

  /// The chance that demand will be greater than so many requests/s, by head.
  func chance(head: Int, above demand: Double) -> Double {
    let z = (Arithmetic.logarithm(max(0, demand) + offset) - outlook.medians[head]) / outlook.scales[head]
    return tails[head + 2 * outlook.classes[head]].chance(above: z)
  }

  /// The demand that is exceeded with a chance, in requests/s.
  func demand(head: Int, exceededWith chance: Double) -> Double {
    let z = tails[head + 2 * outlook.classes[head]].bound(exceededWith: chance)
    return demand(outlook.medians[head] + z * outlook.scales[head])
  }

  /// A demand from its logarithm, in requests/s.
  func demand(_ logarithm: Double) -> Double { max(0, Arithmetic.exponential(min(600, logarithm)) - offset) }
}

/// What was said at one origin, until its window has closed.
struct LeadOrigin: Equatable, Sendable {
  var inputs = Array(repeating: 0.0, count: LeadInputs.count)
  var scaleInputs = Array(repeating: 0.0, count: LeadInputs.scaleCount)
  var decision = 0.0
  var bases = [0.0, 0.0], medians = [0.0, 0.0], cellShares = [0.0, 0.0], scales = [1.0, 1.0]
  var classes = [0, 0]
  var cell: Int?
}

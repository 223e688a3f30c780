internal import Circuits
internal import KernelTypes

/// Lets spikes of sources pass plastic synapses in single precision, where the rule's powers are 0 or 1.
///
/// Spikes that facilitate are summed by their number mod eight, then over the eight sums: an order that depends neither on the
/// layout nor on which spikes that have not arrived yet are known. The kernel finds all of them in a line; what it leaves is
/// done here in the same order from the whole history.
@safe
final class FastPass {
  private let table: PlasticTable<Float>
  private let history: PostHistory<Float>
  private let recent: RecentSpikes
  private let pending: PendingSums<Int32>
  private let pass: @Sendable (borrowing PlasticSegment) -> Int
  private let decay: DecayTable<Float>
  private let times: SettleTimes
  /// Where the row of sums begins that takes the weights.
  private let offset: Int
  private let facilitation, depression: Float
  private let segment: PlasticSegment
  private let rest: Column<UInt32>

  init(
    _ table: PlasticTable<Float>,
    _ rule: STDP,
    _ decay: DecayTable<Float>,
    _ history: PostHistory<Float>,
    _ recent: RecentSpikes,
    _ pending: PendingSums<Int32>,
    _ times: SettleTimes,
    offset: Int,
    perUnit: Double,
    kernels: KernelTable
  ) {
    (self.table, self.history, self.recent, self.pending) = (table, history, recent, pending)
    self.times = times
    (self.decay, self.offset, pass) = (decay, offset, kernels.passPlasticSegment)
    let greatest = abs(rule.greatestWeight)
    facilitation = Float(rule.muPlus == 0 ? rule.lambda * greatest : rule.lambda)
    depression = Float(rule.alpha * rule.lambda * (rule.muMinus == 0 ? greatest : 1))
    var longest = 0
    for s in 0..<table.delays.count { longest = max(longest, Int(table.firstCell[s + 1] - table.firstCell[s])) }
    rest = Column(longest)
    var segment = unsafe PlasticSegment(
      targets: table.targets.base,
      weights: table.weights.base,
      lines: recent.lines.base,
      sums: pending.ring.base,
      rest: rest.base
    )
    segment.greatest = Float(greatest)
    segment.perUnit = Float(perUnit)
    (segment.isFacilitationRelative, segment.isDepressionRelative) = (rule.muPlus == 1, rule.muMinus == 1)
    self.segment = segment
  }

  /// Lets a spike of a source pass its synapses.
  func pass(_ source: Int, at step: Int64) {
    let last = unsafe table.lastSpike.base[source]
    if last >= 0, unsafe !table.isSettled.base[source], times.due(after: last) <= step { settle(source) }
    change(source, at: step, transmits: true)
    let trace = unsafe table.trace.base[source]
    unsafe table.trace.base[source] = (last >= 0 ? trace * decay[step &- last] : 0) + 1
    unsafe table.lastSpike.base[source] = step
    unsafe table.isSettled.base[source] = false
  }

  /// Counts what counts with the last spike of a source that has been silent for long.
  @inline(never)
  func settle(_ source: Int) {
    change(source, at: times.due(after: table.lastSpike[source]), transmits: false)
    table.isSettled[source] = true
  }

  @inline(__always)
  private func change(_ source: Int, at step: Int64, transmits: Bool) {
    recent.move(to: step, history)
    var segment = self.segment
    if !transmits { segment.perUnit = 0 }
    let (last, trace) = unsafe (table.lastSpike.base[source], table.trace.base[source])
    let facilitates = unsafe last >= 0 && !table.isSettled.base[source]
    for s in unsafe Int(table.firstSegment.base[source])..<Int(table.firstSegment.base[source + 1]) {
      let delay = unsafe Int64(table.delays.base[s])
      let cells = unsafe Int(table.firstCell.base[s])..<Int(table.firstCell.base[s + 1])
      let newest = step &- delay
      // Where none facilitates: a window of the newest alone, which counts for nothing but shows whether all of a line are new.
      let oldest = facilitates ? last &- delay : newest &- 1
      segment.upTo = recent.e(newest)
      segment.depression = transmits ? depression * recent.minus[recent.base &- newest] : 0
      segment.after = recent.e(oldest)
      segment.facilitation = facilitates ? facilitation * (trace * recent.plus[oldest &- recent.base]) : 0
      if transmits { table.passedSynapses &+= cells.count }
      unsafe segment.targets = UnsafePointer(table.targets.base + cells.lowerBound)
      unsafe segment.weights = table.weights.base + cells.lowerBound
      // Where nothing is transmitted, zeros are added to any row.
      unsafe segment.sums = (transmits ? pending.row(step &+ delay) : pending.ring.base) + offset
      segment.count = cells.count
      let left = pass(segment)
      for k in 0..<left { passAlone(Int(rest[k]), of: segment, newest, oldest) }
    }
  }

  /// Changes the weight of one synapse from the whole history of its target; spikes after `oldest` facilitate.
  @inline(never)
  private func passAlone(_ cell: Int, of segment: PlasticSegment, _ newest: Int64, _ oldest: Int64) {
    let target = unsafe Int(segment.targets[cell])
    let isRelative = segment.isFacilitationRelative
    var weight = unsafe segment.weights[cell]
    let (steps, traces, number) = (history.steps[target], history.traces[target], history.firsts[target])
    var end = steps.count
    while end > 0, steps[end - 1] > newest { end -= 1 }
    var first = end
    while first > 0, steps[first - 1] > oldest { first -= 1 }
    var sums = SIMD8<Float>(repeating: isRelative ? 1 : 0)
    for k in first..<end {
      let e = recent.e(steps[k])
      if isRelative {
        sums[(number + k) & 7] *= max(1 - e * segment.facilitation, 0)
      } else {
        sums[(number + k) & 7] += e
      }
    }
    if isRelative {
      let four = sums.lowHalf * sums.highHalf
      weight += (segment.greatest - weight) * (1 - (four[0] * four[2]) * (four[1] * four[3]))
    } else {
      let four = sums.lowHalf + sums.highHalf
      weight += segment.facilitation * ((four[0] + four[2]) + (four[1] + four[3]))
    }
    weight = min(weight, segment.greatest)
    while end > 0, steps[end - 1] >= newest { end -= 1 }
    if end > 0 {
      let trace = segment.depression * recent.f(steps[end - 1], traces[end - 1])
      weight -= segment.isDepressionRelative ? trace * weight : trace
    }
    weight = max(weight, 0)
    unsafe segment.weights[cell] = weight
    let fixed = PackedSynapses.fixedPoint(Double(weight), perUnit: Double(segment.perUnit))
    unsafe segment.sums[target] &+= fixed
  }
}

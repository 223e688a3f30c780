/// A spike of a source that passes the synapses of one delay.
struct SegmentPass {
  /// The synapses.
  let cells: Range<Int>
  /// Step of the source's spike before, or -1 where no spike facilitates.
  let last: Int64
  /// Step of the spike.
  let step: Int64
  /// The delay in steps.
  let delay: Int64
}

/// Changes the weights of a segment and adds them to a row of sums.
///
/// Every event of a plastic synapse comes here: plain pointers, and a slow path for the few targets
/// that fired more often since the source's last spike than their history keeps at hand.
@inline(never)
func passSegment<Store: SynapseStore, Real: BinaryFloatingPoint & BitwiseCopyable>(
  _ pass: SegmentPass,
  _ table: PlasticTable<Real>,
  _ rule: PlasticRule<Real>,
  _ history: PostHistory<Real>,
  trace: Real,
  perUnit: Double,
  into row: UnsafeMutablePointer<Store.Sum>,
  as _: Store.Type
) {
  let (last, delay, step) = (pass.last, pass.delay, pass.step)
  let kept = PostHistory<Real>.kept
  let (targets, weights) = unsafe (table.targets.base, table.weights.base)
  let (counts, steps) = unsafe (history.counts.base, history.lastSteps.base)
  let traces = unsafe history.lastTraces.base
  let (newest, oldest) = (step - delay, last - delay)
  for cell in pass.cells {
    let target = unsafe Int(targets[cell])
    var weight = unsafe weights[cell]
    let count = unsafe counts[target]
    let first = target &* kept
    var end = count
    // Spikes that have not arrived at the synapse yet are few.
    while end > 0, count &- end < kept, unsafe steps[first &+ ((end &- 1) & (kept &- 1))] > newest { end &-= 1 }
    var next = end
    if last >= 0 {
      while next > 0, count &- next < kept, unsafe steps[first &+ ((next &- 1) & (kept &- 1))] > oldest { next &-= 1 }
    }
    if count &- next >= kept, count > kept {
      weight = passSlowly(weight, target, rule, history, pass, trace: trace)
    } else {
      while next < end {
        let at = unsafe steps[first &+ (next & (kept &- 1))]
        weight = rule.facilitated(weight, by: trace * rule.plus[at &- oldest])
        next &+= 1
      }
      // One that arrives together with the source's spike does not count in the target's trace.
      if end > 0, unsafe steps[first &+ ((end &- 1) & (kept &- 1))] == newest { end &-= 1 }
      if end > 0, count &- end < kept {
        let place = first &+ ((end &- 1) & (kept &- 1))
        weight = unsafe rule.depressed(weight, by: traces[place] * rule.minus[newest &- steps[place]])
      } else if end > 0 {
        weight = depressedSlowly(weight, target, rule, history, newest: newest)
      }
    }
    unsafe weights[cell] = weight
    unsafe row[target] &+= Store.fixedPoint(Double(weight), perUnit: perUnit)
  }
}

/// Lets the spikes of targets since the source's last one facilitate, where nothing is transmitted.
func settleSegment<Real>(
  _ pass: SegmentPass,
  _ table: PlasticTable<Real>,
  _ rule: PlasticRule<Real>,
  _ history: PostHistory<Real>,
  trace: Real
) {
  for cell in pass.cells {
    for spike in history.steps[Int(table.targets[cell])] {
      let arrival = spike + pass.delay
      guard arrival > pass.last, arrival <= pass.step else { continue }
      table.weights[cell] = rule.facilitated(table.weights[cell], by: trace * rule.plus[arrival - pass.last])
    }
  }
}

/// The weight after everything since the source's last spike, from the whole history of the target.
@inline(never)
private func passSlowly<Real>(
  _ start: Real,
  _ target: Int,
  _ rule: PlasticRule<Real>,
  _ history: PostHistory<Real>,
  _ pass: SegmentPass,
  trace: Real
) -> Real {
  let (last, delay, newest) = (pass.last, pass.delay, pass.step - pass.delay)
  let steps = history.steps[target]
  var weight = start
  var end = steps.count
  while end > 0, steps[end - 1] > newest { end -= 1 }
  if last >= 0 {
    var next = end
    while next > 0, steps[next - 1] + delay > last { next -= 1 }
    for k in next..<end { weight = rule.facilitated(weight, by: trace * rule.plus[steps[k] + delay - last]) }
  }
  return depressedSlowly(weight, target, rule, history, newest: newest)
}

/// The weight after a spike of the source, from the whole history of the target.
@inline(never)
private func depressedSlowly<Real>(
  _ weight: Real,
  _ target: Int,
  _ rule: PlasticRule<Real>,
  _ history: PostHistory<Real>,
  newest: Int64
) -> Real {
  let (steps, traces) = (history.steps[target], history.traces[target])
  var before = steps.count
  while before > 0, steps[before - 1] >= newest { before -= 1 }
  guard before > 0 else { return weight }
  return rule.depressed(weight, by: traces[before - 1] * rule.minus[newest - steps[before - 1]])
}

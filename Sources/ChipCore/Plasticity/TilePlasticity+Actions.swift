internal import Circuits
internal import KernelTypes

extension TilePlasticity {
  /// What happens at a spike of a source, at one of an own neuron, and when a source is settled, made for one format.
  static func actions(
    of part: Part,
    _ rule: STDP,
    _ pending: PendingSums<Store.Sum>,
    _ kernels: KernelTable
  ) -> (pass: (_ source: Int, _ step: Int64) -> Void, settle: (_ source: Int) -> Void) {
    let (table, offset, perUnit, history) = (part.table, part.offset, part.perUnit, part.history)
    if let recent = part.recent, let table = table as? PlasticTable<Float>,
      let pending = pending as? PendingSums<Int32>,
      let history = history as? PostHistory<Float>, let decay = part.rule.plus as? DecayTable<Float>
    {
      let fast = FastPass(
        table,
        rule,
        decay,
        history,
        recent,
        pending,
        part.times,
        offset: offset,
        perUnit: perUnit,
        kernels: kernels
      )
      return ({ source, step in fast.pass(source, at: step) }, { source in fast.settle(source) })
    }
    let (rule, times) = (part.rule, part.times)
    let settle = { (source: Int) in
      let (last, trace) = (table.lastSpike[source], table.trace[source])
      for s in Int(table.firstSegment[source])..<Int(table.firstSegment[source + 1]) {
        let cells = Int(table.firstCell[s])..<Int(table.firstCell[s + 1])
        let pass = SegmentPass(cells: cells, last: last, step: times.due(after: last), delay: Int64(table.delays[s]))
        settleSegment(pass, table, rule, history, trace: trace)
      }
      table.isSettled[source] = true
    }
    let pass = { (source: Int, step: Int64) in
      let (last, trace) = (table.lastSpike[source], table.trace[source])
      if last >= 0, !table.isSettled[source], times.due(after: last) <= step { settle(source) }
      let counted = table.isSettled[source] ? -1 : last
      for s in Int(table.firstSegment[source])..<Int(table.firstSegment[source + 1]) {
        let cells = Int(table.firstCell[s])..<Int(table.firstCell[s + 1])
        table.passedSynapses += cells.count
        let pass = SegmentPass(cells: cells, last: counted, step: step, delay: Int64(table.delays[s]))
        let row = unsafe pending.row(step + pass.delay) + offset
        unsafe passSegment(pass, table, rule, history, trace: trace, perUnit: perUnit, into: row, as: Store.self)
      }
      table.trace[source] = (last >= 0 ? trace * rule.plus[step - last] : 0) + 1
      table.lastSpike[source] = step
      table.isSettled[source] = false
    }
    return (pass, settle)
  }

  static func note(of part: Part) -> (_ local: Int, _ step: Int64) -> Void {
    let (history, decay) = (part.history, part.rule.minus)
    guard let recent = part.recent else { return { local, step in history.append(step, at: local, decay: decay) } }
    return { local, step in
      let (number, trace) = history.append(step, at: local, decay: decay)
      recent.put(step, Float(trace), number: number, at: local)
    }
  }
}

internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads `stimuli: {name: {poisson | dc | events, …}}`.
  func readStimuli(_ node: Node?, _ load: (String) throws -> [UInt8]) throws(DocumentError) -> [Stimulus] {
    guard let node else { return [] }
    let entries = try reading("stimuli") { () throws(DocumentError) in try node.mapping() }
    var stimuli: [Stimulus] = []
    for entry in entries { stimuli.append(try readStimulus(entry, load)) }
    return stimuli
  }

  private static let kinds = ["poisson", "dc", "events"]

  private func readStimulus(
    _ entry: Node.Entry,
    _ load: (String) throws -> [UInt8]
  ) throws(DocumentError) -> Stimulus {
    let what = "stimulus \(entry.key)"
    let written = try reading(what) { () throws(DocumentError) in try entry.value.mapping() }.map(\.key)
    guard let kind = CircuitReader.kinds.first(where: written.contains) else {
      let known = CircuitReader.kinds.joined(separator: ", ")
      let odd = written.first { !["to", "weight", "delay"].contains($0) }
      throw entry.value.error(
        "\(what): \(odd.map { "this version does not know '\($0)'" } ?? "what drives is missing"); known are: \(known)"
      )
    }
    var fields = try MappingReader(entry.value, what)
    let body = try fields.require(kind)
    let (to, weight, delay) = (fields.take("to"), fields.take("weight"), fields.take("delay"))
    try fields.finish()
    if kind == "events" {
      if let to { throw to.error("\(what): events name their targets in the file; remove 'to'") }
      return .events(name: entry.key, try readEvents(body, weight: weight, delay: delay, at: entry.value, what, load))
    }
    guard let to else { throw entry.value.error("\(what): 'to' is missing; name the populations that it drives") }
    let targets = try populations(to, "\(what): to")
    if kind == "dc" {
      if let weight { throw weight.error("\(what): dc takes no weight; its amplitude says how strong it is") }
      return try readDirectCurrent(body, name: entry.key, targets, delay: delay, at: entry.value)
    }
    return try readPoisson(body, name: entry.key, targets, weight: weight, delay: delay, at: entry.value)
  }

  private func readPoisson(
    _ node: Node,
    name: String,
    _ targets: [Int],
    weight: Node?,
    delay: Node?,
    at place: Node
  ) throws(DocumentError) -> Stimulus {
    let what = "stimulus \(name)"
    var fields = try MappingReader(node, "\(what): poisson")
    let rateNode = fields.take("rate")
    try fields.finish()
    guard let rateNode else { throw node.error("\(what): poisson: 'rate' is missing; write for example 'rate: 8 kHz'") }
    let rate = try values.value(rateNode, unit: "Hz", "\(what): rate")
    guard rate >= 0 else { throw rateNode.error("\(what): rate: \(rate) Hz is negative; a rate is at least 0 Hz") }
    let most = CircuitLimits.poissonPerStep / stepMilliseconds * 1000
    guard rate <= most else {
      throw rateNode.error("\(what): rate: \(rate) Hz is above \(most) Hz; use a current, or a larger weight")
    }
    var weights: [Double] = []
    for target in targets { weights.append(try constantWeight(weight, onto: target, what)) }
    return .poisson(
      name: name,
      rateHertz: rate,
      targets: targets,
      weight: weights[0],
      delayMilliseconds: try constantDelay(delay, at: place, what)
    )
  }

  private func readDirectCurrent(
    _ node: Node,
    name: String,
    _ targets: [Int],
    delay: Node?,
    at place: Node
  ) throws(DocumentError) -> Stimulus {
    let what = "stimulus \(name)"
    var fields = try MappingReader(node, "\(what): dc")
    let (amplitudeNode, startNode, stopNode) = (fields.take("amplitude"), fields.take("start"), fields.take("stop"))
    try fields.finish()
    guard let amplitudeNode else {
      throw node.error("\(what): dc: 'amplitude' is missing; write for example 'amplitude: 450 pA'")
    }
    let amplitude = try values.value(amplitudeNode, unit: "pA", "\(what): amplitude")
    let start = try startNode.map { node throws(DocumentError) in try time(node, "\(what): start") } ?? 0
    let stop = try stopNode.map { node throws(DocumentError) in try time(node, "\(what): stop") }
    if let stop, let stopNode, stop <= start {
      throw stopNode.error("\(what): stop: \(stop) ms is not after the start at \(start) ms")
    }
    return .directCurrent(
      name: name,
      amplitude: amplitude,
      startMilliseconds: start,
      stopMilliseconds: stop ?? .infinity,
      targets: targets,
      delayMilliseconds: try constantDelay(delay, at: place, what)
    )
  }

  /// Reads given spikes: `time`, `target_id`, and `weight` and `delay` where the stimulus does not say them for all.
  private func readEvents(
    _ node: Node,
    weight: Node?,
    delay: Node?,
    at place: Node,
    _ what: String,
    _ load: (String) throws -> [UInt8]
  ) throws(DocumentError) -> [InputEvent] {
    let table = try table(node, what, load)
    let columns = try CircuitColumns(table, plain: ["target_id"], quantities: ["time", "weight", "delay"])
    let (times, targets) = (try columns.require("time"), try columns.require("target_id").index)
    let synapses = try ListedSynapses(columns, weight: weight, delay: delay, at: place, what, self)
    var events: [InputEvent] = []
    events.reserveCapacity(table.rows.count)
    for row in table.rows {
      let target = try neuron(table, row, targets)
      let time = try columns.value(row, times, unit: "ms", whose: "time")
      guard time >= stepMilliseconds * (1 - 1e-9), time <= CircuitLimits.timeMilliseconds else {
        throw table.error(
          row,
          "\(times.header): \(time) ms is out of range; the first spike can be emitted at the end of the first step, "
            + "\(stepMilliseconds) ms"
        )
      }
      events.append(
        InputEvent(
          timeMilliseconds: time,
          target: NeuronID(UInt32(target)),
          weight: try synapses.weight(row, ontoNeuron: target, self),
          delayMilliseconds: try synapses.delay(row, self)
        )
      )
    }
    return events
  }
}

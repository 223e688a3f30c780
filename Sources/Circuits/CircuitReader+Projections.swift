internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads `projections: [{from, to, rule | list, weight, delay, autapses, multapses}]`.
  ///
  /// Several sources or targets make one projection a pair, sources outside, targets inside, in the order written.
  func readProjections(_ node: Node?, _ load: (String) throws -> [UInt8]) throws(DocumentError) -> [Projection] {
    guard let node else { return [] }
    let nodes = try reading("projections") { () throws(DocumentError) in try node.sequence() }
    var projections: [Projection] = []
    for (i, node) in nodes.enumerated() { projections += try readProjection(node, number: i + 1, load) }
    return projections
  }

  private func readProjection(
    _ node: Node,
    number: Int,
    _ load: (String) throws -> [UInt8]
  ) throws(DocumentError) -> [Projection] {
    let what = "projection \(number)"
    var fields = try MappingReader(node, what)
    let (from, to, ruleNode, list) = (fields.take("from"), fields.take("to"), fields.take("rule"), fields.take("list"))
    let (weight, delay) = (fields.take("weight"), fields.take("delay"))
    let (autapses, multapses) = (fields.take("autapses"), fields.take("multapses"))
    let plasticity = fields.take("plasticity")
    try fields.finish()
    guard let from else { throw node.error("\(what): 'from' is missing; name the source population") }
    guard let to else { throw node.error("\(what): 'to' is missing; name the target population") }
    let (sources, targets) = (try populations(from, "\(what): from"), try populations(to, "\(what): to"))
    if let list {
      if let rule = ruleNode { throw rule.error("\(what): 'rule' and 'list' exclude each other") }
      if let node = autapses ?? multapses {
        throw node.error("\(what): a list says itself which neurons are joined; remove 'autapses' and 'multapses'")
      }
      var projections = try readList(
        list,
        from: sources,
        to: targets,
        weight: weight,
        delay: delay,
        at: node,
        what,
        load
      )
      if let plasticity {
        for i in projections.indices {
          projections[i].plasticity = try readPlasticity(plasticity, onto: projections[i].target, what)
        }
        try refusePlasticity(of: projections, at: plasticity, what)
      }
      return projections
    }
    let rule = try ruleNode.map { node throws(DocumentError) in try readRule(node, what) } ?? .allToAll
    let frame = Circuit(name: "", stepMilliseconds: stepMilliseconds, populations: populations)
    let readDelay = try self.delay(delay, at: node, what)
    var projections: [Projection] = []
    for source in sources {
      for target in targets {
        let projection = Projection(
          source: source,
          target: target,
          rule: rule,
          weight: try self.weight(weight, onto: target, what),
          delay: readDelay,
          autapses: try isOn(autapses, "\(what): autapses"),
          multapses: try isOn(multapses, "\(what): multapses"),
          plasticity: try plasticity.map { node throws(DocumentError) in
            try readPlasticity(node, onto: target, what)
          }
        )
        let isEmpty = rule == .oneToOne && source == target && !projection.autapses
        if let problem = isEmpty ? "one_to_one joins nothing when autapses are off" : projection.problem(in: frame) {
          let pair = "\(populations[source].name)>\(populations[target].name)"
          throw (ruleNode ?? node).error("\(what): \(pair): \(problem)")
        }
        projections.append(projection)
      }
    }
    return projections
  }

  private func readRule(_ node: Node, _ what: String) throws(DocumentError) -> ConnectionRule {
    let what = "\(what): rule"
    guard case .mapping(let entries) = node.content else {
      let name = try node.string()
      switch name {
      case "one_to_one": return .oneToOne
      case "all_to_all": return .allToAll
      default: throw node.error("\(what): \(ConnectionRule.unknown(name))")
      }
    }
    guard let entry = entries.first, entries.count == 1 else {
      throw node.error("\(what): one rule is wanted, found \(entries.count)")
    }
    func count(_ meaning: String) throws(DocumentError) -> Int {
      guard let value = try? entry.value.int(), (0...Int(UInt32.max)).contains(value) else {
        throw entry.value.error(
          "\(what): \(entry.key) takes the number of \(meaning), 0 to \(UInt32.max); found \(entry.value.kind)"
        )
      }
      return value
    }
    switch entry.key {
    case "fixed_indegree": return .fixedIndegree(try count("sources of each target"))
    case "fixed_outdegree": return .fixedOutdegree(try count("targets of each source"))
    case "fixed_total_number": return .fixedTotalNumber(try count("synapses"))
    case "pairwise_bernoulli":
      guard let p = try? entry.value.double(), (0...1).contains(p) else {
        throw entry.value.error(
          "\(what): pairwise_bernoulli takes a probability between 0 and 1; found \(entry.value.kind)"
        )
      }
      return .pairwiseBernoulli(p)
    case "one_to_one", "all_to_all":
      throw node.error("\(what): \(entry.key) takes no value; write 'rule: \(entry.key)'")
    default: throw node.error("\(what): \(ConnectionRule.unknown(entry.key))")
    }
  }

  /// Reads `source_id,target_id,weight,delay` and hands every row to the pair of populations that it joins.
  private func readList(
    _ node: Node,
    from sources: [Int],
    to targets: [Int],
    weight: Node?,
    delay: Node?,
    at entry: Node,
    _ what: String,
    _ load: (String) throws -> [UInt8]
  ) throws(DocumentError) -> [Projection] {
    let table = try table(node, "\(what): list", load)
    let columns = try CircuitColumns(table, plain: ["source_id", "target_id"], quantities: ["weight", "delay"])
    let sourceColumn = try columns.require("source_id").index
    let targetColumn = try columns.require("target_id").index
    let synapses = try ListedSynapses(
      columns,
      weight: weight,
      delay: delay,
      onto: targets,
      at: entry,
      what,
      self
    )
    var lists: [[ListedConnection]] = Array(repeating: [], count: sources.count * targets.count)
    for row in table.rows {
      let source = try neuron(table, row, sourceColumn)
      let target = try neuron(table, row, targetColumn)
      let s = try place(source, among: sources, table, row, sourceColumn, "from")
      let t = try place(target, among: targets, table, row, targetColumn, "to")
      lists[s * targets.count + t].append(
        ListedConnection(
          source: NeuronID(UInt32(source)),
          target: NeuronID(UInt32(target)),
          weight: try synapses.weight(row, ontoNeuron: target, self),
          delayMilliseconds: try synapses.delay(row, self)
        )
      )
    }
    return lists.enumerated().map { i, list in
      Projection(source: sources[i / targets.count], target: targets[i % targets.count], rule: .list(list))
    }
  }

  /// The position of a neuron's population among those that a projection names.
  private func place(
    _ neuron: Int,
    among populations: [Int],
    _ table: CSVTable,
    _ row: Int,
    _ column: Int,
    _ end: String
  ) throws(DocumentError) -> Int {
    let p = population(ofNeuron: neuron)
    if let place = populations.firstIndex(of: p) { return place }
    let names = populations.map { self.populations[$0].name }.joined(separator: ", ")
    throw table.error(
      row,
      "\(table.header[column]): neuron \(neuron + 1) is of population \(self.populations[p].name); "
        + "'\(end)' of the projection says \(names)"
    )
  }
}

extension ConnectionRule {
  /// The names of the rules, as in NEST.
  static let names = [
    "one_to_one", "all_to_all", "fixed_indegree", "fixed_outdegree", "fixed_total_number", "pairwise_bernoulli",
  ]

  fileprivate static func unknown(_ name: String) -> String {
    if names.contains(name) { return "\(name) needs a number; write 'rule: {\(name): …}'" }
    return "unknown rule '\(name)'\(Spelling.hint(for: name, among: names))"
  }
}

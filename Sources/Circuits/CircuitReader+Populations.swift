internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads `populations: {name: {size, model, parameters, initial} or {size, like}}`.
  mutating func readPopulations(_ node: Node) throws(DocumentError) {
    let entries = try reading("populations") { () throws(DocumentError) in try node.mapping() }
    guard !entries.isEmpty else { throw node.error("populations: a circuit has at least one population, found none") }
    for entry in entries { try readPopulation(entry, amongNames: entries.map(\.key)) }
  }

  private mutating func readPopulation(_ entry: Node.Entry, amongNames names: [String]) throws(DocumentError) {
    let what = "population \(entry.key)"
    try checkName(entry)
    var fields = try MappingReader(entry.value, what)
    let (sizeNode, modelNode, likeNode) = (fields.take("size"), fields.take("model"), fields.take("like"))
    let (parameters, initial) = (fields.take("parameters"), fields.take("initial"))
    let spikes = fields.take("spikes")
    try fields.finish()

    guard let sizeNode else { throw entry.value.error("\(what): 'size' is missing; write for example 'size: 800'") }
    let size = try readSize(sizeNode, what)
    var model: NeuronModel
    var base: Population?
    switch (modelNode, likeNode) {
    case (.some, let like?):
      throw like.error("\(what): 'like' takes the model of another population; name either 'like' or 'model'")
    case (let node?, nil): model = try readModel(node, what)
    case (nil, let node?):
      let index = try readLike(node, what, amongNames: names)
      (model, base) = (models[index], populations[index])
    case (nil, nil):
      throw entry.value.error("\(what): 'model' is missing; known are: \(CircuitReader.knownModels)")
    }
    if let spikes, model.name != NeuronModel.replay.name {
      throw spikes.error("\(what): 'spikes' belongs to the model replay, not to \(model.name)")
    }
    if spikes == nil, model.name == NeuronModel.replay.name {
      throw entry.value.error("\(what): 'spikes' is missing; replay wants a file of spikes, columns time_ms,neuron_id")
    }

    var population = Population(
      name: entry.key,
      first: NeuronID(UInt32(neuronCount)),
      size: size,
      model: model.name,
      parameters: base?.parameters ?? model.defaults,
      initial: base?.initial ?? [:]
    )
    if let parameters { try readParameters(parameters, of: model, into: &population.parameters, what) }
    if let initial { try readInitial(initial, of: model, into: &population.initial, what) }
    if let problem = model.problem(population.parameters, stepMilliseconds) {
      throw (parameters ?? entry.value).error("\(what): \(model.name): \(problem)")
    }
    populations.append(population)
    models.append(model)
  }

  private func checkName(_ entry: Node.Entry) throws(DocumentError) {
    guard !entry.key.isEmpty, !entry.key.contains(where: { $0.isWhitespace || $0 == ">" || $0 == "," }) else {
      throw DocumentError(
        file: entry.value.file,
        line: entry.line,
        message: "populations: '\(entry.key)' is no name; a name has no white space, comma or '>'"
      )
    }
  }

  private func readSize(_ node: Node, _ what: String) throws(DocumentError) -> Int {
    let size = try reading("\(what): size") { () throws(DocumentError) in try node.int() }
    guard size >= 1 else { throw node.error("\(what): size: at least 1 neuron is wanted, found \(size)") }
    guard size <= CircuitLimits.neurons - neuronCount else {
      throw node.error("\(what): size: with \(size) neurons the circuit has more than \(CircuitLimits.neurons)")
    }
    return size
  }

  private func readLike(_ node: Node, _ what: String, amongNames names: [String]) throws(DocumentError) -> Int {
    let name = try node.string()
    if let index = populations.firstIndex(where: { $0.name == name }) { return index }
    guard !names.contains(name) else {
      throw node.error("\(what): like: the population '\(name)' must stand above the ones that are like it")
    }
    let hint = Spelling.hint(for: name, among: names)
    throw node.error("\(what): like: there is no population '\(name)'\(hint)")
  }

  private static var knownModels: String { NeuronModelCatalog.all.map(\.name).joined(separator: ", ") }

  /// Models that the contract of circuit files names; a file may ask for one that is not built in yet.
  private static let contractModels: Set<String> = [
    "replay", "iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha", "iaf_cond_exp", "iaf_cond_alpha",
    "iaf_cond_exp_sfa_rr", "aeif_cond_exp", "aeif_psc_exp", "izhikevich", "mat2_psc_exp", "hh_psc_alpha",
    "hh_cond_exp_traub", "loihi_cuba",
  ]

  private func readModel(_ node: Node, _ what: String) throws(DocumentError) -> NeuronModel {
    let name = try node.string()
    if let model = NeuronModelCatalog.named(name) { return model }
    let near =
      CircuitReader.contractModels.contains(name)
      ? nil : Spelling.nearest(to: name, among: NeuronModelCatalog.all.map(\.name))
    throw node.error(
      "\(what): this version does not know the model '\(name)'"
        + (near.map { "; did you mean '\($0)'?" } ?? "; it knows: \(CircuitReader.knownModels)")
    )
  }

  private func readParameters(
    _ node: Node,
    of model: NeuronModel,
    into parameters: inout [String: Double],
    _ what: String
  ) throws(DocumentError) {
    for (quantity, entry) in try quantities(node, model.parameters, "\(what): parameters of \(model.name)") {
      parameters[quantity.name] = try values.value(entry.value, unit: quantity.unit, "\(what): \(quantity.name)")
    }
  }

  private func readInitial(
    _ node: Node,
    of model: NeuronModel,
    into initial: inout [String: Distribution],
    _ what: String
  ) throws(DocumentError) {
    for (quantity, entry) in try quantities(node, model.state, "\(what): state of \(model.name)") {
      initial[quantity.name] = try values.distribution(
        entry.value,
        unit: quantity.unit,
        "\(what): initial \(quantity.name)"
      )
    }
  }

  /// The entries of a mapping, each with the quantity that its key names.
  private func quantities(
    _ node: Node,
    _ known: [NeuronModel.Quantity],
    _ what: String
  ) throws(DocumentError) -> [(NeuronModel.Quantity, Node.Entry)] {
    var found: [(NeuronModel.Quantity, Node.Entry)] = []
    for entry in try reading(what, { () throws(DocumentError) in try node.mapping() }) {
      guard let quantity = known.first(where: { $0.name == entry.key }) else {
        throw DocumentError(
          file: node.file,
          line: entry.line,
          message: "\(what): unknown name '\(entry.key)'\(Spelling.hint(for: entry.key, among: known.map(\.name)))"
        )
      }
      found.append((quantity, entry))
    }
    return found
  }
}

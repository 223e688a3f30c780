internal import Basics
internal import Documents

extension CircuitReader {
  /// Reads `plasticity: {stdp: {tau_plus, tau_minus, lambda, alpha, mu_plus, mu_minus, Wmax}}` of synapses on a population.
  func readPlasticity(_ node: Node, onto target: Int, _ what: String) throws(DocumentError) -> Plasticity {
    let what = "\(what): plasticity"
    let entries = try reading(what) { () throws(DocumentError) in try node.mapping() }
    guard let entry = entries.first, entries.count == 1 else {
      throw node.error("\(what): one rule is wanted, found \(entries.count); write for example 'stdp: {lambda: 0.01}'")
    }
    guard entry.key == "stdp" else {
      let near = Spelling.nearest(to: entry.key, among: Plasticity.names)
      throw entry.value.error(
        "\(what): this version does not know the rule '\(entry.key)'"
          + (near.map { "; did you mean '\($0)'?" } ?? "; it knows: \(Plasticity.names.joined(separator: ", "))")
      )
    }
    return .stdp(try readSTDP(entry.value, onto: target, "\(what): stdp"))
  }

  private func readSTDP(_ node: Node, onto target: Int, _ what: String) throws(DocumentError) -> STDP {
    let fields: [(name: String, unit: String, path: WritableKeyPath<STDP, Double>)] = [
      ("tau_plus", "ms", \.tauPlus), ("tau_minus", "ms", \.tauMinus), ("lambda", "", \.lambda), ("alpha", "", \.alpha),
      ("mu_plus", "", \.muPlus), ("mu_minus", "", \.muMinus), ("Wmax", models[target].weightUnit, \.greatestWeight),
    ]
    var rule = STDP()
    var entries = try MappingReader(node, what)
    for field in fields {
      guard let value = entries.take(field.name) else { continue }
      rule[keyPath: field.path] = try values.value(value, unit: field.unit, "\(what): \(field.name)")
    }
    try entries.finish()
    if let problem = rule.problem { throw node.error("\(what): \(problem)") }
    return rule
  }

  /// Refuses listed weights that lie outside their rule's bounds.
  func refusePlasticity(of projections: [Projection], at node: Node, _ what: String) throws(DocumentError) {
    let frame = Circuit(name: "", stepMilliseconds: stepMilliseconds, populations: populations)
    for projection in projections {
      if let problem = projection.plasticityProblem(in: frame) { throw node.error("\(what): \(problem)") }
    }
  }

  /// The plastic projections from one population to another, named as `A>B`.
  func plasticProjections(
    _ node: Node,
    among projections: [Projection],
    _ what: String
  ) throws(DocumentError) -> [Int] {
    let text = try node.string()
    let names = text.split(separator: ">", omittingEmptySubsequences: false).map { String($0).trimmed }
    guard names.count == 2 else {
      throw node.error("\(what): '\(text)' names no projection; write it as 'E>E', source and target")
    }
    let ends = try names.map { name throws(DocumentError) -> Int in
      guard let index = populations.firstIndex(where: { $0.name == name }) else {
        let hint = Spelling.hint(for: name, among: populations.map(\.name))
        throw node.error("\(what): there is no population '\(name)'\(hint)")
      }
      return index
    }
    let joined = projections.indices.filter { projections[$0].source == ends[0] && projections[$0].target == ends[1] }
    guard !joined.isEmpty else {
      throw node.error("\(what): there is no projection from \(names[0]) to \(names[1])")
    }
    let plastic = joined.filter { projections[$0].plasticity != nil }
    guard !plastic.isEmpty else {
      throw node.error(
        "\(what): the synapses from \(names[0]) to \(names[1]) are static; give the projection a 'plasticity'"
      )
    }
    return plastic
  }
}

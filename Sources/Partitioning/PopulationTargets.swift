public import Basics
public import Circuits

extension Partitioner {
  /// For each population the parts that hold targets of it, ascending.
  ///
  /// A spike has to go nowhere else. Lists count as they are; a rule that draws can reach every part of its target.
  public static func populationTargets(_ circuit: Circuit, _ layouts: [PartLayout]) -> [[PartID]] {
    var receives = Array(repeating: Array(repeating: false, count: layouts.count), count: circuit.populations.count)
    var partsOf = Array(repeating: [Int](), count: circuit.populations.count)
    for (part, layout) in layouts.enumerated() {
      for slice in layout.slices where slice.count > 0 && partsOf[slice.population].last != part {
        partsOf[slice.population].append(part)
      }
    }
    let lists = circuit.projections.contains { if case .list = $0.rule { true } else { false } }
    let placement = lists ? Placement(circuit, layouts, coreOfPart: Array(layouts.indices), cores: layouts.count) : nil
    for projection in circuit.projections where projection.expectedSynapses(in: circuit) > 0 {
      if case .list(let connections) = projection.rule, let placement {
        for connection in connections {
          receives[projection.source][placement.core(Int(connection.target.index))] = true
        }
      } else {
        for part in partsOf[projection.target] { receives[projection.source][part] = true }
      }
    }
    return receives.map { parts in parts.indices.filter { parts[$0] }.map { PartID(UInt16($0)) } }
  }
}

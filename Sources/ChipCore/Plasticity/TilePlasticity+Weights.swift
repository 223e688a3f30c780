extension TilePlasticity {
  func weights(ofProjection projection: Int, at now: Int64) -> [PlasticWeight] {
    settle(at: now)
    guard let part = parts.first(where: { $0.table.projection == projection }) else { return [] }
    var found: [PlasticWeight] = []
    found.reserveCapacity(part.table.count)
    part.table.forEachSynapse { source, cell in
      let target = neuronOfPlace[Int(part.table.targets[cell])]
      let weight = part.sign * Double(part.table.weights[cell])
      found.append(PlasticWeight(source: source, target: target, weight: weight))
    }
    return found.stablySorted { ($0.source, $0.target) < ($1.source, $1.target) }
  }

  func digest(at now: Int64) -> UInt64 {
    settle(at: now)
    var sum: UInt64 = 0
    for part in parts {
      // The number of a target's synapse among its own does not depend on the layout.
      var numbers = [UInt64](repeating: 0, count: plan.width)
      part.table.forEachSynapse { source, cell in
        let target = Int(part.table.targets[cell])
        numbers[target] += 1
        var hash = UInt64(neuronOfPlace[target]) << 32 ^ numbers[target] ^ UInt64(part.table.projection) << 56
        hash = (hash ^ Double(part.table.weights[cell]).bitPattern) &* 0xD6E8_FEB8_6659_FD93
        sum &+= (hash ^ hash >> 32) &* 0xC2B2_AE3D_27D4_EB4F
      }
    }
    return sum
  }
}

extension Array {
  /// Sorts, and keeps equal elements in their order.
  func stablySorted(by precedes: (Element, Element) -> Bool) -> [Element] {
    enumerated().sorted { a, b in
      precedes(a.element, b.element) || (!precedes(b.element, a.element) && a.offset < b.offset)
    }.map(\.element)
  }
}

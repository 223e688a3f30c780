internal import Basics
internal import Cluster
internal import StateStore

/// Faults that need more than one machine, or a clock of one's own.
extension FaultyShop {
  /// The primary is gone and a sentinel promotes its replica; the former one comes back as a replica.
  func beginFailover() throws -> FaultAct {
    guard let replicated else { throw ChaosError("there is one store only") }
    // The one before this may just have happened.
    guard try wait(milliseconds: 30_000, until: { replicated.isWhole }) else {
      throw WrongAnswer(description: "the former primary did not come back as a replica")
    }
    let former = try replicated.killPrimary()
    return FaultAct(countsFromBeginning: true) { [self] in
      let isPromoted = try wait(milliseconds: 20_000) { (replicated.primaryPort ?? former) != former }
      guard isPromoted else { throw WrongAnswer(description: "the sentinel promoted nobody") }
    }
  }

  /// The machine of a core is gone, and a new one with another address takes its place.
  func beginElsewhere(_ place: Int) throws -> FaultAct {
    removeCore(place)
    let next = try startCoreElsewhere()
    return FaultAct(countsFromBeginning: true) { [self] in
      let goal = watch.last + 3
      try wait(milliseconds: 20_000) { watch.last >= goal }
      guard members().contains(where: { $0.place == next }) else {
        throw WrongAnswer(description: "the core on the other machine took no part: \(lastWords(of: "core-\(next)"))")
      }
    }
  }

  /// Some clocks are an hour ahead, some an hour behind, for a time.
  func beginJump(_ chance: inout Chance) throws -> FaultAct {
    guard let clocks else { throw Skipped(reason: "libsynfire-clock.so is not built") }
    let names = supervisor.names + ["store"]
    var jumps = names.map { ($0, [0, 3600, -3600].randomElement(using: &chance) ?? 0) }
    if jumps.allSatisfy({ $0.1 == 0 }) { jumps[jumps.count - 1].1 = -3600 }
    for (name, seconds) in jumps { try clocks.set(name, to: seconds) }
    return FaultAct(lasts: .random(in: 1500...3000, using: &chance), countsFromBeginning: true) {
      for (name, _) in jumps { try clocks.set(name, to: 0) }
    }
  }
}

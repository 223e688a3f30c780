internal import Basics
internal import Wire

/// What cores say, and when one counts as gone.
extension CoordinatorMachine {
  mutating func handle(_ message: ControlMessage, _ now: Int64) -> [Action] {
    switch message {
    case .hello(let hello): return handle(hello, now)
    case .heartbeat(let who, let generation, let map, let statistics):
      guard cores[who] != nil else { return [.send(.whoAreYou(incarnation), to: who)] }
      if cores[who]?.statistics.epoch != statistics.epoch { cores[who]?.progressNanoseconds = now }
      cores[who]?.heardNanoseconds = now
      cores[who]?.statistics = statistics
      note(generation, of: who)
      guard members.contains(who), isUnderWay, now - phaseBegan > 500_000_000 else {
        return []
      }
      // Connections that broke lose messages in silence: what a member visibly lacks is sent again.
      if generation < self.generation { return assign(who) }
      if generation > self.generation || map != mapHash(of: who) {
        // A store that lost its tail can lead to a generation that was given out before, with another map.
        return recover("a core is in generation \(generation.number) of another map", now)
      }
      let isStuck = now - (cores[who]?.progressNanoseconds ?? now) > 1_000_000_000
      return isStuck ? catchUp(who, from: statistics.epoch) : []
    case .ready(let who, let generation, let map):
      guard generation == self.generation, phase == .loading, copy(of: who) != nil, map == mapHash(of: who) else {
        return []
      }
      cores[who]?.isReady = true
      cores[who]?.heardNanoseconds = now
      lastProgress = now
      return members.allSatisfy { cores[$0]?.isReady == true } ? begin(now) : []
    case .output(let who, let generation, let map, let epoch, let parts):
      // While the store is away nothing becomes public: the outputs come again.
      guard isUnderWay, generation == self.generation, let copy = copy(of: who), map == copies[copy].mapHash,
        let core = cores[who]?.core, epoch > gatheredEpoch, epoch <= furthestEpoch, isBoundary(epoch)
      else {
        return []
      }
      cores[who]?.heardNanoseconds = now
      for part in parts where Int(part.part.index) < coreOfPart.count && coreOfPart[Int(part.part.index)] == core {
        ledger.note(output: part.bytes, of: part.part, at: epoch, copy: copy)
      }
      return gatherNext(now)
    case .acknowledge(let who, let generation, let map, let epoch, let stored, let blobs):
      guard isUnderWay, generation == self.generation, let copy = copy(of: who), map == copies[copy].mapHash,
        let core = cores[who]?.core, epoch <= furthestEpoch, isBoundary(epoch)
      else {
        return []
      }
      // It did not hear of the commit, and would say it again for ever.
      if epoch <= committed.epoch { return [.send(.committed(generation, committed.epoch), to: who)] }
      // What was to be written lies nowhere: the core has not heard of it.
      guard stored == copies[copy].blobGeneration else { return promote([who]) }
      for blob in blobs where Int(blob.part.index) < coreOfPart.count && coreOfPart[Int(blob.part.index)] == core {
        ledger.note(acknowledged: blob.crc, of: blob.part, at: epoch, copy: copy)
      }
      return tryCommit(now)
    case .suspect(let who, let generation, let accused):
      guard generation == self.generation, members.contains(who), phase == .running else { return [] }
      return handleSuspicion(of: accused, by: who, now)
    case .failed(let who, let generation, let text):
      guard generation == self.generation, members.contains(who) else { return [] }
      let why = "\(name(of: who)): \(text.prefix(Self.longestReason))"
      if let copy = copy(of: who), canDrop(copy) { return drop(copy, why, now) }
      failuresInARow += 1
      return failuresInARow >= setup.patience.failures ? fail(why) : recover(why, now)
    default: return []
    }
  }

  mutating func handle(_ hello: CoreHello, _ now: Int64) -> [Action] {
    if hello.version != wireVersion {
      let text = "core speaks wire version \(hello.version), this coordinator \(wireVersion); start both from one build"
      return [.send(.refuse(text), to: hello.incarnation)]
    }
    if hello.run != 0, hello.run != setup.run {
      let text = "core belongs to run \(hex(hello.run)), this coordinator serves run \(hex(setup.run))"
      return [.send(.refuse(text), to: hello.incarnation)]
    }
    if cores[hello.incarnation] != nil {
      cores[hello.incarnation]?.heardNanoseconds = now
      note(hello.generation, of: hello.incarnation)
      return []
    }
    guard cores.count < setup.mostCores || cores.values.contains(where: { $0.hello.place == hello.place }) else {
      let text = "\(cores.count) cores are there already, and this coordinator serves no more"
      return [.send(.refuse(text), to: hello.incarnation)]
    }
    // A supervisor starts a core in a place only after the one before it has ended.
    let former = hello.place.isEmpty ? nil : cores.values.first { $0.hello.place == hello.place }?.hello.incarnation
    cores[hello.incarnation] = CoreView(hello: hello, heardNanoseconds: now, progressNanoseconds: now)
    // A store that went back gives out again what this core may still be writing under: the next one must be another.
    note(hello.generation, of: hello.incarnation)
    lastArrival = now
    let end = former.map { remove($0, "the core in place \(hello.place) was started anew", now) } ?? []
    return end + formGeneration(now) + balance(now)
  }

  /// Forgets a core; if it was a member, others that stood by go on, or the run takes up the committed position.
  mutating func remove(_ who: Incarnation, _ why: String, _ now: Int64) -> [Action] {
    let name = name(of: who)
    cores[who] = nil
    guard let copy = copy(of: who) else { return [] }
    let text = "\(name) is gone: \(why)"
    copies[copy].members.removeAll { $0 == who }
    if canDrop(copy) { return drop(copy, text, now) }
    switch phase {
    case .loading, .running, .raising: return recover(text, now)
    default: return []
    }
  }

  mutating func handleSuspicion(of accused: CoreID, by accuser: Incarnation, _ now: Int64) -> [Action] {
    guard let copy = copy(of: accuser), let who = copies[copy].members.first(where: { cores[$0]?.core == accused }),
      let view = cores[who], view.isReady
    else {
      return []
    }
    // A core that makes progress is slow, not gone; a silent one is found by its heartbeat.
    if now - view.progressNanoseconds < 2_000_000_000 {
      suspicions[who] = 0
      return []
    }
    suspicions[who, default: 0] += 1
    guard suspicions[who, default: 0] >= 5 * max(1, copies[copy].members.count - 1) else { return [] }
    let stop = Action.send(.stop("its peers do not hear it; a new core takes its place"), to: who)
    return [stop] + remove(who, "its peers do not hear it", now)
  }

  mutating func handleTimer(_ now: Int64) -> [Action] {
    var actions: [Action] = []
    for who in cores.keys.sorted(by: { $0.bits < $1.bits }) {
      guard let view = cores[who], now - view.heardNanoseconds > setup.patience.silence else { continue }
      actions += remove(who, "silent for \((now - view.heardNanoseconds) / 1_000_000) ms", now)
    }
    if phase == .gathering { actions += formGeneration(now) }
    actions += balance(now) + farewells(now)
    // Nothing moves although every member is past the boundary: a message was lost on its way.
    if isUnderWay, now - lastProgress > setup.patience.stall, !members.isEmpty,
      members.allSatisfy({ (cores[$0]?.statistics.epoch ?? gatheredEpoch) > gatheredEpoch })
    {
      actions += recover("outputs after epoch \(gatheredEpoch.index) did not arrive", now)
    }
    return actions
  }

  /// A core knows of a generation, which must not be given out again; it may write blobs under a higher one than it is in.
  private mutating func note(_ generation: Generation, of who: Incarnation) {
    let highest = max(cores[who]?.highestGeneration ?? generation, generation)
    cores[who]?.highestGeneration = highest
  }

  /// Characters of what a core says that are kept.
  private static let longestReason = 2000

  /// Whether cores say something after an epoch: a checkpoint out of turn lies on such a boundary, too.
  private func isBoundary(_ epoch: Epoch) -> Bool {
    epoch.index % Int64(setup.epochsPerOutput) == 0 || epoch == setup.lastEpoch
  }

  func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}

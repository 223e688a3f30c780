internal import Basics
internal import StateStore
internal import Wire

/// How a generation begins, and how one is given up.
extension CoordinatorMachine {
  mutating func enter(_ next: Phase, _ now: Int64) {
    phase = next
    phaseBegan = now
    lastProgress = now
  }

  /// Begins a generation when there are enough cores, or when waiting for more has lasted long enough.
  mutating func formGeneration(_ now: Int64) -> [Action] {
    guard phase == .gathering, !cores.isEmpty else { return [] }
    // More than before are worth a move later, but no wait now.
    let enough = formerCores > 0 ? min(formerCores, fullShape.total) : fullShape.total
    let waitsForNobody = move != nil || now - phaseBegan >= setup.patience.replacement
    guard stayingCores >= enough || waitsForNobody, let shape = targetShape else { return [] }
    let order = memberOrder
    let seats = (0..<shape.copies).map { c in seated(order[c * shape.cores..<(c + 1) * shape.cores]) }
    coreOfPart = place(on: seats[0])
    for key in cores.keys {
      cores[key]?.core = nil
      cores[key]?.isReady = false
    }
    precondition(coreOfPart.count == setup.parts)
    precondition(coreOfPart.allSatisfy { Int($0.index) < shape.cores })
    let highest = cores.values.map(\.highestGeneration).max() ?? generation
    generation = max(generation, highest, blobGeneration).next
    copies = (0..<shape.copies).map { c in
      for (i, member) in seats[c].enumerated() { cores[member]?.core = CoreID(UInt16(i)) }
      return Copy(members: seats[c], mapHash: digestMap(seats[c], copy: c), blobGeneration: c == 0 ? generation : nil)
    }
    formerCores = members.count
    enter(.raising, now)
    return [.raise(generation)]
  }

  /// The cores of a copy by position: whoever has one below their number keeps it, so that its parts may stay with it.
  private func seated(_ chosen: ArraySlice<Incarnation>) -> [Incarnation] {
    var seats = [Incarnation?](repeating: nil, count: chosen.count)
    var others: [Incarnation] = []
    for who in chosen {
      if let core = cores[who]?.core, Int(core.index) < seats.count, seats[Int(core.index)] == nil {
        seats[Int(core.index)] = who
      } else {
        others.append(who)
      }
    }
    var next = others.makeIterator()
    return seats.compactMap { $0 ?? next.next() }
  }

  /// The core of every part, when those that hold them now take new positions.
  private func place(on seats: [Incarnation]) -> [CoreID] {
    guard setup.partsAreAlike else { return setup.placement(seats.count) }
    let positions = Dictionary(
      seats.enumerated().compactMap { position, who in cores[who]?.core.map { ($0, position) } },
      uniquingKeysWith: { first, _ in first }
    )
    let holders = coreOfPart.isEmpty ? Array(repeating: nil, count: setup.parts) : coreOfPart.map { positions[$0] }
    return PartDealing.deal(holders, to: seats.count)
  }

  /// Those that are there: old members first, in their order; the rest by name, and those that are to be taken out last.
  private var memberOrder: [Incarnation] {
    let positions = Dictionary(members.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return cores.values.sorted { a, b in
      if a.isLeaving != b.isLeaving { return b.isLeaving }
      let (x, y) = (positions[a.hello.incarnation] ?? .max, positions[b.hello.incarnation] ?? .max)
      return x != y ? x < y : (a.hello.place, a.hello.incarnation.bits) < (b.hello.place, b.hello.incarnation.bits)
    }
    .map(\.hello.incarnation)
  }

  mutating func assignAll(_ now: Int64) -> [Action] {
    enter(.loading, now)
    (committing, suspicions) = (nil, [:])
    ledger = CheckpointLedger(parts: setup.parts, copies: copies.count)
    gatheredEpoch = committed.epoch
    // The cores first: they read theirs meanwhile. After a move what gathers stands where the run goes on.
    let restore = move?.isInPlace == true ? [] : [Action.restore(committed)]
    return members.flatMap { assign($0) } + restore
  }

  func assign(_ member: Incarnation) -> [Action] {
    guard let core = cores[member]?.core, let copy = copy(of: member) else { return [] }
    let list = copies[copy].members.enumerated().compactMap { i, who in
      cores[who].map { CoreMember(core: CoreID(UInt16(i)), incarnation: who, spikeEndpoint: $0.hello.spikeEndpoint) }
    }
    let own = coreOfPart.indices.filter { coreOfPart[$0] == core && $0 < committed.crcs.count }
    let assignment = Assignment(
      run: setup.run,
      runName: setup.name,
      generation: generation,
      mapHash: copies[copy].mapHash,
      core: core,
      members: list,
      coreOfPart: coreOfPart,
      targetParts: setup.targetParts,
      program: setup.program,
      epoch: committed.epoch,
      checkpoint: committed.checkpoint,
      blobs: own.map { PartBlob(part: PartID(UInt16($0)), crc: committed.crcs[$0]) },
      blobGeneration: copies[copy].blobGeneration,
      epochsPerInput: setup.epochsPerInput,
      epochsPerOutput: setup.epochsPerOutput,
      epochsPerCheckpoint: setup.epochsPerCheckpoint,
      lastEpoch: setup.lastEpoch
    )
    return [.send(.assign(assignment), to: member)] + catchUp(member, from: committed.epoch)
  }

  /// Everything a member needs from an epoch on that is known already.
  func catchUp(_ member: Incarnation, from epoch: Epoch) -> [Action] {
    guard setup.epochsPerInput > 0 else {
      return requests(to: member) + [.send(.proceed(generation, proceedLimit), to: member)]
    }
    return requests(to: member)
      + inputs.from(firstInput(of: epoch)).map {
        .send(.input(generation, mapHash: mapHash(of: member), ordinal: $0.ordinal, $0.bytes), to: member)
      }
  }

  var proceedLimit: Epoch {
    let limit = Epoch(min(setup.lastEpoch.index, gatheredEpoch.index + Int64(setup.window * setup.epochsPerOutput)))
    return heldEpoch.map { min($0, limit) } ?? limit
  }

  /// Digest of coordinator, program and map, which frames and what cores say carry: two maps never take each other's
  /// spikes, and a store that lost its tail may give out a generation twice.
  private func digestMap(_ members: [Incarnation], copy: Int) -> UInt64 {
    var digest = Digest64()
    digest.combine(incarnation.bits)
    digest.combine(setup.run)
    digest.combine(bytes: setup.program)
    for core in coreOfPart { digest.combine(UInt64(core.index)) }
    for member in members { digest.combine(member.bits) }
    if copy > 0 { digest.combine(UInt64(copy)) }
    return digest.value
  }

  /// Gives up the present generation and takes up the committed position.
  mutating func recover(_ why: String, _ now: Int64) -> [Action] {
    lastFailure = why
    recoveries += 1
    move = nil
    enter(.reading, now)
    return [.readStore]
  }

  mutating func fail(_ why: String, code: Int32 = 1) -> [Action] {
    phase = .failed
    return cores.keys.sorted { $0.bits < $1.bits }.map { .send(.stop(why), to: $0) } + [.exit(code: code, why)]
  }

  mutating func finish() -> [Action] {
    phase = .finished
    return [.finish] + cores.keys.sorted { $0.bits < $1.bits }.map { .send(.stop("the run is done"), to: $0) }
  }
}

public import Basics
public import StateStore
public import Wire

/// The protocol side of the coordinator: takes events, returns what the loop has to do; no clock, no socket.
///
/// Rules it keeps (each is a way to lose or change a result when broken):
/// 1. a generation begins from the position that was just read from the store, never from a remembered one;
/// 2. the store knows a generation before any core does;
/// 3. outputs are gathered in ascending order of epoch, each once a generation, and only of this generation;
/// 4. an epoch is committed only when every part of this generation is in the store, its outputs are public, and
///    the coordinator's own state is in the store too;
/// 5. inputs since the committed epoch are kept, to be given again.
public struct CoordinatorMachine: Sendable {
  /// What happened.
  public enum Event: Sendable {
    case message(ControlMessage)
    /// The store answered with the committed position.
    case storeRead(CommittedState)
    case raised(Generation)
    /// The next input is sealed.
    case input(ordinal: Int64, [UInt8])
    case gathered(Epoch)
    /// The gathering program's own state is in the store.
    case saved(Epoch, crc: UInt32)
    case committed(Epoch)
    /// The store refused a commit; `isFence` when another coordinator holds the lease.
    case refused(Epoch, reason: String, isFence: Bool)
    /// The store does not answer; then, later, it does again.
    case storeLost
    case storeBack
    /// The run is to go on with another number of cores.
    case scale(Int)
    case timer
  }

  /// What the loop has to do, in order.
  public enum Action: Equatable, Sendable {
    /// Read the committed position; answer `.storeRead`.
    case readStore
    /// Write a new generation, under the fence; answer `.raised`.
    case raise(Generation)
    /// Set the gathering program back to a committed position.
    case restore(CommittedState)
    case send(ControlMessage, to: Incarnation)
    /// Publish a boundary; answer `.gathered`.
    case gather(Epoch, [PartOutput])
    /// Write the gathering program's state; answer `.saved`.
    case save(Epoch, Generation)
    /// Commit; answer `.committed` or `.refused`.
    case commit(previous: Epoch, Epoch, Generation, crcs: [UInt32])
    /// Everything is done.
    case finish
    case exit(code: Int32, String)
  }

  /// What the coordinator is doing.
  public enum Phase: String, Sendable {
    case reading, gathering, raising, loading, running, storeLost, finished, failed
  }

  /// A core as the coordinator sees it.
  public struct CoreView: Sendable {
    /// What it said of itself.
    public var hello: CoreHello
    /// Its position in the present map; nil for a spare.
    public var core: CoreID?
    /// Whether it loaded its parts in the present generation.
    public var isReady = false
    /// When it was heard last, in ns.
    public var heardNanoseconds: Int64
    /// Its last statistics.
    public var statistics = CoreStatistics()
    var generation = Generation(0)
    var progressNanoseconds: Int64
  }

  /// What is known of the run.
  public let setup: ClusterSetup
  /// This life of the coordinator.
  public let incarnation: Incarnation
  /// What it is doing.
  public private(set) var phase = Phase.reading
  /// The present generation.
  public private(set) var generation = Generation(0)
  /// The committed position.
  public private(set) var committed = CommittedState(
    epoch: Epoch(0),
    checkpoint: nil,
    crcs: [],
    generation: Generation(0)
  )
  /// Boundaries gathered and public.
  public private(set) var gatheredEpoch = Epoch(0)
  /// Every core that is alive, by incarnation.
  public private(set) var cores: [Incarnation: CoreView] = [:]
  /// The core of every part.
  public private(set) var coreOfPart: [CoreID] = []
  /// The number of cores to go on with.
  public private(set) var wantedCores: Int
  /// Recoveries since this coordinator started.
  public private(set) var recoveries = 0
  /// Why the last recovery was needed.
  public private(set) var lastFailure = ""

  private let rules: ProtocolRules
  private var members: [Incarnation] = []
  private var mapHash: UInt64 = 0
  private var phaseBegan: Int64 = 0
  private var inputs: [Int64: [UInt8]] = [:]
  private var nextInput: Int64 = 0
  private var outputs: [Epoch: [PartID: [UInt8]]] = [:]
  private var acknowledged: [Epoch: [PartID: UInt32]] = [:]
  private var saved: [Epoch: UInt32] = [:]
  private var committing: Epoch?
  private var lastProgress: Int64 = 0
  private var failuresInARow = 0
  private var suspicions: [CoreID: Int] = [:]

  /// Makes a coordinator that holds the lease and has not read the store yet.
  public init(setup: ClusterSetup, incarnation: Incarnation, rules: ProtocolRules = .all) {
    (self.setup, self.incarnation, self.rules) = (setup, incarnation, rules)
    wantedCores = setup.cores
  }

  /// What has to be done first.
  public func start() -> [Action] { [.readStore] }

  /// The ordinal of the next input the cores can use, or nil while they have enough.
  public var wantedInput: Int64? {
    guard setup.epochsPerInput > 0, phase != .reading, phase != .storeLost else { return nil }
    let room = Int64(setup.window * setup.epochsPerOutput / setup.epochsPerInput)
    return nextInput < gatheredEpoch.index / Int64(setup.epochsPerInput) + room ? nextInput : nil
  }

  /// Whether members load or simulate.
  private var isUnderWay: Bool { phase == .loading || phase == .running }

  /// The members in ascending order of position.
  public var memberViews: [CoreView] { members.compactMap { cores[$0] } }

  /// Takes an event and returns what has to be done, in order; `now` is monotonic, in ns.
  public mutating func handle(_ event: Event, now: Int64) -> [Action] {
    switch phase {
    case .finished, .failed: return []
    default: break
    }
    switch event {
    case .message(let message): return handle(message, now)
    case .storeRead(let state):
      guard phase == .reading else { return [] }
      let isFirst = generation.number == 0
      if isFirst || rules.keeps(.rereadOnRecovery) { committed = state }
      generation = max(generation, state.generation)
      if setup.epochsPerInput > 0 {
        let first = state.epoch.index / Int64(setup.epochsPerInput)
        inputs = inputs.filter { $0.key >= first }
        // The store may have gone back: what is kept must join what it has.
        if inputs[first] == nil { inputs = [:] }
        nextInput = first + Int64(inputs.count)
      }
      if state.epoch >= setup.lastEpoch { return finish() }
      enter(.gathering, now)
      return formGeneration(now)
    case .raised(let raised):
      guard phase == .raising, raised == generation else { return [] }
      return assignAll(now)
    case .input(let ordinal, let bytes):
      guard ordinal == nextInput else { return [] }
      inputs[ordinal] = bytes
      nextInput += 1
      guard isUnderWay else { return [] }
      return members.map { .send(.input(generation, mapHash: mapHash, ordinal: ordinal, bytes), to: $0) }
    case .gathered(let epoch): return handleGathered(epoch, now)
    case .saved(let epoch, let crc):
      guard isUnderWay else { return [] }
      saved[epoch] = crc
      return tryCommit()
    case .committed(let epoch): return handleCommitted(epoch)
    case .refused(let epoch, let reason, let isFence):
      guard isUnderWay, committing == epoch else { return [] }
      committing = nil
      if isFence { return fail("commit of epoch \(epoch.index) was refused: \(reason)") }
      return recover("commit of epoch \(epoch.index) was refused: \(reason)", now)
    case .storeLost:
      enter(.storeLost, now)
      return []
    case .storeBack:
      guard phase == .storeLost else { return [] }
      // The store may have lost its last seconds: only what it still has counts as an input.
      inputs = [:]
      return recover("the store came back", now)
    case .scale(let cores): return scale(to: cores, now)
    case .timer: return handleTimer(now)
    }
  }

  /// Takes up the committed position on another number of cores: the blobs carry the state to wherever it goes.
  private mutating func scale(to cores: Int, _ now: Int64) -> [Action] {
    guard cores > 0, cores != wantedCores else { return [] }
    wantedCores = cores
    switch phase {
    case .raising, .loading, .running: return recover("the cluster goes on with \(cores) cores", now)
    default: return formGeneration(now)
    }
  }

  // MARK: generations

  private mutating func enter(_ next: Phase, _ now: Int64) {
    phase = next
    phaseBegan = now
    lastProgress = now
  }

  /// Begins a generation when there are enough cores, or when waiting for more has lasted long enough.
  private mutating func formGeneration(_ now: Int64) -> [Action] {
    guard phase == .gathering, !cores.isEmpty else { return [] }
    let wanted = min(wantedCores, setup.parts)
    guard cores.count >= wanted || now - phaseBegan >= setup.patience.replacement else { return [] }
    // Old members keep their position where they can, so that unchanged parts could stay; the rest by name.
    let order = cores.values.sorted { a, b in
      let (x, y) = (a.core?.index ?? .max, b.core?.index ?? .max)
      return x != y ? x < y : (a.hello.place, a.hello.incarnation.bits) < (b.hello.place, b.hello.incarnation.bits)
    }
    members = order.prefix(wanted).map(\.hello.incarnation)
    for key in cores.keys {
      cores[key]?.core = nil
      cores[key]?.isReady = false
    }
    for (i, member) in members.enumerated() { cores[member]?.core = CoreID(UInt16(i)) }
    coreOfPart = setup.placement(members.count)
    precondition(coreOfPart.count == setup.parts)
    precondition(coreOfPart.allSatisfy { Int($0.index) < members.count })
    let highest = cores.values.map(\.generation).max() ?? generation
    generation = max(generation, highest).next
    mapHash = digestMap()
    enter(.raising, now)
    return [.raise(generation)]
  }

  private mutating func assignAll(_ now: Int64) -> [Action] {
    enter(.loading, now)
    (outputs, acknowledged, saved, committing, suspicions) = ([:], [:], [:], nil, [:])
    gatheredEpoch = committed.epoch
    var actions = [Action.restore(committed)]
    for member in members { actions += assign(member) }
    return actions
  }

  private func assign(_ member: Incarnation) -> [Action] {
    guard let core = cores[member]?.core else { return [] }
    let list = members.enumerated().compactMap { i, who in
      cores[who].map { CoreMember(core: CoreID(UInt16(i)), incarnation: who, spikeEndpoint: $0.hello.spikeEndpoint) }
    }
    let own = coreOfPart.indices.filter { coreOfPart[$0] == core && $0 < committed.crcs.count }
    let assignment = Assignment(
      run: setup.run,
      runName: setup.name,
      generation: generation,
      mapHash: mapHash,
      core: core,
      members: list,
      coreOfPart: coreOfPart,
      targetParts: setup.targetParts,
      program: setup.program,
      epoch: committed.epoch,
      checkpoint: committed.checkpoint,
      blobs: own.map { PartBlob(part: PartID(UInt16($0)), crc: committed.crcs[$0]) },
      epochsPerInput: setup.epochsPerInput,
      epochsPerOutput: setup.epochsPerOutput,
      epochsPerCheckpoint: setup.epochsPerCheckpoint,
      lastEpoch: setup.lastEpoch
    )
    return [.send(.assign(assignment), to: member)] + catchUp(member, from: committed.epoch)
  }

  /// Everything a member needs from an epoch on that is known already.
  private func catchUp(_ member: Incarnation, from epoch: Epoch) -> [Action] {
    guard setup.epochsPerInput > 0 else { return [.send(.proceed(generation, proceedLimit), to: member)] }
    let map = mapHash
    return (epoch.index / Int64(setup.epochsPerInput)..<max(nextInput, epoch.index / Int64(setup.epochsPerInput)))
      .compactMap { ordinal in
        inputs[ordinal].map { .send(.input(generation, mapHash: map, ordinal: ordinal, $0), to: member) }
      }
  }

  private var proceedLimit: Epoch {
    Epoch(min(setup.lastEpoch.index, gatheredEpoch.index + Int64(setup.window * setup.epochsPerOutput)))
  }

  /// Digest of coordinator, program and map, which frames and what cores say carry: two maps never take each other's
  /// spikes, and a store that lost its tail may give out a generation twice.
  private func digestMap() -> UInt64 {
    var digest = Digest64()
    digest.combine(incarnation.bits)
    digest.combine(setup.run)
    digest.combine(bytes: setup.program)
    for core in coreOfPart { digest.combine(UInt64(core.index)) }
    for member in members { digest.combine(member.bits) }
    return digest.value
  }

  /// Gives up the present generation and takes up the committed position.
  private mutating func recover(_ why: String, _ now: Int64) -> [Action] {
    lastFailure = why
    recoveries += 1
    enter(.reading, now)
    return [.readStore]
  }

  private mutating func fail(_ why: String) -> [Action] {
    phase = .failed
    return cores.keys.sorted { $0.bits < $1.bits }.map { .send(.stop(why), to: $0) } + [.exit(code: 1, why)]
  }

  private mutating func finish() -> [Action] {
    phase = .finished
    return [.finish] + cores.keys.sorted { $0.bits < $1.bits }.map { .send(.stop("the run is done"), to: $0) }
  }

  // MARK: messages

  private mutating func handle(_ message: ControlMessage, _ now: Int64) -> [Action] {
    switch message {
    case .hello(let hello): return handle(hello, now)
    case .heartbeat(let who, let generation, let map, let statistics):
      guard cores[who] != nil else { return [.send(.whoAreYou(incarnation), to: who)] }
      if cores[who]?.statistics.epoch != statistics.epoch { cores[who]?.progressNanoseconds = now }
      cores[who]?.heardNanoseconds = now
      cores[who]?.statistics = statistics
      cores[who]?.generation = generation
      guard members.contains(who), isUnderWay, now - phaseBegan > 500_000_000 else {
        return []
      }
      // Connections that broke lose messages in silence: what a member visibly lacks is sent again.
      if generation < self.generation { return assign(who) }
      if generation > self.generation || map != mapHash {
        // A store that lost its tail can lead to a generation that was given out before, with another map.
        return recover("a core is in generation \(generation.number) of another map", now)
      }
      let isStuck = now - (cores[who]?.progressNanoseconds ?? now) > 1_000_000_000
      return isStuck ? catchUp(who, from: statistics.epoch) : []
    case .ready(let who, let generation, let map):
      guard generation == self.generation, map == mapHash, phase == .loading, members.contains(who) else { return [] }
      cores[who]?.isReady = true
      cores[who]?.heardNanoseconds = now
      lastProgress = now
      if members.allSatisfy({ cores[$0]?.isReady == true }) { enter(.running, now) }
      return []
    case .output(let who, let generation, let map, let epoch, let parts):
      // While the store is away nothing becomes public: the outputs come again.
      guard isUnderWay, generation == self.generation, map == mapHash, let core = cores[who]?.core,
        epoch > gatheredEpoch
      else {
        return []
      }
      cores[who]?.heardNanoseconds = now
      for part in parts where Int(part.part.index) < coreOfPart.count && coreOfPart[Int(part.part.index)] == core {
        outputs[epoch, default: [:]][part.part] = part.bytes
      }
      return gatherNext(now)
    case .acknowledge(let who, let generation, let map, let epoch, let blobs):
      guard isUnderWay, generation == self.generation, map == mapHash, let core = cores[who]?.core,
        epoch > committed.epoch
      else {
        return []
      }
      for blob in blobs where Int(blob.part.index) < coreOfPart.count && coreOfPart[Int(blob.part.index)] == core {
        acknowledged[epoch, default: [:]][blob.part] = blob.crc
      }
      return tryCommit()
    case .suspect(let who, let generation, let accused):
      guard generation == self.generation, members.contains(who), phase == .running else { return [] }
      return handleSuspicion(of: accused, now)
    case .failed(let who, let generation, let text):
      guard generation == self.generation, members.contains(who) else { return [] }
      failuresInARow += 1
      let place =
        cores[who].map { "core \($0.core?.index ?? 0) (\($0.hello.host), process \($0.hello.processID))" } ?? "a core"
      if failuresInARow >= setup.patience.failures { return fail("\(place): \(text)") }
      return recover("\(place): \(text)", now)
    default: return []
    }
  }

  private mutating func handle(_ hello: CoreHello, _ now: Int64) -> [Action] {
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
      return []
    }
    // A supervisor starts a core in a place only after the one before it has ended.
    let former = hello.place.isEmpty ? nil : cores.values.first { $0.hello.place == hello.place }?.hello.incarnation
    cores[hello.incarnation] = CoreView(hello: hello, heardNanoseconds: now, progressNanoseconds: now)
    if let former {
      return remove(former, "the core in place \(hello.place) was started anew", now) + formGeneration(now)
    }
    return formGeneration(now)
  }

  /// Forgets a core; if it was a member, the run takes up the committed position.
  private mutating func remove(_ who: Incarnation, _ why: String, _ now: Int64) -> [Action] {
    cores[who] = nil
    guard let position = members.firstIndex(of: who) else { return [] }
    members.removeAll { $0 == who }
    switch phase {
    case .loading, .running, .raising: return recover("core \(position) is gone: \(why)", now)
    default: return []
    }
  }

  private mutating func handleSuspicion(of accused: CoreID, _ now: Int64) -> [Action] {
    guard let who = members.first(where: { cores[$0]?.core == accused }), let view = cores[who], view.isReady else {
      return []
    }
    // A core that makes progress is slow, not gone; a silent one is found by its heartbeat.
    if now - view.progressNanoseconds < 2_000_000_000 {
      suspicions[accused] = 0
      return []
    }
    suspicions[accused, default: 0] += 1
    guard suspicions[accused, default: 0] >= 5 * max(1, members.count - 1) else { return [] }
    let stop = Action.send(.stop("its peers do not hear it; a new core takes its place"), to: who)
    return [stop] + remove(who, "its peers do not hear it", now)
  }

  // MARK: outputs and commits

  /// Gathers the next boundary if every part's output is there.
  private mutating func gatherNext(_ now: Int64) -> [Action] {
    let next = Epoch(min(gatheredEpoch.index + Int64(setup.epochsPerOutput), setup.lastEpoch.index))
    guard next > gatheredEpoch, let parts = outputs[next], parts.count == setup.parts else { return [] }
    outputs[next] = nil
    gatheredEpoch = next
    lastProgress = now
    return [.gather(next, parts.keys.sorted().map { PartOutput(part: $0, bytes: parts[$0] ?? []) })]
  }

  private mutating func handleGathered(_ epoch: Epoch, _ now: Int64) -> [Action] {
    guard isUnderWay, epoch == gatheredEpoch else { return [] }
    failuresInARow = 0
    var actions: [Action] = []
    if setup.epochsPerCheckpoint > 0, epoch.index % Int64(setup.epochsPerCheckpoint) == 0 {
      actions.append(.save(epoch, generation))
    }
    if epoch == setup.lastEpoch, setup.epochsPerCheckpoint == 0 || committed.epoch >= lastCheckpoint {
      return actions + finish()
    }
    if setup.epochsPerInput == 0 { actions += members.map { .send(.proceed(generation, proceedLimit), to: $0) } }
    return actions + gatherNext(now)
  }

  private var lastCheckpoint: Epoch {
    let every = Int64(setup.epochsPerCheckpoint)
    return Epoch(every > 0 ? setup.lastEpoch.index / every * every : 0)
  }

  private mutating func tryCommit() -> [Action] {
    guard committing == nil, isUnderWay else { return [] }
    for epoch in acknowledged.keys.sorted(by: >) {
      guard epoch > committed.epoch, let own = saved[epoch], let parts = acknowledged[epoch], parts.count == setup.parts
      else { continue }
      committing = epoch
      let crcs = parts.keys.sorted().map { parts[$0] ?? 0 } + [own]
      return [.commit(previous: committed.epoch, epoch, generation, crcs: crcs)]
    }
    return []
  }

  private mutating func handleCommitted(_ epoch: Epoch) -> [Action] {
    guard isUnderWay, committing == epoch, let parts = acknowledged[epoch], let own = saved[epoch] else { return [] }
    committing = nil
    let crcs = parts.keys.sorted().map { parts[$0] ?? 0 } + [own]
    committed = CommittedState(epoch: epoch, checkpoint: generation, crcs: crcs, generation: generation)
    acknowledged = acknowledged.filter { $0.key > epoch }
    saved = saved.filter { $0.key > epoch }
    if setup.epochsPerInput > 0 {
      let first = epoch.index / Int64(setup.epochsPerInput)
      inputs = inputs.filter { $0.key >= first }
    }
    let tell = members.map { Action.send(.committed(generation, epoch), to: $0) }
    if gatheredEpoch == setup.lastEpoch, epoch >= lastCheckpoint { return tell + finish() }
    return tell + tryCommit()
  }

  private mutating func handleTimer(_ now: Int64) -> [Action] {
    var actions: [Action] = []
    for who in cores.keys.sorted(by: { $0.bits < $1.bits }) {
      guard let view = cores[who], now - view.heardNanoseconds > setup.patience.silence else { continue }
      actions += remove(who, "silent for \((now - view.heardNanoseconds) / 1_000_000) ms", now)
    }
    if phase == .gathering { actions += formGeneration(now) }
    // Nothing moves although every member is past the boundary: a message was lost on its way.
    if isUnderWay, now - lastProgress > setup.patience.stall, !members.isEmpty,
      members.allSatisfy({ (cores[$0]?.statistics.epoch ?? gatheredEpoch) > gatheredEpoch })
    {
      actions += recover("outputs after epoch \(gatheredEpoch.index) did not arrive", now)
    }
    return actions
  }

  private func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}

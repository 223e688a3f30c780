public import Basics
public import Cluster
public import StateStore
internal import Wire
internal import Workloads

/// Coordinators, cores, reporter, store and network on a virtual clock, with a seeded adversary; one seed is one history.
///
/// The state machines, the driver of the coordinator, the sealing of ticks, the run store and the sender of samples are
/// those of the product. After every event the promises are checked (`Watcher`): the committed epoch goes back only with
/// the store's tail, a committed checkpoint is complete and of one generation, a tick that was sealed or published stays
/// as it was, what is published is what a run without faults makes of the sealed ticks, without gap. Once the faults
/// stop, the run must finish within a bound; and unless a reporter forgot what it had sent, no sample is missing.
public final class SimulatedCluster {
  /// What a history ended with.
  public struct Outcome: Sendable, Equatable {
    /// Broken promise, or nil.
    public var violation: String?
    /// Events handled.
    public var events = 0
    /// The highest generation.
    public var generation: UInt32 = 0
    /// Faults that happened, by kind.
    public var faults: [String: Int] = [:]
    /// Generations that began where all before was committed, to go to other cores.
    public var moves = 0
    /// Generations that began where something was lost.
    public var recoveries = 0
    /// Copies that were lost while others stood by.
    public var promotions = 0
    /// Bits that flipped in the memory of cores.
    public var flips = 0
    /// Those of which the core said or wrote something before it took up a checkpoint.
    public var toldFlips = 0
    /// How often two copies disagreed.
    public var divergences = 0
    /// Promises that were looked at, and how often, by kind.
    public var checks: [String: Int] = [:]
    /// Lives of coordinators that held the lease.
    public var coordinators = 0
    /// Virtual time from the end of the faults to the end of the run, in ms.
    public var recoveryMilliseconds: Int64 = 0
  }

  /// What is played.
  public struct Plan: Sendable {
    /// Cores, at most.
    public var cores: Int
    /// Parts of the network.
    public var parts = 6
    /// Ticks of the run.
    public var ticks = 40
    /// Which parts get spikes of each; all of all where it is empty.
    public var targetParts: [[PartID]] = []
    /// Whether every part is simulated twice; then there are twice as many cores.
    public var redundancy = Redundancy.none
    /// Whether anything goes wrong.
    public var hasFaults = true
    /// The rules that the processes keep.
    public var rules = ProtocolRules.all
    /// A plan for so many cores.
    public init(cores: Int) { self.cores = cores }
    /// The plan that a seed stands for; where every part is on two cores, there may be a single pair of them.
    public init(seed: UInt64, redundancy: Redundancy = .none) {
      self.init(cores: (redundancy == .none ? 2 : 1) + Int(seed % 3))
      self.redundancy = redundancy
    }
  }

  enum Address: Hashable { case coordinator(Int), core(Int) }

  let plan: Plan
  let setup: ClusterSetup
  let world: SimulatedWorld
  let server: SimulatedServer
  let watcher: Watcher
  var cores: [SimulatedCore] = []
  var coordinators: [SimulatedCoordinator] = []
  private(set) var reporter: SimulatedReporter?
  var coreOfLife: [Incarnation: Int] = [:]
  /// One-way cuts of the network, with their ends.
  var cuts: [(from: Address, to: Address, until: Int64)] = []
  /// A core whose frames the network holds back, as a connection does that is made anew, and until when.
  var held: (core: Int, until: Int64) = (0, 0)
  /// Called in the middle of each write of a blob, until it returns true.
  var trapInWrite: ((SimulatedCore, BlobPlace) -> Bool)?
  /// A kind of message that the network loses, and until when.
  var losing: (kind: String, until: Int64) = ("", 0)
  var outcome = Outcome()
  /// Told of everything that happens, with its time in ms; set it before `run`.
  public var trace: ((_ milliseconds: Double, _ text: String) -> Void)?

  /// Prepares a history.
  public init(seed: UInt64, plan: Plan) {
    self.plan = plan
    let ticks = plan.ticks
    world = SimulatedWorld(seed: seed, faultsEnd: plan.hasFaults ? Int64(ticks) * 100_000_000 : 0)
    server = SimulatedServer(world, rules: plan.rules)
    let parts = plan.parts
    var setup = ClusterSetup(
      run: seed | 1,
      name: "toy",
      program: [1, 2, 3],
      parts: parts,
      cores: plan.cores,
      placement: { cores in (0..<parts).map { CoreID(UInt16($0 % cores)) } },
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 6,
      lastEpoch: Epoch(Int64(2 * ticks)),
      window: 3
    )
    setup.targetParts = plan.targetParts
    setup.redundancy = plan.redundancy
    setup.partsAreAlike = true
    setup.patience.divergences = 100
    setup.patience.silence = 400_000_000
    setup.patience.replacement = 600_000_000
    setup.patience.stall = 800_000_000
    setup.patience.arrival = 100_000_000
    setup.patience.farewell = 50_000_000
    self.setup = setup
    watcher = Watcher(setup: setup)
    server.start(losingTail: false)
    reporter = SimulatedReporter(self, seed: seed)
    for i in 0..<2 { coordinators.append(SimulatedCoordinator(self, slot: i)) }
    for i in 0..<plan.cores * plan.redundancy.copies { cores.append(SimulatedCore(self, slot: i)) }
    for coordinator in coordinators { coordinator.start(after: Int64(coordinator.slot) * 20_000_000) }
    for core in cores { core.start() }
    reporter?.start()
    if plan.hasFaults { Adversary(self).begin() }
  }

  /// Plays the history to its end.
  public func run() -> Outcome {
    let limit = world.faultsEnd + 30_000_000_000
    while watcher.violation == nil, !isFinished {
      guard world.step(until: limit) else {
        watcher.violate("not finished: \(watcher.published.count) of \(plan.ticks) ticks are public")
        break
      }
      outcome.events += 1
      watcher.look(at: server)
    }
    if watcher.violation == nil { checkEnd() }
    outcome.violation = watcher.violation
    outcome.checks = watcher.checks
    outcome.recoveryMilliseconds = max(0, world.now - world.faultsEnd) / 1_000_000
    return outcome
  }

  private var isFinished: Bool { coordinators.contains { $0.driver?.isDone == true } }

  private func checkEnd() {
    watcher.count(.finishes)
    if let gap = (0..<plan.ticks).first(where: { watcher.published[$0] == nil }) {
      watcher.violate("tick \(gap) was not published")
    }
    guard let reporter, watcher.loss.forgottenAt < 0 else { return }
    watcher.count(.samplesComplete)
    for (k, expected) in reporter.undisturbed().enumerated().prefix(plan.ticks)
    where watcher.sealedTicks[k] != expected {
      return watcher.violate("tick \(k) was sealed without some of its samples")
    }
  }

  func tell(_ text: @autoclosure () -> String) { trace?(Double(world.now) / 1e6, text()) }

  /// Lets something happen at a time, in ms, before the history is played.
  public func schedule(milliseconds: Int64, _ change: Change) {
    world.after(milliseconds * 1_000_000) { [weak self] in
      guard let self, let holder else { return }
      switch change {
      case .scale(let count): holder.scale(to: count)
      case .drain(let slot): holder.drain(cores[slot].incarnation)
      case .kill(let slot): cores[slot].kill(restartAfter: 300_000_000)
      case .flip(let slot): cores[slot].flipBit()
      }
    }
  }

  /// What people ask a running cluster for, and what may befall it.
  public enum Change: Sendable {
    /// So many cores.
    case scale(Int)
    /// Without the core in a place.
    case drain(Int)
    /// The core in a place dies.
    case kill(Int)
    /// A bit flips in the memory of the core in a place.
    case flip(Int)
  }

  /// The coordinator that holds the lease and is alive, the youngest where there are two.
  var holder: SimulatedCoordinator? {
    coordinators.filter { $0.driver != nil }.max { $0.life < $1.life }
  }

  /// Lets something arrive over the network, which may lose, double, delay and reorder it.
  func transmit(from: Address, to: Address, isFrame: Bool = false, _ arrive: @escaping () -> Void) {
    if world.isRough {
      cuts.removeAll { $0.until <= world.now }
      if cuts.contains(where: { $0.from == from && $0.to == to }) || world.chance(0.01) { return }
    }
    let copies = world.isRough && world.chance(0.02) ? 2 : 1
    let holding = isFrame && to == .core(held.core) ? Double(max(0, held.until - world.now)) : 0
    for _ in 0..<copies {
      var delay = holding + 500_000 * world.uniform()
      if world.isRough {
        if world.chance(0.05) { delay += 20_000_000 * world.uniform() }
        if world.chance(0.003) { delay += 2_000_000_000 * world.uniform() }
      }
      world.after(Int64(delay), arrive)
    }
  }

  /// Whether a message does not arrive because of its kind.
  func loses(_ message: ControlMessage) -> Bool {
    world.isRough && world.now < losing.until && message.kind == losing.kind
  }

  /// A message as it arrives: whole, cut or with flipped bits; nil when the receiver cannot read it.
  func carried<Message>(_ message: Message, _ bytes: () -> [UInt8], _ read: ([UInt8]) throws -> Message) -> Message? {
    guard world.isRough, world.chance(0.004) else { return message }
    var damaged = bytes()
    if world.chance(0.5) {
      damaged.removeLast(1 + world.below(damaged.count))
    } else {
      for _ in 0...world.below(3) { damaged[world.below(damaged.count)] ^= 1 << UInt8(world.below(8)) }
    }
    return try? read(damaged)
  }
}

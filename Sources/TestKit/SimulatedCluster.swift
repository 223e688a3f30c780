public import Basics
internal import Cluster
internal import Wire

/// Coordinator, cores, store and network on a virtual clock, with a seeded adversary; one seed is one history.
///
/// After every event the invariants are checked: the committed epoch goes back only with the store's tail, a
/// committed checkpoint is complete and of one generation, and whatever is published equals a run without faults,
/// without gap. Once the faults stop, the run must finish within a bound.
public struct SimulatedCluster {
  /// What may go wrong, and how often.
  public struct Faults: Sendable {
    /// Share of messages that are lost.
    public var loss = 0.02
    /// Share of messages that arrive twice.
    public var doubling = 0.02
    /// Number of cores killed, coordinators killed, cores paused, tails lost.
    public var coreKills = 3, coordinatorKills = 1, pauses = 1, lostTails = 1
    /// The usual mixture.
    public init() {}
    /// A day without faults.
    public static var none: Faults {
      var f = Faults()
      (f.loss, f.doubling, f.coreKills, f.coordinatorKills, f.pauses, f.lostTails) = (0, 0, 0, 0, 0, 0)
      return f
    }
  }

  /// What a history ended with.
  public struct Outcome: Sendable, Equatable {
    /// Broken invariant, or nil.
    public var violation: String?
    /// Events handled.
    public var events = 0
    /// Generations used.
    public var generations: UInt32 = 0
    /// Faults that really happened.
    public var faults = 0
  }

  enum Address: Hashable { case coordinator, core(Int) }
  enum Payload {
    case control(ControlMessage)
    case frame(SpikeFrame.Header, SpikeBatch, replyTo: CoreID)
    case resend(by: CoreID, Generation, Epoch)
    case core(CoreMachine.Event)
    case timer
    case fault(Int)
    case restart(Address)
    case resume
  }
  struct Letter {
    var time: Int64
    var number: Int
    var to: Address
    var life: UInt64
    var payload: Payload
  }
  struct Core {
    var machine: CoreMachine
    var program: ToyProgram
    var sent: [Epoch: SpikeBatch] = [:]
    /// Spikes of frames that the machine told to keep.
    var kept: [Epoch: [CoreID: SpikeBatch]] = [:]
    var isAlive = true
    var pausedUntil: Int64 = 0
    /// What is being loaded.
    var loading: (Assignment, [PartID: [UInt8]])?
  }
  struct Coordinator {
    var machine: CoordinatorMachine
    var life: UInt64
    var fence: UInt64
    var isAlive = true
  }

  let setup: ClusterSetup
  let faults: Faults
  let random: CounterRandom
  let inputs: [[UInt8]]
  let expected: [Epoch: [PartOutput]]
  var draws: UInt32 = 0
  var now: Int64 = 0
  var queue: [Letter] = []
  var numbered = 0
  var store = SimulatedStore()
  var cores: [Core] = []
  var assignments: [Int: Assignment] = [:]
  var endpointOf: [UInt64: Int] = [:]
  var coordinator: Coordinator?
  var published: [Epoch: [PartOutput]] = [:]
  var outcome = Outcome()
  var isFinished = false
  let faultsEnd: Int64 = 3_000_000_000

  /// Prepares a history; `targetParts` says which parts get spikes of each, all of all where it is empty.
  public init(
    seed: UInt64,
    cores count: Int,
    parts: Int,
    ticks: Int,
    targetParts: [[PartID]] = [],
    faults: Faults = Faults()
  ) throws {
    random = CounterRandom(seed: seed, stream: 0x51)
    self.faults = faults
    inputs = (0..<ticks).map {
      [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: seed)]
    }
    var setup = ClusterSetup(
      run: seed | 1,
      program: [1, 2, 3],
      parts: parts,
      cores: count,
      placement: { cores in (0..<parts).map { CoreID(UInt16($0 % cores)) } },
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 6,
      lastEpoch: Epoch(Int64(2 * ticks)),
      window: 3
    )
    setup.targetParts = targetParts
    setup.patience.silence = 400_000_000
    setup.patience.replacement = 600_000_000
    setup.patience.stall = 800_000_000
    self.setup = setup
    expected = try ToyProgram.reference(
      run: setup.run,
      parts: parts,
      epochs: 2 * ticks,
      epochsPerOutput: 2,
      inputs: inputs,
      epochsPerInput: 2,
      targetParts: targetParts
    )
    for i in 0..<count { startCore(i) }
    startCoordinator()
    schedule(faults)
  }

  /// Plays the history to its end.
  public mutating func run() -> Outcome {
    let limit: Int64 = faultsEnd + 60_000_000_000
    while !isFinished, outcome.violation == nil {
      guard let letter = pop(), letter.time < limit else {
        return violate(
          "not finished: epoch \(coordinator?.machine.gatheredEpoch.index ?? -1) of \(setup.lastEpoch.index) is public"
        )
      }
      now = letter.time
      outcome.events += 1
      dispatch(letter)
    }
    if outcome.violation == nil {
      for (epoch, parts) in expected where published[epoch] != parts {
        return violate("epoch \(epoch.index) was not published")
      }
    }
    return outcome
  }

  @discardableResult mutating func violate(_ text: String) -> Outcome {
    if outcome.violation == nil { outcome.violation = text }
    return outcome
  }

  // MARK: time and chance

  mutating func uniform() -> Double {
    draws += 1
    return random.uniform(draws)
  }

  mutating func post(_ payload: Payload, to: Address, life: UInt64, in delay: Int64) {
    numbered += 1
    let letter = Letter(time: now + max(1, delay), number: numbered, to: to, life: life, payload: payload)
    // A binary heap by (time, number).
    queue.append(letter)
    var i = queue.count - 1
    while i > 0, isEarlier(queue[i], queue[(i - 1) / 2]) {
      queue.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  private func isEarlier(_ a: Letter, _ b: Letter) -> Bool { (a.time, a.number) < (b.time, b.number) }

  private mutating func pop() -> Letter? {
    guard let first = queue.first else { return nil }
    let last = queue.removeLast()
    if !queue.isEmpty {
      queue[0] = last
      var i = 0
      while true {
        var least = i
        for child in [2 * i + 1, 2 * i + 2] where child < queue.count && isEarlier(queue[child], queue[least]) {
          least = child
        }
        if least == i { break }
        queue.swapAt(i, least)
        i = least
      }
    }
    return first
  }

  /// Sends something over the network, which may lose, double, delay and reorder it.
  mutating func transmit(_ payload: Payload, to: Address, life: UInt64) {
    let isRough = now < faultsEnd
    if isRough, uniform() < faults.loss { return }
    let copies = isRough && uniform() < faults.doubling ? 2 : 1
    for _ in 0..<copies {
      let delay = uniform() < 0.05 && isRough ? 20_000_000 * uniform() : 500_000 * uniform()
      post(payload, to: to, life: life, in: Int64(delay))
    }
  }
}

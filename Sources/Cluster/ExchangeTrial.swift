internal import Basics
internal import Synchronization
public import Transport
internal import Wire

/// Cores with nothing to do but to exchange: what an epoch costs apart from the simulation.
///
/// Each core is a thread with the stepper, the state machine and the sockets or rings that a core process has; its
/// neurons fire at a set rate, whatever arrives.
public struct ExchangeTrial: Sendable {
  /// What an epoch cost.
  public struct Outcome: Sendable {
    /// Time that the slowest core took for an epoch, in s.
    public var secondsPerEpoch: Double
    /// Bytes of all frames of an epoch.
    public var bytesPerEpoch: Double
    /// Frames of an epoch.
    public var framesPerEpoch: Int
    /// Time that a core was at work for an epoch without waiting, in s; mean over the cores.
    public var busySecondsPerEpoch: Double
    /// CPU time of an epoch, of all cores, in s.
    public var processorSecondsPerEpoch: Double
  }

  /// Cores, all of which send to all.
  public var cores: Int
  /// How frames travel.
  public var kind: ExchangeKind
  /// Spikes of a core in an epoch of one step.
  public var spikes: Int
  /// Epochs that count.
  public var epochs: Int
  /// A folder for sockets.
  public var folder: String
  /// Epochs before those that count, in which connections come about.
  public static let warmUp = 200

  /// Describes a trial.
  public init(cores: Int, kind: ExchangeKind, spikes: Int, epochs: Int, folder: String) {
    (self.cores, self.kind, self.spikes, self.epochs, self.folder) = (cores, kind, spikes, epochs, folder)
  }

  /// Runs the trial.
  ///
  /// - Throws: `TransportError` when an exchange cannot be opened, `TimedOut` when frames do not arrive.
  public func run() throws -> Outcome {
    let context = try MessageContext()
    let program = MetronomeClock(cores: cores)
    var members: [CoreMember] = []
    var exchanges: [any SpikeExchange] = []
    for i in 0..<cores {
      let endpoint = kind == .tcp ? "tcp://127.0.0.1:*" : "ipc://\(folder)/\(i).sock"
      let exchange = try kind.open(endpoint: endpoint, in: context).exchange
      let core = CoreID(UInt16(i))
      members.append(CoreMember(core: core, incarnation: Incarnation(UInt64(i) + 1), spikeEndpoint: exchange.endpoint))
      exchanges.append(exchange)
    }
    let last = Epoch(Int64(Self.warmUp + epochs))
    var boxes: [(inbox: Mailbox<StepperOrder>, outbox: Mailbox<ControlOrder>, report: Report)] = []
    var threads: [NamedThread] = []
    for (i, exchange) in exchanges.enumerated() {
      let box = (Mailbox<StepperOrder>(wakeup: exchange.wakeup), Mailbox<ControlOrder>(wakeup: try Wakeup()), Report())
      boxes.append(box)
      nonisolated(unsafe) let moved = exchange
      let (spikes, incarnation) = (spikes, members[i].incarnation)
      threads.append(
        try NamedThread("core-\(i)") {
          CoreStepper(
            machine: CoreMachine(incarnation: incarnation),
            program: MetronomeProgram(core: i, spikes: spikes, last: last, clock: program),
            exchange: unsafe moved,
            inbox: box.0,
            outbox: box.1,
            report: box.2,
            log: Log(least: .error)
          ).run()
        }
      )
    }
    defer {
      for box in boxes { box.inbox.post(.quit) }
      for thread in threads { thread.join() }
    }
    for (i, box) in boxes.enumerated() { begin(CoreID(UInt16(i)), members, last, box.inbox) }
    for box in boxes { try waitForEnd(box.outbox) }
    let times = program.times
    let statistics = boxes.map { $0.report.take().statistics }
    let count = Double(epochs)
    let whole = Double(last.index)
    return Outcome(
      secondsPerEpoch: (times.map { Double($0.end - $0.start) / 1e9 }.max() ?? 0) / count,
      bytesPerEpoch: Double(statistics.reduce(0) { $0 + $1.sentBytes }) / whole,
      framesPerEpoch: cores * (cores - 1),
      busySecondsPerEpoch: Double(statistics.reduce(0) { $0 + $1.exchangeNanoseconds + $1.busyNanoseconds }) / 1e9
        / whole / Double(cores),
      processorSecondsPerEpoch: Double(
        (times.map(\.processorEnd).max() ?? 0) - (times.map(\.processorStart).min() ?? 0)
      )
        / 1e9 / count
    )
  }

  /// Frames did not arrive for too long.
  public struct TimedOut: Error, CustomStringConvertible {
    /// One sentence.
    public var description: String {
      "the cores of the trial did not hear of each other within 60 s; is the machine overloaded?"
    }
  }

  private func begin(_ core: CoreID, _ members: [CoreMember], _ last: Epoch, _ inbox: Mailbox<StepperOrder>) {
    let generation = Generation(1)
    let assignment = Assignment(
      run: 1,
      runName: "",
      generation: generation,
      mapHash: 2,
      core: core,
      members: members,
      coreOfPart: members.map(\.core),
      program: [],
      epoch: Epoch(0),
      checkpoint: nil,
      blobs: [],
      epochsPerInput: 0,
      epochsPerOutput: Int(last.index),
      epochsPerCheckpoint: 0,
      lastEpoch: last
    )
    inbox.post(.control(.assign(assignment)))
    inbox.post(.control(.proceed(generation, last)))
  }

  /// Waits until a core has said the output of the last epoch.
  private func waitForEnd(_ outbox: Mailbox<ControlOrder>) throws {
    var poller = Poller()
    poller.watch(outbox.wakeup.descriptor)
    let end = MonotonicClock.nowMilliseconds() + 60_000
    while MonotonicClock.nowMilliseconds() < end {
      _ = try poller.wait(timeoutMilliseconds: 100)
      for order in outbox.take() {
        if case .send(.output) = order { return }
      }
    }
    throw TimedOut()
  }
}

/// When each core of a trial began and ended the epochs that count.
private final class MetronomeClock: Sendable {
  struct Time {
    var start: Int64 = 0, end: Int64 = 0
    var processorStart: Int64 = 0, processorEnd: Int64 = 0
  }
  private let state: Mutex<[Time]>
  init(cores: Int) { state = Mutex(Array(repeating: Time(), count: cores)) }
  var times: [Time] { state.withLock { $0 } }
  func begin(_ core: Int) {
    state.withLock {
      ($0[core].start, $0[core].processorStart) = (MonotonicClock.nowNanoseconds(), ProcessClock.nowNanoseconds())
    }
  }
  func end(_ core: Int) {
    state.withLock {
      ($0[core].end, $0[core].processorEnd) = (MonotonicClock.nowNanoseconds(), ProcessClock.nowNanoseconds())
    }
  }
}

/// Neurons that fire the same in every epoch.
private final class MetronomeProgram: CoreProgram {
  private let core: Int
  private let last: Epoch
  private let clock: MetronomeClock
  private let batch: SpikeBatch

  init(core: Int, spikes: Int, last: Epoch, clock: MetronomeClock) {
    (self.core, self.last, self.clock) = (core, last, clock)
    // As far apart as those of 77,169 neurons.
    batch = SpikeBatch(stepEnds: [spikes], neurons: (0..<spikes).map { UInt32($0 * 77_169 / max(1, spikes)) })
  }

  func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) {}
  func accept(ordinal: Int64, _ bytes: [UInt8]) {}
  func compute(_ epoch: Epoch) {
    if epoch.index == Int64(ExchangeTrial.warmUp) { clock.begin(core) }
  }
  func outgoing(to core: CoreID) -> SpikeBatch { batch }
  func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) {
    if epoch.next == last { clock.end(core) }
  }
  func output(at epoch: Epoch) -> [PartOutput] { [] }
  func snapshot(at epoch: Epoch) -> [PartSnapshot] { [] }
  func count(into statistics: inout CoreStatistics) {}
}

/// What is done to a cluster of real processes; a fault that holds for a time is undone after it.
public enum Fault: String, CaseIterable, Sendable {
  case coreKill = "core-kill"
  case coreZombie = "core-zombie"
  case coreSlow = "core-slow"
  case coreMemory = "core-memory"
  case coreElsewhere = "core-elsewhere"
  case coreFlip = "core-flip"
  case coresRolling = "cores-rolling"
  case coresKill = "cores-kill"
  case coordinatorKill = "coordinator-kill"
  case coordinatorPause = "coordinator-pause"
  case coordinatorTwice = "coordinator-twice"
  case coordinatorOther = "coordinator-other"
  case storeRestart = "store-restart"
  case storeKill = "store-kill"
  case storeTail = "store-tail"
  case storePause = "store-pause"
  case storeMemory = "store-memory"
  case storeDisk = "store-disk"
  case storeReplica = "store-replica"
  case storeFailover = "store-failover"
  case storeFlush = "store-flush"
  case linkCut = "link-cut"
  case linkDrop = "link-drop"
  case linkDelay = "link-delay"
  case linkDouble = "link-double"
  case linkReorder = "link-reorder"
  case linkHalf = "link-half"
  case linkFlip = "link-flip"
  case linkOneWay = "link-one-way"
  case linkUnplug = "link-unplug"
  case clockJump = "clock-jump"
  case everything = "everything"
  case runCore = "run-core"
  case runKill = "run-kill"
  case runPause = "run-pause"
  case runStore = "run-store"
  case runDisk = "run-disk"

  /// What it is, in some words.
  public var summary: String {
    switch self {
    case .coreKill: "kill -9 of a core"
    case .coreZombie: "a core is stopped beyond the limit, replaced, and goes on"
    case .coreSlow: "a core runs half of the time"
    case .coreMemory: "a core gets no more memory"
    case .coreElsewhere: "a core's machine is gone, and one on another machine, without shared memory, takes over"
    case .coreFlip: "a bit of a core's memory flips, where every part is simulated twice (--verify)"
    case .coresRolling: "all cores are restarted one after the other, as for an upgrade"
    case .coresKill: "kill -9 of all cores at once"
    case .coordinatorKill: "kill -9 of the coordinator"
    case .coordinatorPause: "the coordinator is stopped through its lease"
    case .coordinatorTwice: "the coordinator is stopped, a second one takes the lease, both run"
    case .coordinatorOther: "the coordinator is started again with another configuration"
    case .storeRestart: "Redis is restarted"
    case .storeKill: "kill -9 of Redis"
    case .storeTail: "kill -9 of Redis, and the last second of its log is lost"
    case .storePause: "Redis hangs"
    case .storeMemory: "the memory of Redis is full"
    case .storeDisk: "the disk of Redis is full"
    case .storeReplica: "Redis is made a replica by mistake"
    case .storeFailover: "kill -9 of the primary, and a sentinel promotes its replica"
    case .storeFlush: "Redis is flushed"
    case .linkCut: "connections between cores are cut"
    case .linkDrop: "a third of the frames are dropped"
    case .linkDelay: "frames come 20 ms late"
    case .linkDouble: "frames come twice"
    case .linkReorder: "frames change their order"
    case .linkHalf: "a frame breaks off in the middle, then the connection"
    case .linkFlip: "bits of frames are flipped"
    case .linkOneWay: "a core hears nobody, and is heard"
    case .linkUnplug: "two cores do not hear each other"
    case .clockJump: "clocks of some processes, Redis among them, jump by an hour, and back"
    case .everything: "kill -9 of all processes and Redis, and the last second of its log is lost"
    case .runCore: "run: kill -9 of a core"
    case .runKill: "run: kill -9 of all its processes, then --resume"
    case .runPause: "run: the coordinator is stopped for seconds"
    case .runStore: "run: kill -9 of its Redis"
    case .runDisk: "run: the disk of its records is full, then there is room"
    }
  }

  /// Where it can happen.
  public enum Stage: Sendable, CaseIterable {
    /// The capacity service on one machine.
    case shop
    /// The same over TCP, with a sentinel that watches over two Redis servers.
    case hosts
    /// The same with every part simulated twice.
    case copies
    /// A run of a circuit.
    case circuit
  }

  /// Where it happens.
  public var stage: Stage {
    switch self {
    case .runCore, .runKill, .runPause, .runStore, .runDisk: .circuit
    case .coreElsewhere, .storeFailover: .hosts
    case .coreFlip: .copies
    default: .shop
    }
  }

  /// Whether the right answer is to refuse to go on, which ends the history.
  public var isFatal: Bool { self == .storeFlush }

  /// Whether it is a course of events that waits for the cluster, and so cannot be begun beside another fault.
  var isCourse: Bool { self == .coresRolling || self == .coordinatorOther || self == .coreFlip }

  /// What it is done to; two faults at once are done to different things.
  public var target: Target {
    switch self {
    case .coreKill, .coreZombie, .coreSlow, .coreMemory, .coreElsewhere, .coreFlip, .coresRolling, .coresKill: .core
    case .coordinatorKill, .coordinatorPause, .coordinatorTwice, .coordinatorOther: .coordinator
    case .storeRestart, .storeKill, .storeTail, .storePause, .storeMemory, .storeDisk, .storeReplica, .storeFailover:
      .store
    case .linkCut, .linkDrop, .linkDelay, .linkDouble, .linkReorder, .linkHalf, .linkFlip, .linkOneWay, .linkUnplug:
      .link
    default: .everything
    }
  }

  /// What a fault is done to.
  public enum Target: Sendable { case core, coordinator, store, link, everything }
}

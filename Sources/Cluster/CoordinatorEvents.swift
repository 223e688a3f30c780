public import Basics
public import StateStore
public import Wire

extension CoordinatorMachine {
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
    /// A core is to be taken out.
    case drain(Incarnation)
    /// Who started the cores in these places does not need them any more.
    case release([String])
    /// The store knows how many cores are wanted.
    case wanted(WantedCores)
    case timer
  }

  /// What the loop has to do, in order.
  public enum Action: Equatable, Sendable {
    /// Read the committed position; answer `.storeRead`.
    case readStore
    /// Write a new generation, under the fence; answer `.raised`.
    case raise(Generation)
    /// Note in the store how many cores are wanted, under the fence; answer `.wanted`.
    case want(WantedCores)
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
    /// Since when it is to be taken out, in ns; nil for a core that stays.
    public var leavingSince: Int64?
    var highestGeneration = Generation(0)
    var progressNanoseconds: Int64
    /// Whether it is to be taken out.
    public var isLeaving: Bool { leavingSince != nil }
  }
}

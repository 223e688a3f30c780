public import Basics

/// The version of everything on the wire and in checkpoints; processes of another version are refused.
public let wireVersion: UInt16 = 5

/// What a core says of itself when it comes to a coordinator.
public struct CoreHello: Equatable, Sendable {
  /// Version of the core's wire format.
  public var version: UInt16
  /// This life of the core.
  public var incarnation: Incarnation
  /// The place a supervisor gave it, where a new core means that the old one is dead; empty for none.
  public var place: String
  /// Where peers reach it for spikes.
  public var spikeEndpoint: String
  /// The machine it runs on.
  public var host: String
  /// Its process there.
  public var processID: Int32
  /// Run that it may serve; 0 for any.
  public var run: UInt64
  /// The highest generation it was assigned to, or told to name blobs by, in this life; a store that lost its tail may not
  /// know of it.
  public var generation: Generation
  /// Describes a core.
  public init(
    version: UInt16 = wireVersion,
    incarnation: Incarnation,
    place: String,
    spikeEndpoint: String,
    host: String,
    processID: Int32,
    run: UInt64 = 0,
    generation: Generation = Generation(0)
  ) {
    self.generation = generation
    (self.version, self.incarnation, self.place) = (version, incarnation, place)
    (self.spikeEndpoint, self.host, self.processID, self.run) = (spikeEndpoint, host, processID, run)
  }
}

/// A core as its peers see it in one generation.
public struct CoreMember: Equatable, Sendable {
  /// Position in the map.
  public var core: CoreID
  /// This life of the core.
  public var incarnation: Incarnation
  /// Where it is reached for spikes.
  public var spikeEndpoint: String
  /// Describes a member.
  public init(core: CoreID, incarnation: Incarnation, spikeEndpoint: String) {
    (self.core, self.incarnation, self.spikeEndpoint) = (core, incarnation, spikeEndpoint)
  }
}

/// A checkpointed part: which bytes to load.
public struct PartBlob: Equatable, Sendable {
  /// The part.
  public var part: PartID
  /// Checksum of its bytes.
  public var crc: UInt32
  /// Names the bytes of a part.
  public init(part: PartID, crc: UInt32) { (self.part, self.crc) = (part, crc) }
}

/// What one core does in one generation.
public struct Assignment: Equatable, Sendable {
  /// The run.
  public var run: UInt64
  /// Its name in the store.
  public var runName: String
  /// The generation that begins.
  public var generation: Generation
  /// Digest of program and map; frames carry it.
  public var mapHash: UInt64
  /// The receiver's position.
  public var core: CoreID
  /// All members in ascending order of position.
  public var members: [CoreMember]
  /// The core of every part, by part.
  public var coreOfPart: [CoreID]
  /// The parts that get spikes from each part, by part; empty where every part may get some from every other.
  public var targetParts: [[PartID]]
  /// What to simulate, as the program encodes it.
  public var program: [UInt8]
  /// Where to begin: so many epochs are done.
  public var epoch: Epoch
  /// The generation whose checkpoint is loaded; nil at the start of a run.
  public var checkpoint: Generation?
  /// Checksums of the checkpoint's blobs, by part; empty at the start of a run.
  public var blobs: [PartBlob]
  /// The generation in the names of the blobs to write; nil for a core that only tells their checksums.
  public var blobGeneration: Generation?
  /// Epochs that one input unlocks; 0 where none is needed.
  public var epochsPerInput: Int
  /// Epochs between outputs.
  public var epochsPerOutput: Int
  /// Epochs between checkpoints; 0 for none.
  public var epochsPerCheckpoint: Int
  /// Epochs of the run; the last one ends it.
  public var lastEpoch: Epoch

  /// Puts an assignment together.
  public init(
    run: UInt64,
    runName: String,
    generation: Generation,
    mapHash: UInt64,
    core: CoreID,
    members: [CoreMember],
    coreOfPart: [CoreID],
    targetParts: [[PartID]] = [],
    program: [UInt8],
    epoch: Epoch,
    checkpoint: Generation?,
    blobs: [PartBlob],
    blobGeneration: Generation? = nil,
    epochsPerInput: Int,
    epochsPerOutput: Int,
    epochsPerCheckpoint: Int,
    lastEpoch: Epoch
  ) {
    self.blobGeneration = blobGeneration
    (self.run, self.runName) = (run, runName)
    (self.generation, self.mapHash, self.core) = (generation, mapHash, core)
    (self.members, self.coreOfPart, self.targetParts) = (members, coreOfPart, targetParts)
    self.program = program
    (self.epoch, self.checkpoint, self.blobs) = (epoch, checkpoint, blobs)
    (self.epochsPerInput, self.epochsPerOutput) = (epochsPerInput, epochsPerOutput)
    (self.epochsPerCheckpoint, self.lastEpoch) = (epochsPerCheckpoint, lastEpoch)
  }

  /// The parts of the receiver, ascending.
  public var ownParts: [PartID] {
    coreOfPart.indices.filter { coreOfPart[$0] == core }.map { PartID(UInt16($0)) }
  }
  /// The members that the receiver exchanges frames with, ascending: those that spikes go to or come from.
  ///
  /// Symmetric, although spikes may go one way only: the frames of the other way, which are empty, keep either from being
  /// more than an epoch ahead. Cores that share no projection do not wait for each other.
  public var peers: [CoreMember] {
    guard !targetParts.isEmpty else { return members.filter { $0.core != core } }
    var isPeer = Set<CoreID>()
    for (source, targets) in targetParts.enumerated() where source < coreOfPart.count {
      for target in targets where Int(target.index) < coreOfPart.count {
        let (from, to) = (coreOfPart[source], coreOfPart[Int(target.index)])
        if from == core { isPeer.insert(to) }
        if to == core { isPeer.insert(from) }
      }
    }
    return members.filter { $0.core != core && isPeer.contains($0.core) }
  }
}

/// How a core fares; sent with every heartbeat.
public struct CoreStatistics: Equatable, Sendable {
  /// Epochs done in this generation's view.
  public var epoch = Epoch(0)
  /// Neurons held.
  public var neurons: UInt64 = 0
  /// Synapses held.
  public var synapses: UInt64 = 0
  /// Series held.
  public var series: UInt64 = 0
  /// Spikes emitted by own neurons since the core loaded.
  public var spikes: UInt64 = 0
  /// Synaptic events delivered since the core loaded.
  public var events: UInt64 = 0
  /// Spikes received from other cores since the core loaded.
  public var received: UInt64 = 0
  /// Bytes of spike frames sent since the core loaded.
  public var sentBytes: UInt64 = 0
  /// Resident memory in bytes.
  public var residentBytes: UInt64 = 0
  /// CPU time of the process in ns.
  public var processorNanoseconds: UInt64 = 0
  /// Time spent advancing the neurons since the core loaded, in ns; with it the synaptic events that are due.
  public var computeNanoseconds: UInt64 = 0
  /// Time spent queueing the spikes of an epoch since the core loaded, in ns.
  public var deliverNanoseconds: UInt64 = 0
  /// Time spent writing, sending, receiving and reading frames since the core loaded, in ns.
  public var exchangeNanoseconds: UInt64 = 0
  /// Time spent waiting for peers since the core loaded, in ns.
  public var waitNanoseconds: UInt64 = 0
  /// Time of the last snapshot's pause in ns.
  public var pauseNanoseconds: UInt64 = 0
  /// Bytes of the last checkpoint.
  public var checkpointBytes: UInt64 = 0
  /// Time without simulation for checkpoints since the core loaded, in ns: all pauses, and waiting for the one before.
  public var checkpointNanoseconds: UInt64 = 0
  /// Time that another thread made bytes of checkpoints and wrote them since the core started, in ns.
  public var storeNanoseconds: UInt64 = 0
  /// Time the last load or build took, in ns.
  public var loadNanoseconds: UInt64 = 0
  /// Messages at the spike socket that could not be read, since the core started.
  public var droppedFrames: UInt64 = 0
  /// Frames of another run, map, generation, life or epoch, since the core started.
  public var refusedFrames: UInt64 = 0
  /// Calls in a row that the store did not answer; 0 while it does.
  public var storeFailures: UInt64 = 0
  /// Time spent simulating since the core loaded, in ns.
  public var busyNanoseconds: UInt64 { computeNanoseconds + deliverNanoseconds }

  /// Makes statistics of zero.
  public init() {}

  private static let counters: [any WritableKeyPath<CoreStatistics, UInt64> & Sendable] = [
    \.neurons, \.synapses, \.series, \.spikes, \.events, \.received, \.sentBytes, \.residentBytes,
    \.processorNanoseconds, \.computeNanoseconds, \.deliverNanoseconds, \.exchangeNanoseconds, \.waitNanoseconds,
    \.pauseNanoseconds, \.checkpointBytes, \.checkpointNanoseconds, \.storeNanoseconds, \.loadNanoseconds,
    \.droppedFrames, \.refusedFrames, \.storeFailures,
  ]

  func encode(into w: inout ByteWriter) {
    w.write(epoch.index)
    for path in Self.counters { w.writeVarint(self[keyPath: path]) }
  }
  init(from r: inout ByteReader) throws(WireError) {
    epoch = Epoch(try r.read())
    for path in Self.counters { self[keyPath: path] = try r.readVarint() }
  }
}

/// A message between a core and the coordinator.
public enum ControlMessage: Equatable, Sendable {
  // core to coordinator
  case hello(CoreHello)
  case heartbeat(Incarnation, Generation, mapHash: UInt64, CoreStatistics)
  case ready(Incarnation, Generation, mapHash: UInt64)
  /// What the parts of a core have to say after an epoch.
  case output(Incarnation, Generation, mapHash: UInt64, Epoch, [PartOutput])
  /// A core's part of a checkpoint is in the store under a generation or, with nil, only its checksums are known.
  case acknowledge(Incarnation, Generation, mapHash: UInt64, Epoch, stored: Generation?, [PartBlob])
  /// Nothing came from a peer for too long.
  case suspect(Incarnation, Generation, CoreID)
  /// The core cannot go on.
  case failed(Incarnation, Generation, String)
  // coordinator to core
  case assign(Assignment)
  case input(Generation, mapHash: UInt64, ordinal: Int64, [UInt8])
  /// Epochs may be simulated up to this one.
  case proceed(Generation, Epoch)
  case committed(Generation, Epoch)
  /// Asks for a checkpoint out of turn, at the end of what may be simulated so far.
  case checkpoint(Generation, Epoch)
  /// Asks to write the blobs of later checkpoints, under a generation of their own.
  case promote(Generation, blobs: Generation)
  /// Asks a core the coordinator does not know to say hello; carries the coordinator's own life.
  case whoAreYou(Incarnation)
  /// A sign of life of the coordinator.
  case ping(Incarnation)
  case stop(String)
  case refuse(String)
}

/// What one part has to say after an epoch.
public struct PartOutput: Equatable, Sendable {
  /// The part.
  public var part: PartID
  /// Its bytes, as its program encodes them.
  public var bytes: [UInt8]
  /// Pairs a part with its bytes.
  public init(part: PartID, bytes: [UInt8]) { (self.part, self.bytes) = (part, bytes) }
}

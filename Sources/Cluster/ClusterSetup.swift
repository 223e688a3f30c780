public import Basics
public import StateStore

/// What a coordinator needs to know of a run before any core comes.
public struct ClusterSetup: Sendable {
  /// Identity of the run; frames and messages carry it.
  public var run: UInt64
  /// Its name in the store.
  public var name: String
  /// What the cores simulate, as the program encodes it.
  public var program: [UInt8]
  /// The number of parts of the network.
  public var parts: Int
  /// The number of cores to wait for.
  public var cores: Int
  /// Which core holds each part, for a number of cores; parts that are alike are dealt as they lie instead.
  public var placement: @Sendable (_ cores: Int) -> [CoreID]
  /// Epochs that one input unlocks; 0 where none is needed.
  public var epochsPerInput: Int
  /// Epochs between outputs.
  public var epochsPerOutput: Int
  /// Epochs between checkpoints; 0 for none.
  public var epochsPerCheckpoint: Int
  /// Epochs of the run; the last one ends it.
  public var lastEpoch: Epoch
  /// Outputs that the cores may be ahead of what is gathered.
  public var window: Int
  /// The parts that get spikes from each part, by part; empty where every part may get some from every other.
  public var targetParts: [[PartID]] = []
  /// Whether one part is like the other, so that all stay where they lie as far as no core has more than its share.
  public var partsAreAlike = false
  /// Whether every part is simulated twice, and what for.
  public var redundancy = Redundancy.none
  /// Cores that may be there at once, spares among them; one more is refused.
  public var mostCores = 1024
  /// Times after which the coordinator acts.
  public var patience = CoordinatorPatience()

  /// Puts a setup together.
  public init(
    run: UInt64,
    name: String = "",
    program: [UInt8],
    parts: Int,
    cores: Int,
    placement: @escaping @Sendable (Int) -> [CoreID],
    epochsPerInput: Int,
    epochsPerOutput: Int,
    epochsPerCheckpoint: Int,
    lastEpoch: Epoch,
    window: Int
  ) {
    precondition(parts > 0 && cores > 0 && epochsPerOutput > 0 && window > 0)
    precondition(epochsPerCheckpoint % epochsPerOutput == 0, "a checkpoint lies on the boundary of an output")
    precondition(epochsPerInput == 0 || epochsPerOutput % epochsPerInput == 0)
    (self.run, self.name, self.program, self.parts, self.cores) = (run, name, program, parts, cores)
    (self.placement, self.epochsPerInput, self.epochsPerOutput) = (placement, epochsPerInput, epochsPerOutput)
    (self.epochsPerCheckpoint, self.lastEpoch, self.window) = (epochsPerCheckpoint, lastEpoch, window)
  }
}

/// Whether every part of a network is simulated twice, by two sets of cores that exchange spikes only among themselves.
public enum Redundancy: String, CaseIterable, Sendable {
  /// Once.
  case none
  /// Twice, so that the others go on when a core of one set dies.
  case standby
  /// Twice, and nothing becomes public or is committed that both do not agree on.
  case verify

  /// How often every part is simulated when all cores are there.
  public var copies: Int { self == .none ? 1 : 2 }
}

extension ClusterSetup {
  /// Inputs that are kept for a rerun at most: those of two checkpoints, since a core begins to write one only after the
  /// one before it is stored, and those that the cores may be ahead.
  public var mostInputs: Int {
    guard epochsPerInput > 0, epochsPerCheckpoint > 0 else { return .max }
    return (2 * epochsPerCheckpoint + window * epochsPerOutput) / epochsPerInput
  }
}

/// Times, in ns, after which a coordinator acts.
public struct CoordinatorPatience: Sendable {
  /// Silence after which a core counts as dead.
  public var silence: Int64 = 3_000_000_000
  /// Time to wait for a missing core before going on with fewer.
  public var replacement: Int64 = 10_000_000_000
  /// Time without any progress after which the last checkpoint is taken up again.
  public var stall: Int64 = 10_000_000_000
  /// Time without a further core after which the run moves to those that came, though more were asked for.
  public var arrival: Int64 = 1_000_000_000
  /// Time that a core which was taken out has to be ended from outside before it is told to end.
  public var farewell: Int64 = 2_000_000_000
  /// Failures in a row, without a gathered output between them, after which the run is given up.
  public var failures = 3
  /// Disagreements of two copies in a row, without a commit between them, after which the run is given up.
  public var divergences = 3
  /// The usual times.
  public init() {}
}

/// The committed position of a run, as the store has it.
public struct CommittedState: Equatable, Sendable {
  /// Epochs done and committed; 0 at the start of a run.
  public var epoch: Epoch
  /// Generation of the committed checkpoint; nil at the start of a run.
  public var checkpoint: Generation?
  /// Checksums of its blobs by part, the coordinator's own last.
  public var crcs: [UInt32]
  /// Highest generation ever given out.
  public var generation: Generation
  /// The number of cores that people asked for while it ran, if they did.
  public var wantedCores: WantedCores?
  /// Describes a position.
  public init(
    epoch: Epoch,
    checkpoint: Generation?,
    crcs: [UInt32],
    generation: Generation,
    wantedCores: WantedCores? = nil
  ) {
    (self.epoch, self.checkpoint, self.crcs, self.generation) = (epoch, checkpoint, crcs, generation)
    self.wantedCores = wantedCores
  }

  /// Whether another one has the same checkpoint.
  func isPosition(of other: CommittedState) -> Bool {
    (epoch, checkpoint, crcs) == (other.epoch, other.checkpoint, other.crcs)
  }
}

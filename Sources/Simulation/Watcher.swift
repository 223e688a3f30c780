internal import Basics
internal import Cluster
internal import StateStore
internal import Wire

/// Sees everything that becomes public and everything that is committed, and says when a promise is broken.
final class Watcher {
  /// What is promised of the samples.
  struct Loss {
    /// When a reporter last forgot what it had sent, in ns.
    var forgottenAt: Int64 = .min / 2
  }

  /// What is promised.
  enum Promise: Int, CaseIterable {
    case sealedStays, publishedRight, neverBack, complete, bounded, finishes, samplesComplete

    var words: String {
      switch self {
      case .sealedStays: "a sealed tick stays as it was sealed"
      case .publishedRight: "a published tick is what a run without faults makes of its inputs, in order, without gap"
      case .neverBack: "committed epoch and generation never go back but with the store's tail"
      case .complete: "the committed checkpoint is complete, of one generation, with the acknowledged checksums"
      case .bounded: "a coordinator keeps no more inputs and outputs than its bounds"
      case .finishes: "once faults stop, every tick becomes public and the run ends"
      case .samplesComplete: "no tick lacks a sample, unless a reporter forgot what it had sent"
      }
    }
  }

  private var counts = Array(repeating: 0, count: Promise.allCases.count)
  /// How often each promise was looked at.
  var checks: [String: Int] {
    Dictionary(uniqueKeysWithValues: Promise.allCases.map { ($0.words, counts[$0.rawValue]) })
  }
  private let run: UInt64
  private let parts: Int
  private let targetParts: [[PartID]]
  private let epochsPerTick: Int
  /// The first broken promise.
  private(set) var violation: String?
  /// Sealed ticks as anybody has seen them: bytes, who sealed them, and when.
  private var sealed: [(bytes: [UInt8], life: UInt64, time: Int64)] = []
  /// States of the network after each tick, for the sealed inputs of `chainInputs`.
  private var chain: [[PartOutput]] = []
  private var chainInputs: [[UInt8]] = []
  private var lastCommitted = Epoch(0)
  private var lastGeneration = Generation(0)
  private var looked = -1
  /// Digests of what was published, by tick.
  private(set) var published: [Int: UInt64] = [:]
  var loss = Loss()

  init(setup: ClusterSetup) {
    (run, parts, targetParts, epochsPerTick) = (setup.run, setup.parts, setup.targetParts, setup.epochsPerOutput)
  }

  func count(_ promise: Promise) { counts[promise.rawValue] += 1 }

  func violate(_ text: String) { violation = violation ?? text }

  // MARK: sealed ticks

  /// A tick was sealed by a life of a coordinator.
  func noteSealed(_ k: Int, _ bytes: [UInt8], by life: UInt64, at now: Int64) {
    count(.sealedStays)
    if k < sealed.count, sealed[k].bytes != bytes {
      let former = sealed[k]
      // Lost with the tail of the store, with the coordinator that knew it, and with the reporter that sent it.
      let isExcused =
        former.life != life && loss.forgottenAt > former.time - SampleSender.settleMilliseconds * 1_000_000
      if !isExcused { violate("tick \(k) was sealed with other samples than before") }
      sealed.removeSubrange(k...)
      published = published.filter { $0.key < k }
    }
    if k < sealed.count {
      sealed[k].time = now
      sealed[k].life = life
    } else if k == sealed.count {
      sealed.append((bytes, life, now))
    } else {
      violate("tick \(k) was sealed after tick \(sealed.count - 1)")
    }
  }

  /// Sealed inputs that everybody has seen.
  var sealedTicks: [[UInt8]] { sealed.map(\.bytes) }

  // MARK: published ticks

  /// A tick is about to be published.
  func notePublished(_ k: Int, _ outputs: [PartOutput]) {
    count(.publishedRight)
    if expected(after: k) != outputs {
      violate("tick \(k) was published with other bytes than its sealed inputs give")
    }
    if k > 0, published[k - 1] == nil { violate("tick \(k) was published before tick \(k - 1)") }
    var digest = Digest64()
    for output in outputs { digest.combine(bytes: output.bytes) }
    if let former = published[k], former != digest.value { violate("tick \(k) was published in two forms") }
    published[k] = digest.value
  }

  /// What the network says after a tick, with what was sealed.
  private func expected(after k: Int) -> [PartOutput]? {
    let inputs = sealedTicks
    guard inputs.count > k else { return nil }
    var from = zip(chainInputs, inputs).prefix { $0 == $1 }.count
    from = min(from, chain.count)
    chain.removeSubrange(from...)
    chainInputs.removeSubrange(from...)
    while chain.count <= k {
      let t = chain.count
      let program = ToyProgram()
      do {
        let blobs = Dictionary(uniqueKeysWithValues: (chain.last ?? []).map { ($0.part, $0.bytes) })
        let start = Epoch(Int64(t * epochsPerTick))
        try program.load(.whole(run, parts, targetParts, epochsPerTick, from: start), blobs: blobs)
        program.accept(ordinal: Int64(t), inputs[t])
        for e in 0..<epochsPerTick {
          let epoch = Epoch(start.index + Int64(e))
          try program.compute(epoch)
          try program.deliver(epoch, [])
        }
      } catch { return nil }
      chain.append(program.output(at: Epoch(0)))
      chainInputs.append(inputs[t])
    }
    return chain[k]
  }

  // MARK: bounds

  /// A coordinator has handled something.
  func noteKept(_ machine: CoordinatorMachine) {
    count(.bounded)
    let most = machine.setup.mostInputs
    if machine.keptInputs > most { violate("\(machine.keptInputs) inputs are kept, \(most) are the most") }
    if machine.waitingBoundaries > most { violate("outputs of \(machine.waitingBoundaries) boundaries wait") }
  }

  // MARK: commits

  /// The store went back to what was on its disk.
  func storeWentBack(to record: RunRecord?) {
    (lastCommitted, lastGeneration) = (record?.committedEpoch ?? Epoch(0), record?.generation ?? Generation(0))
  }

  /// Looks at what is committed, if the store has changed.
  func look(at server: SimulatedServer) {
    guard server.writes != looked else { return }
    looked = server.writes
    guard let record = server.checkpoints.readRun() else { return }
    count(.neverBack)
    if record.committedEpoch < lastCommitted {
      violate("the committed epoch went back from \(lastCommitted.index) to \(record.committedEpoch.index)")
    }
    if record.generation < lastGeneration {
      violate("the generation went back from \(lastGeneration.number) to \(record.generation.number)")
    }
    (lastCommitted, lastGeneration) = (record.committedEpoch, record.generation)
    guard let generation = record.checkpoint else { return }
    count(.complete)
    for blob in record.blobs {
      let place = BlobPlace(epoch: record.committedEpoch, generation: generation, part: blob.part)
      do { _ = try server.checkpoints.readBlob(at: place, crc: blob.crc) } catch {
        violate("the committed checkpoint is not complete: \(error.operation): \(error.answer)")
      }
    }
  }
}

extension Assignment {
  /// All parts on one core.
  static func whole(
    _ run: UInt64,
    _ parts: Int,
    _ targetParts: [[PartID]],
    _ epochsPerTick: Int,
    from epoch: Epoch
  ) -> Assignment {
    Assignment(
      run: run,
      runName: "",
      generation: Generation(1),
      mapHash: 0,
      core: CoreID(0),
      members: [CoreMember(core: CoreID(0), incarnation: Incarnation(1), spikeEndpoint: "")],
      coreOfPart: Array(repeating: CoreID(0), count: parts),
      targetParts: targetParts,
      program: [],
      epoch: epoch,
      checkpoint: epoch.index > 0 ? Generation(1) : nil,
      blobs: [],
      epochsPerInput: epochsPerTick,
      epochsPerOutput: epochsPerTick,
      epochsPerCheckpoint: 0,
      lastEpoch: Epoch(.max / 4)
    )
  }
}

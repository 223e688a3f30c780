internal import Basics
internal import StateStore
internal import Wire

/// Outputs become public and checkpoints are committed, both in order.
extension CoordinatorMachine {
  /// Gathers the next boundary if every part's output is there.
  mutating func gatherNext(_ now: Int64) -> [Action] {
    let next = Epoch(min(gatheredEpoch.index + Int64(setup.epochsPerOutput), setup.lastEpoch.index))
    guard next > gatheredEpoch else { return [] }
    switch ledger.takeOutputs(of: next) {
    case .incomplete: return []
    case .differs(let part): return disagree(on: part, at: next, "outputs", now)
    case .agreed(let parts):
      gatheredEpoch = next
      lastProgress = now
      return [.gather(next, parts)]
    }
  }

  mutating func handleGathered(_ epoch: Epoch, _ now: Int64) -> [Action] {
    guard isUnderWay, epoch == gatheredEpoch else { return [] }
    failuresInARow = 0
    var actions: [Action] = []
    if epoch == heldEpoch { move?.idleSince = now }
    if epoch == heldEpoch || setup.epochsPerCheckpoint > 0 && epoch.index % Int64(setup.epochsPerCheckpoint) == 0 {
      actions.append(.save(epoch, blobGeneration))
    }
    if epoch == setup.lastEpoch, setup.epochsPerCheckpoint == 0 || committed.epoch >= lastCheckpoint {
      return actions + finish()
    }
    if setup.epochsPerInput == 0 { actions += members.map { .send(.proceed(generation, proceedLimit), to: $0) } }
    return actions + gatherNext(now)
  }

  var lastCheckpoint: Epoch {
    let every = Int64(setup.epochsPerCheckpoint)
    return Epoch(every > 0 ? setup.lastEpoch.index / every * every : 0)
  }

  /// The generation in the names of the blobs that are written.
  var blobGeneration: Generation { copies.first?.blobGeneration ?? generation }

  mutating func tryCommit(_ now: Int64) -> [Action] {
    guard committing == nil, isUnderWay, let epoch = ledger.complete(beyond: committed.epoch) else { return [] }
    switch ledger.crcs(of: epoch) {
    case .incomplete: return []
    case .differs(let part): return disagree(on: part, at: epoch, "state", now)
    case .agreed(let crcs):
      committing = epoch
      return [.commit(previous: committed.epoch, epoch, blobGeneration, crcs: crcs)]
    }
  }

  mutating func handleCommitted(_ epoch: Epoch, _ now: Int64) -> [Action] {
    guard isUnderWay, committing == epoch, case .agreed(let crcs) = ledger.crcs(of: epoch) else { return [] }
    committing = nil
    divergencesInARow = 0
    committed = CommittedState(epoch: epoch, checkpoint: blobGeneration, crcs: crcs, generation: blobGeneration)
    ledger.forget(upTo: epoch)
    if setup.epochsPerInput > 0 { inputs.forget(before: firstInput(of: epoch)) }
    let tell = members.map { Action.send(.committed(generation, epoch), to: $0) }
    if gatheredEpoch == setup.lastEpoch, epoch >= lastCheckpoint { return tell + finish() }
    if epoch == heldEpoch { return tell + goOver(now) }
    return tell + tryCommit(now)
  }
}

internal import Basics
internal import StateStore
internal import Wire

/// Outputs become public and checkpoints are committed, both in order.
extension CoordinatorMachine {
  /// Gathers the next boundary if every part's output is there.
  mutating func gatherNext(_ now: Int64) -> [Action] {
    let next = Epoch(min(gatheredEpoch.index + Int64(setup.epochsPerOutput), setup.lastEpoch.index))
    guard next > gatheredEpoch, let parts = ledger.takeOutputs(of: next) else { return [] }
    gatheredEpoch = next
    lastProgress = now
    return [.gather(next, parts)]
  }

  mutating func handleGathered(_ epoch: Epoch, _ now: Int64) -> [Action] {
    guard isUnderWay, epoch == gatheredEpoch else { return [] }
    failuresInARow = 0
    var actions: [Action] = []
    if epoch == heldEpoch { move?.idleSince = now }
    if epoch == heldEpoch || setup.epochsPerCheckpoint > 0 && epoch.index % Int64(setup.epochsPerCheckpoint) == 0 {
      actions.append(.save(epoch, generation))
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

  mutating func tryCommit() -> [Action] {
    guard committing == nil, isUnderWay else { return [] }
    guard let epoch = ledger.complete(beyond: committed.epoch), let crcs = ledger.crcs(of: epoch) else { return [] }
    committing = epoch
    return [.commit(previous: committed.epoch, epoch, generation, crcs: crcs)]
  }

  mutating func handleCommitted(_ epoch: Epoch, _ now: Int64) -> [Action] {
    guard isUnderWay, committing == epoch, let crcs = ledger.crcs(of: epoch) else { return [] }
    committing = nil
    committed = CommittedState(epoch: epoch, checkpoint: generation, crcs: crcs, generation: generation)
    ledger.forget(upTo: epoch)
    if setup.epochsPerInput > 0 { inputs.forget(before: firstInput(of: epoch)) }
    let tell = members.map { Action.send(.committed(generation, epoch), to: $0) }
    if gatheredEpoch == setup.lastEpoch, epoch >= lastCheckpoint { return tell + finish() }
    if epoch == heldEpoch { return tell + goOver(now) }
    return tell + tryCommit()
  }
}

internal import Basics
internal import Cluster
internal import StateStore
internal import Wire

/// Lets things go wrong at moments that the seed chooses, alone and together.
final class Adversary {
  private enum Fault: String, CaseIterable {
    case coreKilled = "core killed"
    case corePaused = "core paused"
    case coreSlow = "core slow"
    case allCoresKilled = "all cores killed"
    case coordinatorKilled = "coordinator killed"
    case coordinatorPaused = "coordinator paused"
    case storeKilled = "store killed"
    case tailLost = "store lost its tail"
    case storePaused = "store paused"
    case storeReadOnly = "store read-only"
    case storeFull = "store full"
    case blobLost = "blob lost"
    case clockJump = "clock of the store jumps"
    case cutOneWay = "network cut one way"
    case scaled = "scaled"
    case drained = "drained"
    case scaledWhileFramesAreHeld = "scaled while frames are held"
    case bitFlipped = "bit flipped"
    case reporterForgets = "reporter forgets"
    case powerOff = "power off"
    case coordinatorKilledInCall = "coordinator killed in a call"
    case storeHangsInCall = "store hangs in a call"
    case coreStopsInWrite = "core stops in a write, then power off"
    case kindLost = "messages of a kind lost"
    case diskLags = "disk of the store lags"
  }

  /// Calls of a coordinator in which it or the store may fail.
  private static let calls = [
    "commit", "raise", "removal", "sealing", "publication", "renewal", "read of the run", "XREADGROUP", "XADD",
  ]

  private static let themes: [[Fault]] = [
    [.coreStopsInWrite], [.scaledWhileFramesAreHeld, .scaled], [.storeHangsInCall, .coordinatorPaused],
    [.tailLost, .scaled, .coreKilled], [.scaled, .drained], [.tailLost, .reporterForgets, .diskLags],
    [.coordinatorKilledInCall, .tailLost, .coordinatorPaused], [.kindLost, .scaled, .coreKilled],
  ]

  private let cluster: SimulatedCluster
  /// Until when a core sleeps in the middle of a write; one at a time, so that what follows can come to its end.
  private var sleepsUntil: Int64 = 0
  private var world: SimulatedWorld { cluster.world }

  init(_ cluster: SimulatedCluster) { self.cluster = cluster }

  func begin() {
    // The disk has what the store took, at the latest a second and a half later.
    sync()
    // Half of the histories draw from everything, the others again and again from what goes together.
    let theme = world.below(2 * Self.themes.count)
    // Only where two simulate a part can it be noticed.
    let all = Fault.allCases.filter { $0 != .bitFlipped || cluster.plan.redundancy == .verify }
    let faults = theme < Self.themes.count ? Self.themes[theme] : all
    for _ in 0..<6 + world.below(8) {
      let fault = faults[world.below(faults.count)]
      let time = Int64(world.uniform() * 0.85 * Double(world.faultsEnd))
      world.after(time) { self.strike(fault) }
      // Many faults matter only beside another one.
      if world.chance(0.5) {
        let other = faults[world.below(faults.count)]
        world.after(time + Int64(world.uniform() * 400_000_000)) { self.strike(other) }
      }
    }
  }

  private func sync() {
    world.after(Int64(world.uniform() * 1_500_000_000)) {
      let server = self.cluster.server
      if server.mode != .down, self.world.now >= server.lagsUntil { server.sync() }
      if self.world.isRough { self.sync() }
    }
  }

  private func time(upTo nanoseconds: Double) -> Int64 { Int64(world.uniform() * nanoseconds) }

  private func strike(_ fault: Fault) {
    cluster.outcome.faults[fault.rawValue, default: 0] += 1
    cluster.tell(fault.rawValue)
    let server = cluster.server
    let core = cluster.cores[world.below(cluster.cores.count)]
    let coordinator = cluster.coordinators[world.below(2)]
    switch fault {
    case .coreKilled: core.kill(restartAfter: time(upTo: 700e6))
    case .corePaused: core.pause(time(upTo: 1500e6))
    case .coreSlow: core.slow(20, time(upTo: 1000e6))
    case .allCoresKilled: for core in cluster.cores { core.kill(restartAfter: time(upTo: 300e6)) }
    case .coordinatorKilled: (cluster.holder ?? coordinator).kill()
    case .coordinatorPaused: (cluster.holder ?? coordinator).pause(time(upTo: 3000e6))
    case .storeKilled: stopStore(losingTail: false)
    case .tailLost: stopStore(losingTail: true)
    case .storePaused: ail(.paused)
    case .storeReadOnly: ail(.readOnly)
    case .storeFull: ail(.full)
    case .blobLost: loseBlob()
    case .clockJump: server.clockOffset += world.chance(0.5) ? 3_600_000 : -3_600_000
    case .cutOneWay: cut()
    case .scaled: cluster.holder?.scale(to: 1 + world.below(cluster.plan.cores))
    case .drained: cluster.holder?.drain(core.incarnation)
    case .scaledWhileFramesAreHeld:
      cluster.held = (core.slot, world.now + time(upTo: 1000e6))
      world.after(time(upTo: 150e6)) { [cluster] in
        cluster.holder?.scale(to: 1 + self.world.below(cluster.plan.cores))
      }
    case .bitFlipped: core.flipBit()
    case .reporterForgets: cluster.reporter?.forget()
    case .powerOff:
      powerOff()
      if world.chance(0.5) { for core in cluster.cores { core.kill(restartAfter: time(upTo: 500e6)) } }
    case .coordinatorKilledInCall:
      server.ambush = (
        Self.calls[world.below(Self.calls.count)], world.chance(0.5), { [cluster] in cluster.holder?.kill() }
      )
    case .storeHangsInCall:
      let call = world.chance(0.4) ? "XREADGROUP" : Self.calls[world.below(Self.calls.count)]
      server.ambush = (call, false, { self.ail(.paused) })
    case .diskLags: holdDisk(for: time(upTo: 1500e6))
    case .coreStopsInWrite:
      stopCoreInWrite()
    case .kindLost:
      let kinds = ControlMessage.kinds
      cluster.losing = (kinds[world.below(kinds.count)], world.now + time(upTo: 1000e6))
    }
  }

  /// Lets nothing more reach the disk of the store for a while, and then everything: it lags by two seconds, not by more.
  private func holdDisk(for nanoseconds: Int64) {
    let server = cluster.server
    guard world.now >= server.lagsUntil else { return }
    server.lagsUntil = world.now + nanoseconds
    world.after(nanoseconds) { if server.mode != .down { server.sync() } }
  }

  /// Stops a core in the middle of a write while the disk of the store lacks samples that went into what is written.
  private func stopCoreInWrite() {
    holdDisk(for: 1_500_000_000)
    let end = min(world.now + 1_500_000_000, world.faultsEnd)
    cluster.trapInWrite = { [world, time, cluster] core, place in
      guard world.now < end else { return true }
      let ticks = Int(place.epoch.index) / cluster.setup.epochsPerOutput
      guard world.now >= self.sleepsUntil, cluster.server.ticks.wouldLoseSamples(ofFirst: ticks) else { return false }
      let pause = 2_000_000_000 + time(4000e6)
      self.sleepsUntil = world.now + pause
      core.pause(pause)
      // It wakes up and hears nothing of what happened meanwhile.
      for slot in 0..<2 {
        cluster.cuts.append((.coordinator(slot), .core(core.slot), world.now + pause + 1_000_000_000))
      }
      if world.chance(0.8) { world.after(time(100e6)) { self.powerOff() } }
      if world.chance(0.7) { self.wake(core, whenOthersCommit: place, until: world.now + pause) }
      return true
    }
  }

  /// Lets a core go on with a write of an old generation just when the checkpoint of that epoch has become the committed
  /// one by another generation, which may have had other inputs.
  private func wake(_ core: SimulatedCore, whenOthersCommit place: BlobPlace, until end: Int64) {
    world.after(10_000_000) {
      guard self.world.now < end else { return }
      let record = self.cluster.server.checkpoints.readRun()
      guard let record, record.committedEpoch == place.epoch, record.checkpoint != place.generation else {
        return self.wake(core, whenOthersCommit: place, until: end)
      }
      self.cluster.tell("core \(core.slot) goes on with its write of \(place)")
      core.wake()
    }
  }

  /// Everything but the cores, which may be other machines.
  private func powerOff() {
    cluster.reporter?.forget()
    stopStore(losingTail: true)
    for coordinator in cluster.coordinators { coordinator.kill() }
  }

  private func stopStore(losingTail: Bool) {
    let server = cluster.server
    guard server.mode != .down else { return }
    server.stop()
    world.after(time(upTo: 800e6)) { [cluster] in
      server.start(losingTail: losingTail)
      cluster.tell(
        "store up again\(losingTail ? ", its tail lost" : ""), committed \(server.checkpoints.readRun()?.committedEpoch.index ?? 0)"
      )
      if losingTail { cluster.watcher.storeWentBack(to: server.checkpoints.readRun()) }
    }
  }

  private func ail(_ mode: SimulatedServer.Mode) {
    let server = cluster.server
    guard server.mode == .up else { return }
    server.suffer(mode)
    world.after(time(upTo: 1200e6)) { [world, weak cluster] in
      guard server.mode == mode, let cluster else { return }
      cluster.tell("store well again")
      let life = server.life
      // What clients gave up on is carried out now, or when the network delivers it: at any time, or just when
      // somebody else has done something.
      for (operation, call) in server.heal() {
        let choice = world.below(3)
        world.after(choice == 0 ? 1 : Int64(world.uniform() * 2_000_000_000)) {
          let late = {
            guard server.life == life, server.mode == .up else { return }
            cluster.tell("a call that was given up is carried out: \(operation)")
            call()
          }
          if choice == 2 { server.afterAppend = late } else { late() }
        }
      }
    }
  }

  /// Takes a blob away that no committed checkpoint needs.
  private func loseBlob(tries: Int = 200) {
    let store = cluster.server.checkpoints
    let committed = store.readRun()?.committedEpoch ?? Epoch(0)
    let open = store.places.filter { $0.epoch > committed }
    if open.isEmpty {
      if tries > 0 { world.after(5_000_000) { self.loseBlob(tries: tries - 1) } }
    } else {
      store.lose(open[world.below(open.count)])
    }
  }

  private func cut() {
    let ends: [SimulatedCluster.Address] =
      cluster.cores.map { .core($0.slot) } + cluster.coordinators.map { .coordinator($0.slot) }
    let (from, to) = (ends[world.below(ends.count)], ends[world.below(ends.count)])
    cluster.cuts.append((from, to, world.now + time(upTo: 1500e6)))
  }
}

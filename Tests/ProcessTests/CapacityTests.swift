import Basics
import Foundation
import StateStore
import Testing

extension ProcessTests {
  @Suite struct CapacityTests {
    @Test(.timeLimit(.minutes(2)), arguments: [2, 3])
    func `what is published does not depend on the number of cores`(cores: Int) throws {
      let reference = try Undisturbed.published.get()
      #expect(reference.ticks == ShopService.ticks)
      #expect(reference.entries.count == ShopService.ticks)
      let service = try ShopService(cores: cores)
      let feed = try service.feed()
      try service.wait(forTicks: ShopService.ticks)
      #expect(feed.finish().code == 0)
      try service.published().expectEqual(to: reference, "\(cores) cores")
      try service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func `killing cores, coordinator and store at random moments changes no published byte`() throws {
      let seed = Chance.seed()
      print("SYNFIRE_SEED=\(seed)")
      var chance = Chance(seed: seed)
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2 + Int(seed % 2), checkpointTicks: 6)
      let feed = try service.feed(speed: 8640)
      var acts: [Act] = [.core, .core, .coordinator, .store, .storeLosingItsTail]
      acts.shuffle(using: &chance)
      for act in acts {
        pauseMilliseconds(Int.random(in: 100...1500, using: &chance))
        try perform(act, on: service, &chance)
      }
      #expect(feed.isRunning, "the feed was to run on until after the last act")
      let fed = feed.finish(within: 60)
      #expect(fed.code == 0, "\(fed.error)")
      try service.wait(forTicks: ShopService.ticks, within: 90)
      try service.published().expectEqual(to: reference, "seed \(seed), \(acts)")
      try service.stop()
    }

    private enum Act { case core, coordinator, store, storeLosingItsTail }

    private func perform(_ act: Act, on service: ShopService, _ chance: inout Chance) throws {
      switch act {
      case .core: service.processes("core").randomElement(using: &chance)?.send(.kill)
      case .coordinator: service.processes("coordinator").first?.send(.kill)
      case .store: service.processes("redis").first?.send(.kill)
      case .storeLosingItsTail:
        // What starts the store again is stopped meanwhile, so that the cut comes first.
        service.up.process.send(.stop)
        defer { service.up.process.send(.resume) }
        guard let store = service.processes("redis").first else { return }
        store.send(.kill)
        try eventually("the end of the store", in: service.folder) {
          !RunningProcess.all.contains { $0.pid == store.pid }
        }
        try AppendOnlyFile.cut(UInt64.random(in: 1...300_000, using: &chance), in: service.folder.path)
      }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [ProcessSignal.terminate, .kill])
    func `up leaves nothing behind, and goes on where it was ended`(by signal: ProcessSignal) throws {
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2)
      let feed = try service.feed(speed: 28_800)
      try service.wait(forTicks: 30)
      if signal == .terminate { try service.stop() }
      service.up.process.send(signal)
      service.up.process.wait()
      service.expectNothingLeft()
      #expect(feed.isRunning, "the feed waits for the store")
      try service.startAgain()
      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      try service.published().expectEqual(to: reference, "ended and started again")
      try service.stop()
    }
  }
}

internal import Basics
internal import FoundationEssentials
internal import StateStore

/// Plays histories of faults on real processes and compares what they make public to a run without faults.
public final class ChaosRun {
  private let program: String
  private let tell: (String) -> Void
  private let logs: String?
  /// Ticks without a new failure after which a fault counts as survived.
  private static let calmTicks: Int64 = 5
  private static let patience: Int64 = 60_000

  private var records: [String: Data]?
  /// What came of it.
  public private(set) var report = ChaosReport()

  /// Uses a `synfire` program; `tell` gets a line for each thing that happens, `logs` is a folder for the processes' logs.
  public init(program: String, logs: String? = nil, tell: @escaping (String) -> Void) {
    (self.program, self.logs, self.tell) = (program, logs, tell)
  }

  /// Plays all histories of a list, then the run without faults, and compares.
  ///
  /// - Throws: what keeps the harness itself from working, and `ChaosError` when somebody asked it to end.
  public func perform(_ list: FaultList) throws {
    var published: [(name: String, Published)] = []
    for (i, history) in list.histories.enumerated() {
      if history.stage == .circuit {
        for fault in history.steps.joined() { try play(fault, seed: history.seed) }
      } else if let found = try play(history) {
        published.append(("history \(i + 1)", found))
      }
    }
    let most = published.map(\.1.ticks.count).max() ?? 0
    guard most > 0 else { return }
    tell("\(most) ticks without faults, to compare with")
    let reference = try undisturbed(ticks: most)
    for (name, found) in published {
      report.count(ticks: found.ticks.count)
      if let difference = found.difference(from: reference) {
        tell("\(name): \(difference)")
        report.add(failure: "\(name): \(difference)")
      }
    }
  }

  /// Everything that is published of so many ticks when nothing happens, on one core.
  private func undisturbed(ticks: Int) throws -> Published {
    let shop = try FaultyShop(.init(program: program, cores: 1, spares: 0, speed: nil, hasProxy: false))
    defer { shop.stop() }
    try shop.startFeed()
    guard try shop.wait(milliseconds: 600_000, until: { shop.watch.last >= Int64(ticks) }) else {
      throw ChaosError("the run without faults came to tick \(shop.watch.last) of \(ticks)")
    }
    return try Published(from: shop.storeAddress)
  }

  /// Plays one history of the shop; returns what it published, unless it ended in a refusal.
  private func play(_ history: FaultList.History) throws -> Published? {
    var chance = Chance(seed: history.seed)
    let faults = history.steps.joined()
    // A disk that has what was answered for loses no tail.
    let canSync = !faults.contains(.storeTail) && !faults.contains(.everything)
    var plan = FaultyShop.Plan(program: program, stage: history.stage, seed: chance.next(), logs: logs)
    plan.sync = canSync && chance.next() % 2 == 0 ? .always : .everySecond
    plan.hasOwnDisk = faults.contains(.storeDisk) && ChaosFolder.canHaveDisk
    plan.hasClocks = faults.contains(.clockJump)
    if history.stage != .shop { (plan.hasProxy, plan.spares) = (false, 0) }
    if history.stage == .copies { (plan.cores, plan.ticksPerCheckpoint) = (1, 6) }
    let shop = try FaultyShop(plan)
    defer { shop.stop() }
    try shop.startFeed()
    guard try shop.wait(milliseconds: Self.patience, until: { shop.watch.last >= 10 }) else {
      throw ChaosError("the cluster did not start:\n\(shop.lastWords(of: "coordinator", lines: 9))")
    }
    for step in history.steps {
      try shop.wait(milliseconds: .random(in: 100...600, using: &chance))
      if step.contains(where: \.isFatal) {
        let published = try Published(from: shop.storeAddress)
        report.add(step, try refusal(of: step, on: shop, &chance))
        return published
      }
      let tick = shop.watch.last
      let outcome = try survive(step, on: shop, &chance)
      report.add(step, outcome)
      tell("after tick \(tick), \(ChaosReport.name(step)): \(outcome)")
      if case .failed = outcome { return nil }
    }
    shop.stopFeed()
    return try settled(shop)
  }

  /// Waits until everything that is sealed is public, and reads it.
  private func settled(_ shop: FaultyShop) throws -> Published? {
    let ticks = try RedisTickStore(RedisConnection(shop.storeAddress), tenant: "shop")
    let isDone = try shop.wait(milliseconds: Self.patience) { try shop.watch.last >= ticks.lastSealed() ?? 0 }
    guard isDone else {
      report.add(failure: "sealed ticks did not become public: \(shop.lastWords(of: "coordinator"))")
      return nil
    }
    return try Published(from: shop.storeAddress)
  }

  /// Does faults, undoes them, and waits until ticks have gone on for a while.
  private func survive(
    _ faults: [Fault],
    on shop: FaultyShop,
    _ chance: inout Chance
  ) throws -> ChaosReport.Outcome {
    var acts: [(FaultAct, since: Int64)] = []
    shop.watch.mark()
    do {
      for fault in faults {
        acts.append((try shop.begin(fault, isAlone: faults.count == 1, &chance), MonotonicClock.nowMilliseconds()))
      }
      let countsFromBeginning = acts.allSatisfy(\.0.countsFromBeginning)
      for (act, since) in acts.sorted(by: { $0.since + $0.0.lasts < $1.since + $1.0.lasts }) {
        try shop.wait(milliseconds: since + act.lasts - MonotonicClock.nowMilliseconds(), until: act.isOver)
        try act.end()
      }
      if !countsFromBeginning { shop.watch.mark() }
    } catch let error as Skipped {
      for (act, _) in acts { try? act.end() }
      return .skipped(error.reason)
    } catch let error as WrongAnswer {
      return .failed(error.description)
    }
    let goal = shop.watch.last + Self.calmTicks
    let isSurvived = try shop.wait(milliseconds: Self.patience) { shop.watch.last >= goal || shop.refusal != nil }
    if let refusal = shop.refusal { return .failed("the cluster gave up: \(refusal)") }
    guard isSurvived else {
      return .failed("no tick for \(Self.patience / 1000) s: \(shop.lastWords(of: "coordinator", lines: 5))")
    }
    return .survived(seconds: shop.watch.longestSilence)
  }

  /// Does a fault to a run of a circuit, and compares its records to those of a run without faults.
  private func play(_ fault: Fault, seed: UInt64) throws {
    let wanted = try records ?? undisturbedRecords()
    records = wanted
    var chance = Chance(seed: seed)
    let run = try FaultyCircuit(program: program, hasOwnDisk: fault == .runDisk && ChaosFolder.canHaveDisk, logs: logs)
    defer { run.stop() }
    var outcome = try run.survive(fault, &chance)
    if case .survived = outcome {
      let end = run.finish(withinMilliseconds: 120_000)
      if end != .exited(code: 0) {
        outcome = .failed("the run \(end?.description ?? "did not end"): \(run.lastWords)")
      } else {
        let found = try run.recorded()
        report.count(records: found.values.reduce(0) { $0 + $1.count })
        let differing = wanted.keys.sorted().filter { found[$0] != wanted[$0] }
        if let file = differing.first { outcome = .failed("\(file) is not that of the run without faults") }
      }
    }
    report.add([fault], outcome)
    tell("\(fault.rawValue): \(outcome)")
  }

  private func undisturbedRecords() throws -> [String: Data] {
    let run = try FaultyCircuit(program: program, cores: 1)
    defer { run.stop() }
    guard run.finish(withinMilliseconds: 120_000) == .exited(code: 0) else {
      throw ChaosError("the run without faults did not end: \(run.lastWords)")
    }
    return try run.recorded()
  }

  /// Does a fault that the cluster has to refuse to go on after.
  private func refusal(of faults: [Fault], on shop: FaultyShop, _ chance: inout Chance) throws -> ChaosReport.Outcome {
    let act = try shop.begin(faults[0], isAlone: true, &chance)
    try shop.wait(milliseconds: act.lasts) { shop.refusal != nil }
    guard let words = shop.refusal else { return .failed("the cluster went on over a lost store") }
    guard words.contains("the store was flushed or lost") else {
      return .failed("the cluster gave up without saying that the store lost its run: \(words)")
    }
    tell("\(ChaosReport.name(faults)): refused: \(words)")
    return .refused(words)
  }
}

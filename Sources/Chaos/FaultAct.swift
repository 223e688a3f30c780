internal import Basics
internal import Cluster
internal import StateStore
internal import Synchronization

/// A fault that has begun: how long it holds, and what undoes it.
struct FaultAct {
  /// Time until it is undone, in ms; 0 for what is over at once.
  var lasts: Int64
  /// Whether it is over before that.
  var isOver: () -> Bool = { false }
  /// Undoes it.
  var end: () throws -> Void
  /// Whether recovery counts from its beginning, as for a process that is killed or replaced; else from its end.
  var countsFromBeginning: Bool

  init(lasts: Int64 = 0, countsFromBeginning: Bool = false, end: @escaping () throws -> Void = {}) {
    (self.lasts, self.countsFromBeginning, self.end) = (lasts, countsFromBeginning, end)
  }
}

/// Why a fault cannot be done here.
struct Skipped: Error { var reason: String }

/// A fault that was answered in another way than it should be.
struct WrongAnswer: Error { var description: String }

extension FaultyShop {
  /// Begins a fault.
  func begin(_ fault: Fault, isAlone: Bool, _ chance: inout Chance) throws -> FaultAct {
    switch fault.target {
    case .core: try beginOnCores(fault, &chance)
    case .coordinator: try beginOnCoordinator(fault, &chance)
    case .store: try beginOnStore(fault, &chance)
    case .link: try beginOnLinks(fault, isAlone: isAlone, &chance)
    case .everything: try beginOnAll(fault, &chance)
    }
  }

  private func beginOnCores(_ fault: Fault, _ chance: inout Chance) throws -> FaultAct {
    guard let victim = members().randomElement(using: &chance) else { throw Skipped(reason: "no core runs") }
    switch fault {
    case .coreElsewhere: return try beginElsewhere(victim.place)
    case .coreFlip: try flipBit(of: victim, &chance)
    case .coreZombie:
      send(.stop, to: victim.pid)
      return FaultAct(
        lasts: .random(in: 4000...5000, using: &chance),
        countsFromBeginning: true,
        end: { [self] in send(.resume, to: victim.pid) }
      )
    case .coreSlow:
      let began = MonotonicClock.nowMilliseconds()
      everyTurn[Int(victim.pid)] = { [self] in
        guard supervisor.processes.contains(where: { $0.pid == victim.pid }) else { return }
        send((MonotonicClock.nowMilliseconds() - began) / 10 % 2 == 0 ? .stop : .resume, to: victim.pid)
      }
      return FaultAct(lasts: 1500) { [self] in
        everyTurn[Int(victim.pid)] = nil
        send(.resume, to: pid("core-\(victim.place)"))
      }
    case .coreMemory:
      // What it has it keeps; the next piece that it asks the system for is refused.
      guard limit(victim.pid, to: "1048576") else { throw Skipped(reason: "prlimit is not there") }
      var act = FaultAct(lasts: 6000) { [self] in
        guard pid("core-\(victim.place)") == victim.pid else { return }
        _ = limit(victim.pid, to: "unlimited")
        throw Skipped(reason: "the core asked for no memory in six seconds")
      }
      act.isOver = { [self] in pid("core-\(victim.place)") != victim.pid }
      return act
    case .coresRolling:
      for place in cores.map(\.place) {
        let former = pid("core-\(place)")
        send(.terminate, to: former)
        let next = watch.last + 3
        let isBack = try wait(milliseconds: 20_000) { pid("core-\(place)") != former && watch.last >= next }
        guard isBack else { throw WrongAnswer(description: "no tick after the restart of core \(place)") }
      }
    case .coresKill:
      for core in cores { send(.kill, to: core.pid) }
    default: send(.kill, to: victim.pid)
    }
    return FaultAct(countsFromBeginning: true)
  }

  private func limit(_ pid: Int32, to bytes: String) -> Bool {
    let words = ["--pid", "\(pid)", "--as=\(bytes):unlimited", "--data=\(bytes):unlimited"]
    guard let done = try? ChildProcess("prlimit", words, output: .discarded) else { return false }
    return done.wait() == .exited(code: 0)
  }

  private func beginOnCoordinator(_ fault: Fault, _ chance: inout Chance) throws -> FaultAct {
    guard let victim = pid("coordinator") else { throw Skipped(reason: "no coordinator runs") }
    switch fault {
    case .coordinatorPause:
      send(.stop, to: victim)
      return FaultAct(lasts: .random(in: 3500...5000, using: &chance), end: { [self] in send(.resume, to: victim) })
    case .coordinatorTwice:
      let second = try guest(coordinator(isSecond: true), "second")
      send(.stop, to: victim)
      return FaultAct(lasts: 4500) { [self] in
        send(.resume, to: victim)
        // The first finds out that the lease is another's and ends; only then the second one is taken away.
        try wait(milliseconds: 10_000) { self.pid("coordinator") != victim }
        second.send(.kill)
        second.wait()
        let words = lastWords(of: "coordinator", lines: 40)
        guard words.contains("another coordinator has taken over") else {
          throw WrongAnswer(description: "the first coordinator did not say that another has taken over")
        }
      }
    case .coordinatorOther:
      isSupervised = false
      send(.kill, to: victim)
      let text = try folder.read("shop/shop.yaml").replacing("tick: 600000 ms", with: "tick: 300000 ms")
      let other = try folder.write(text, to: "shop/other.yaml")
      let stranger = try guest(coordinator(configuration: other), "stranger")
      defer { isSupervised = true }
      let ended = stranger.wait(timeoutMilliseconds: 15_000)
      guard ended == .exited(code: 1), lastWords(of: "stranger", lines: 9).contains("checkpoints of another network")
      else {
        throw WrongAnswer(
          description: "a coordinator with another configuration was not refused: \(lastWords(of: "stranger"))"
        )
      }
      return FaultAct()
    default:
      send(.kill, to: victim)
      return FaultAct(countsFromBeginning: true)
    }
  }

  /// Starts a process of the program beside the cluster.
  private func guest(_ words: [String], _ name: String) throws -> ChildProcess {
    let started = try ChildProcess(plan.program, words, output: .appended(path: folder.file("\(name).log")))
    guests.append(started)
    return started
  }

  private func beginOnLinks(_ fault: Fault, isAlone: Bool, _ chance: inout Chance) throws -> FaultAct {
    guard let proxy else { throw Skipped(reason: "this cluster has no proxy") }
    let cores = members()
    guard let victim = cores.randomElement(using: &chance), cores.count > 1 else {
      throw Skipped(reason: "no two cores run")
    }
    let others = cores.filter { $0.place != victim.place }
    var harms: [SpikeProxy.Harm]
    switch fault {
    case .linkDrop: harms = [.init(kind: .drop, oneOf: 3)]
    case .linkDelay: harms = [.init(kind: .delay)]
    case .linkDouble: harms = [.init(kind: .double, oneOf: 2)]
    case .linkReorder: harms = [.init(kind: .reorder)]
    case .linkHalf: harms = [.init(kind: .half, oneOf: 6)]
    case .linkFlip: harms = [.init(kind: .flip, oneOf: 3)]
    case .linkOneWay: harms = [.init(kind: .silence, receiver: victim.place)]
    case .linkUnplug:
      guard let other = others.randomElement(using: &chance) else { throw Skipped(reason: "no two cores run") }
      harms = [
        .init(kind: .silence, receiver: victim.place, sender: other.pid),
        .init(kind: .silence, receiver: other.place, sender: victim.pid),
      ]
    default: harms = [.init(kind: .cut)]
    }
    let before = proxy.harmed.load(ordering: .relaxed)
    proxy.set(harms)
    // Beside a store that is away, say, no frame may be sent.
    return FaultAct(lasts: .random(in: 800...2000, using: &chance)) {
      proxy.set([])
      guard isAlone else { return }
      guard proxy.harmed.load(ordering: .relaxed) > before else {
        throw WrongAnswer(description: "no frame was harmed")
      }
    }
  }
}

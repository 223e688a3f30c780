internal import Basics
internal import Documents
internal import Wire

/// Answers what every running cluster is asked, whatever it simulates: about its cores, and to go on with others.
enum ClusterAnswers {
  /// A question that cannot be answered, and how.
  struct Refusal: Error {
    /// `not_found`, `stale`, `refused` or `bad_request`.
    var code: String
    var message: String
  }

  /// Returns the reply to a request: `{"result": …, "stale": …}` or `{"error": {"code": …, "message": …}}`.
  ///
  /// `others` answers what is no question of a cluster; it gets nil for a request that cannot be read.
  static func reply(
    to request: [UInt8],
    _ machine: CoordinatorMachine,
    isStale: Bool = false,
    others: (JSONValue?) throws -> JSONValue
  ) -> QueryReply {
    var event: CoordinatorMachine.Event?
    let reply: JSONValue
    do {
      let question = try JSONValue(parsing: request)
      let result: JSONValue
      switch question["query"]?.text {
      case "cores": result = cores(machine)
      case "membership":
        result = membership(machine)
        let surplus = question["release"]?.elements.compactMap(\.text) ?? []
        if !surplus.isEmpty { event = .release(surplus) }
      case "scale": (result, event) = try scale(question, machine)
      case "drain": (result, event) = try drain(question, machine)
      default: result = try others(question)
      }
      reply = ["result": result, "stale": .bool(isStale)]
    } catch let refusal as Refusal {
      reply = ["error": ["code": .string(refusal.code), "message": .string(refusal.message)]]
    } catch {
      _ = try? others(nil)
      reply = ["error": ["code": "bad_request", "message": .string("the question cannot be read: \(error)")]]
    }
    return QueryReply(bytes: Array(reply.json().utf8), event: event)
  }

  // MARK: other cores

  private static func scale(
    _ question: JSONValue,
    _ machine: CoordinatorMachine
  ) throws -> (JSONValue, CoordinatorMachine.Event?) {
    guard let count = question["cores"]?.int else {
      throw Refusal(code: "bad_request", message: "scale needs the number of cores")
    }
    if let why = machine.refusal(toScaleTo: count) { throw Refusal(code: "refused", message: why) }
    let isDone = machine.isSettled && machine.wantedCores == count
    return (.object(progress(machine, isDone: isDone, wanted: count)), isDone ? nil : .scale(count))
  }

  private static func drain(
    _ question: JSONValue,
    _ machine: CoordinatorMachine
  ) throws -> (JSONValue, CoordinatorMachine.Event?) {
    let name = question["core"]?.text ?? question["core"]?.int.map { "\($0)" } ?? ""
    guard
      let view = machine.cores.values.first(where: { view in
        "\(view.hello.host):\(view.hello.processID)" == name || view.core.map { "\($0.index)" } == name
      })
    else {
      throw Refusal(
        code: "not_found",
        message: "there is no core '\(name)'; cores have the numbers 0 to \(max(0, machine.presentCores - 1)), "
          + "and any of 'synfire cores' can be named as host:pid"
      )
    }
    let who = view.hello.incarnation
    if let why = machine.refusal(toDrain: who) { throw Refusal(code: "refused", message: why) }
    let isDone = view.isLeaving && view.core == nil && machine.isSettled
    var result = progress(machine, isDone: isDone, wanted: machine.fullCores)
    result.append(.init("process", .string("\(view.hello.host):\(view.hello.processID)")))
    return (.object(result), view.isLeaving ? nil : .drain(who))
  }

  /// How far a change has come; asking again tells the next state, and changes nothing.
  private static func progress(_ machine: CoordinatorMachine, isDone: Bool, wanted: Int) -> [JSONValue.Member] {
    let here = machine.cores.values.count { !$0.isLeaving }
    let pause = machine.lastMove.flatMap { isDone && $0.generation == machine.generation ? $0.pauseNanoseconds : nil }
    return [
      .init("done", .bool(isDone)), .init("cores", .integer(Int64(machine.presentCores))),
      .init("wanted", .integer(Int64(wanted))),
      .init("missing", .integer(Int64(max(0, machine.processes(for: wanted) - here)))),
      .init("spares", .integer(Int64(max(0, here - machine.memberViews.count)))),
      .init("generation", .integer(Int64(machine.generation.number))),
      .init("epoch", .integer(machine.committed.epoch.index)),
      .init("pause_milliseconds", pause.map { .number(Double($0) / 1e6) } ?? .null),
    ]
  }

  /// What a supervisor needs to start and end processes.
  private static func membership(_ machine: CoordinatorMachine) -> JSONValue {
    let membership = machine.membership
    func list(_ places: Set<String>) -> JSONValue { .array(places.sorted().map { .string($0) }) }
    return [
      "wanted": .integer(Int64(membership.wanted)), "settled": .bool(membership.isSettled),
      "members": list(membership.members), "leaving": list(membership.leaving),
    ]
  }

  // MARK: what there is

  private static func cores(_ machine: CoordinatorMachine) -> JSONValue {
    let now = MonotonicClock.nowNanoseconds()
    let all = machine.cores.values.sorted {
      ($0.core?.index ?? .max, $0.hello.incarnation.bits) < ($1.core?.index ?? .max, $1.hello.incarnation.bits)
    }
    return .array(
      all.map { view in
        let s = view.statistics
        let parts = machine.coreOfPart.filter { $0 == view.core }.count
        return [
          "core": view.core.map { .integer(Int64($0.index)) } ?? .null,
          "copy": machine.copy(of: view.hello.incarnation).map { .integer(Int64($0)) } ?? .null,
          "place": .string(view.hello.place), "host": .string(view.hello.host),
          "pid": .integer(Int64(view.hello.processID)),
          "state": .string(
            s.storeFailures > 0
              ? "storeLost"
              : view.isLeaving ? "leaving" : view.core == nil ? "spare" : view.isReady ? "running" : "loading"
          ),
          "epoch": .integer(s.epoch.index), "parts": .integer(Int64(parts)),
          "series": .integer(Int64(s.series)), "neurons": .integer(Int64(s.neurons)),
          "synapses": .integer(Int64(s.synapses)), "spikes": .integer(Int64(s.spikes)),
          "received": .integer(Int64(s.received)), "sent_bytes": .integer(Int64(s.sentBytes)),
          "busy_seconds": .number(Double(s.busyNanoseconds) / 1e9),
          "compute_seconds": .number(Double(s.computeNanoseconds) / 1e9),
          "deliver_seconds": .number(Double(s.deliverNanoseconds) / 1e9),
          "exchange_seconds": .number(Double(s.exchangeNanoseconds) / 1e9),
          "wait_seconds": .number(Double(s.waitNanoseconds) / 1e9),
          "memory_bytes": .integer(Int64(s.residentBytes)),
          "checkpoint_bytes": .integer(Int64(s.checkpointBytes)),
          "pause_milliseconds": .number(Double(s.pauseNanoseconds) / 1e6),
          "frames_dropped": .integer(Int64(s.droppedFrames)), "frames_refused": .integer(Int64(s.refusedFrames)),
          "heard_milliseconds_ago": .integer((now - view.heardNanoseconds) / 1_000_000),
        ]
      }
    )
  }
}

internal import Basics
internal import Documents

/// Goes on with another number of cores.
struct ScaleCommand: Command {
  static let name = "scale"
  static let summary =
    "Lets the running cluster go on with another number of cores; no tick is lost or simulated twice."
  static let details = """
    The cores finish what they may simulate already, their state is committed, and the next tick is simulated on the new \
    number of cores, with the same results as ever. 'synfire up' and 'synfire run' start and end core processes to match; \
    elsewhere cores that wait are taken, and where there are too few it is said how many to start. The number stays when \
    the cluster is started again with the same --cores.
    """
  static let fields: [Field<Self>] = [
    .value("cores", \.cores, "N", in: 1...64, isRequired: true, help: "Cores to go on with."),
    .quantity("wait", \.wait, .time, "TIME", help: "How long to wait until it is done."),
  ]

  var cores = 0
  var wait = 30_000.0

  func run(in context: CommandContext) throws -> ExitCode {
    let change = ClusterChange(wait: wait)
    let state = try change.make(QueryClient(context), "scale", .init("cores", .integer(Int64(cores))))
    try context.show(ClusterChange.report(state))
    return .done
  }
}

/// Takes a core out.
struct DrainCommand: Command {
  static let name = "drain"
  static let summary = "Takes a core out of the running cluster: others go on with its parts, then it ends."
  static let details = """
    CORE is the number that 'synfire cores' shows, or host:pid. A spare takes its place where one waits; otherwise the \
    cluster goes on with one core less. The last core cannot be taken out.
    """
  static let fields: [Field<Self>] = [
    .argument("CORE", \.core, help: "Its number, or host:pid."),
    .quantity("wait", \.wait, .time, "TIME", help: "How long to wait until it is done."),
  ]

  var core = ""
  var wait = 30_000.0

  func run(in context: CommandContext) throws -> ExitCode {
    let change = ClusterChange(wait: wait)
    let state = try change.make(QueryClient(context), "drain", .init("core", .string(core)))
    try context.show(ClusterChange.report(state))
    return .done
  }
}

/// A change of the running cluster: asked for again until it is done, which changes nothing more.
struct ClusterChange {
  /// Longest wait, in ms.
  var wait: Double

  /// Returns what the cluster is like when the change is done.
  ///
  /// - Throws: `CommandFailure` with exit code 124 when it is not done in time; it will be, once what lacks is there.
  func make(_ client: QueryClient, _ query: String, _ what: JSONValue.Member) throws -> JSONValue {
    let end = MonotonicClock.nowMilliseconds() + Int64(wait)
    var what = what
    var last: JSONValue?
    while true {
      do {
        let state = try client.ask(query, [what]).result
        if state["done"] == .bool(true) { return state }
        // The number of a core changes with the map, its process does not.
        if let process = state["process"] { what = .init(what.name, process) }
        last = state
      } catch let failure as CommandFailure where last != nil && failure.code == .notFound {
        // It was taken out and has ended; a coordinator that was started anew does not know of it.
        return last ?? .null
      } catch let failure as CommandFailure where last != nil && failure.code == .timedOut {
        // The coordinator is being started again.
        guard MonotonicClock.nowMilliseconds() < end else { throw failure }
      }
      guard MonotonicClock.nowMilliseconds() < end, Interruption.wait(milliseconds: 50) else {
        throw CommandFailure(.timedOut, Self.sentence(last))
      }
    }
  }

  private static func sentence(_ state: JSONValue?) -> String {
    let (cores, wanted) = (state?["cores"]?.int ?? 0, state?["wanted"]?.int ?? 0)
    if let missing = state?["missing"]?.int, missing > 0 {
      let them = missing == 1 ? "one more 'synfire core'" : "\(missing) more 'synfire core'"
      return
        "\(wanted) cores are wanted and \(wanted - missing) are here: start \(them); until then the cluster goes on as it is"
    }
    return "the change is noted, but not done yet: \(cores) cores run, \(wanted) are wanted; see 'synfire status'"
  }

  /// What people are shown.
  static func report(_ state: JSONValue) -> Report {
    var report = Report()
    if let process = state["process"] { report.add("drained", JSONTable.cell(process)) }
    for key in ["cores", "spares", "generation", "epoch"] { report.add(key, JSONTable.cell(state[key] ?? .null)) }
    if let pause = state["pause_milliseconds"]?.double {
      report.add(
        "pause_milliseconds",
        title: "pause",
        Table.Cell(.number(pause), text: NumberText.duration(milliseconds: pause))
      )
    }
    return report
  }
}

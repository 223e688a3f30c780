internal import Documents

/// What a policy is told once: the clock, the fleet and its limits.
struct PolicyConfiguration: Equatable {
  /// Start of the first step in s since 1970, and the length of a step in s.
  var startSeconds: Double, stepSeconds: Int
  /// Time from an order until it serves, in s.
  var delaySeconds: Int
  /// Requests/s of a replica at utilisation 1, and the utilisation that must not be passed.
  var capacityPerReplica: Double, limitUtilisation: Double
  /// Least and greatest number of replicas.
  var limits: ClosedRange<Int>

  /// Reads the first line.
  init(parsing line: String) throws(PolicyLineError) {
    let value = try PolicyLineError.json(line)
    guard value["type"]?.text == "config" else {
      throw PolicyLineError(what: "the first line", problem: "is not a config line: it has no \"type\": \"config\"")
    }
    func number(_ name: String, _ range: ClosedRange<Double>) throws(PolicyLineError) -> Double {
      guard let x = value[name]?.double, range.contains(x) else {
        throw PolicyLineError(
          what: "the config line",
          problem: "\"\(name)\" must be a number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return x
    }
    startSeconds = try number("t0", -1e11...1e11)
    stepSeconds = Int(try number("dt_s", 1...3600))
    guard 86_400 % stepSeconds == 0 else {
      throw PolicyLineError(what: "the config line", problem: "\"dt_s\" of \(stepSeconds) does not divide a day")
    }
    delaySeconds = Int(try number("delay_s", 0...86_400))
    capacityPerReplica = try number("mu", 1e-6...1e12)
    limitUtilisation = try number("slo_util", 0.05...1)
    let least = Int(try number("min_replicas", 0...1e6))
    limits = least...max(least, Int(try number("max_replicas", 0...1e6)))
  }
}

/// What a policy is told after each step.
struct PolicyStep: Equatable {
  /// An event that became known.
  struct Event: Equatable {
    var name: String, kind: String
    /// In s since 1970.
    var start: Double, end: Double
  }
  /// Number of the step, and its end in s since 1970.
  var step: Int, time: Double
  /// Mean load in requests/s and mean of min(1, utilisation) over the last two steps that are known; nil while missing.
  var load: Double?, utilisation: Double?
  /// End of these two steps, in s since 1970.
  var metricTime: Double?
  /// Replicas that serve, and replicas that are ordered.
  var ready: Int, pending: Int
  var events: [Event] = []

  /// Reads a line.
  init(parsing line: String) throws(PolicyLineError) {
    let value = try PolicyLineError.json(line)
    func count(_ name: String) throws(PolicyLineError) -> Int {
      guard let x = value[name]?.double, x >= 0, x <= 1e9 else {
        throw PolicyLineError(what: "a step's line", problem: "\"\(name)\" must be a count from 0 to 1000000000")
      }
      return Int(x)
    }
    step = try count("step")
    guard let time = value["t"]?.double, abs(time) <= 1e11 else {
      throw PolicyLineError(what: "a step's line", problem: "\"t\" must be a time in seconds since 1970")
    }
    self.time = time
    (ready, pending) = (try count("ready"), try count("pending"))
    load = value["load"]?.double.flatMap { $0 >= 0 && $0 <= 1e15 ? $0 : nil }
    utilisation = value["util"]?.double
    metricTime = value["t_metric"]?.double.flatMap { abs($0) <= 1e11 ? $0 : nil }
    for event in value["events"]?.elements ?? [] {
      guard let start = event["start"]?.double, let end = event["end"]?.double, start < end, abs(start) <= 1e11,
        abs(end) <= 1e11, event["known"]?.double != 0
      else { continue }
      let kind = event["kind"]?.text ?? "event"
      events.append(Event(name: event["name"]?.text ?? kind, kind: kind, start: start, end: end))
    }
  }
}

/// A line that is not of the protocol.
struct PolicyLineError: Error, Equatable, CustomStringConvertible {
  var what: String, problem: String
  var description: String { "\(what) cannot be used: \(problem); the last advice stands" }

  fileprivate static func json(_ line: String) throws(PolicyLineError) -> JSONValue {
    do { return try JSONValue(parsing: line) } catch {
      throw PolicyLineError(what: "'\(line.prefix(60))'", problem: "\(error)")
    }
  }
}

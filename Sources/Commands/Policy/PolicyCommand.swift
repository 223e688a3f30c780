internal import Basics
internal import Planning

/// Scales one service as told line by line.
struct PolicyCommand: Command {
  static let name = "policy"
  static let summary =
    "Answers, step by step, how many replicas one service should have: JSON lines in, JSON lines out."
  static let details = """
    The first line is {"type": "config", "t0", "dt_s", "delay_s", "mu", "slo_util", "min_replicas", "max_replicas"}; each
    later one {"step", "t", "load", "util", "t_metric", "ready", "pending", "events": [{"start", "end", "name", "kind"}]}
    is answered by {"replicas": n}. Times are seconds since 1970; load, util and t_metric may be null. A line that cannot
    be used is named on standard error and answered by the last good advice. It ends with its input.
    """
  static let fields: [Field<Self>] = [
    .flag("stdio", \.usesStandardStreams, help: "Reads standard input and answers on standard output."),
    .flag("forecasts", \.tellsForecasts, help: "Adds median, 99 and 99.5 % quantile of the window's greatest demand."),
    .value("action-price", \.actionPrice, "MINUTES", help: "What an action is worth, in minutes of the mean fleet."),
    .value("event-price", \.eventPrice, "FACTOR", help: "How many times as dear a broken promise is in known events."),
    .configuration(\.configuration, help: "YAML file with options."),
  ]

  var usesStandardStreams = false
  var tellsForecasts = false
  var actionPrice: Double?
  var eventPrice = 1.0
  var configuration: String?

  func run(in context: CommandContext) throws -> ExitCode {
    guard usesStandardStreams else { throw UsageError("policy: --stdio is the only way to talk to it, so give it") }
    guard let first = context.console.input() else { return .done }
    let configuration: PolicyConfiguration
    do { configuration = try PolicyConfiguration(parsing: first) } catch {
      throw CommandFailure(.failed, error.description)
    }
    if let actionPrice, !(0...1440).contains(actionPrice) {
      throw UsageError("--action-price: \(actionPrice) is not between 0 and 1440 minutes")
    }
    guard eventPrice > 0, eventPrice <= 1000 else {
      throw UsageError("--event-price: \(eventPrice) is not more than 0 and at most 1000")
    }
    var advisor = try PolicyAdvisor(configuration, actionPriceMinutes: actionPrice, eventPriceFactor: eventPrice)
    while let line = context.console.input() {
      var advice = advisor.advice ?? configuration.limits.lowerBound
      do { advice = advisor.advise(try PolicyStep(parsing: line)) } catch {
        context.console.error("synfire policy: a line was not used: \(error)\n")
      }
      var answer = "{\"replicas\": \(advice)"
      if tellsForecasts, let window = advisor.windowForecast {
        answer += ", \"window\": [\(window.median), \(window.upper99), \(window.upper995)]"
      }
      try context.write(answer + "}\n")
    }
    return .done
  }
}

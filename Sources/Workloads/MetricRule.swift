/// How the values of a metric are folded, and which values it may have.
///
/// Within a tick the samples of one instance become their mean. Over the instances of a service:
///
/// | metric | over instances | unit | negative |
/// | --- | --- | --- | --- |
/// | `requests` | sum | requests per second | refused |
/// | `cpu` | sum | CPUs | refused |
/// | `memory` | sum | bytes | refused |
/// | `latency` | mean | seconds | refused |
/// | `latency_…`, `…_latency`, `…_duration`, `…_ratio`, `…_percent`, `utilization`, `…_utilization` (or `…isation`), `replicas`, `instances` | mean | its own | allowed |
/// | any other | sum | its own | allowed |
///
/// Where a service reports as often as the configuration says, an instance that came or went within the tick counts for
/// the share of the tick in which it reported; a sum would otherwise jump whenever replicas are exchanged.
public enum MetricRule {
  /// Whether instances are averaged rather than summed.
  public static func isMeanOverInstances(_ metric: String) -> Bool {
    metric == "latency" || metric.hasPrefix("latency_") || meanNames.contains(metric)
      || meanSuffixes.contains { metric.hasSuffix($0) }
  }

  /// Whether a negative value makes no sense.
  public static func refusesNegative(_ metric: String) -> Bool {
    switch metric {
    case "requests", "cpu", "memory", "latency": true
    default: false
    }
  }

  /// The largest absolute value that is believed.
  public static let largestValue = 1e15

  private static let meanNames: Set<String> = [
    "utilization", "utilisation", "ratio", "percent", "replicas", "instances",
  ]
  private static let meanSuffixes = [
    "_latency", "_duration", "_ratio", "_percent", "_utilization", "_utilisation",
  ]
}

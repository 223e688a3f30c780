internal import Basics

/// What was folded of a tick that is not sealed yet.
struct OpenTick: Sendable {
  /// Entries that are part of it, in the order of the stream, watermarks included.
  var entries: [StreamEntryID] = []
  /// What each service reported.
  var services: [String: OpenService] = [:]

  /// Values in ascending order of series.
  func values(_ rhythm: SampleRhythm) -> [SeriesValue] {
    var values: [SeriesValue] = []
    for (name, service) in services.sorted(by: { $0.key.precedes($1.key) }) {
      values += service.values(of: name, rhythm)
    }
    return values
  }

  /// Number of instances per service, ascending by service.
  func instances(_ rhythm: SampleRhythm) -> [InstanceCount] {
    services.sorted { $0.key.precedes($1.key) }
      .map { InstanceCount(service: $0.key, instances: $0.value.presentAtEnd(rhythm)) }
  }
}

/// How often instances are expected to report.
struct SampleRhythm: Sendable {
  let sampleMilliseconds: Int64
  let samplesPerTick: Int64

  init(_ configuration: ServiceConfiguration) {
    sampleMilliseconds = configuration.sampleMilliseconds
    samplesPerTick = configuration.tickMilliseconds / configuration.sampleMilliseconds
  }
}

/// What the instances of one service reported in an open tick.
struct OpenService: Sendable {
  /// Every metric that any instance reported.
  var metrics: Set<String> = []
  /// Sums per instance.
  var instances: [String: OpenInstance] = [:]

  /// Folds the instances, in ascending order of their names, so that the order of arrival cannot show in a sum.
  func values(of service: String, _ rhythm: SampleRhythm) -> [SeriesValue] {
    let longest = isRegular(rhythm) ? instances.values.map { $0.spanMilliseconds(rhythm) }.max() : nil
    var folded: [String: MetricSum] = [:]
    for (_, instance) in instances.sorted(by: { $0.key.precedes($1.key) }) {
      let weight = longest.map { Double(instance.spanMilliseconds(rhythm)) / Double($0) } ?? 1
      for sum in instance.sums { folded[sum.metric, default: MetricSum(metric: sum.metric)].add(sum.mean, weight) }
    }
    return folded.values.sorted { $0.metric.precedes($1.metric) }
      .map { sum in
        let value = MetricRule.isMeanOverInstances(sum.metric) ? sum.mean : sum.total
        return SeriesValue(series: SeriesName(service: service, metric: sum.metric), value: value)
      }
  }

  /// Instances that still reported at the end of the tick, or all where the service does not report regularly.
  func presentAtEnd(_ rhythm: SampleRhythm) -> Int {
    guard isRegular(rhythm), let last = instances.values.map(\.last).max() else { return instances.count }
    return instances.values.count { 2 * (last - $0.last) < 3 * rhythm.sampleMilliseconds }
  }

  /// Whether some instance reported about as often as the configuration says.
  ///
  /// Only then does a shorter time of reporting mean that an instance came or went within the tick.
  private func isRegular(_ rhythm: SampleRhythm) -> Bool {
    guard rhythm.samplesPerTick >= 2, let most = instances.values.map(\.seen.count).max() else { return false }
    return 5 * Int64(most) >= 4 * rhythm.samplesPerTick
  }
}

/// What one instance reported in an open tick.
struct OpenInstance: Sendable {
  /// Tells a sample from another of the same instance.
  struct Fingerprint: Hashable, Sendable {
    var milliseconds: Int64
    var readings: UInt64

    init(time: Timestamp, readings: [Sample.Reading]) {
      milliseconds = time.milliseconds
      var digest = Digest64()
      for reading in readings {
        digest.combine(reading.metric)
        digest.combine(reading.value.bitPattern)
      }
      self.readings = digest.value
    }
  }

  /// Samples that were folded.
  var seen: Set<Fingerprint> = []
  /// Times of the first and the last sample, in ms.
  private(set) var first = Int64.max, last = Int64.min
  /// One sum per metric, in order of first appearance.
  var sums: [MetricSum] = []

  /// For how long the instance reported, each sample counting for the time until the next.
  func spanMilliseconds(_ rhythm: SampleRhythm) -> Int64 { last - first + rhythm.sampleMilliseconds }

  /// Adds a sample.
  mutating func add(_ readings: [Sample.Reading], _ fingerprint: Fingerprint) {
    seen.insert(fingerprint)
    first = min(first, fingerprint.milliseconds)
    last = max(last, fingerprint.milliseconds)
    for (i, reading) in readings.enumerated() {
      // Samples of an instance carry the same metrics in the same order nearly always.
      if i < sums.count, sums[i].metric == reading.metric {
        sums[i].add(reading.value)
      } else if let j = sums.firstIndex(where: { $0.metric == reading.metric }) {
        sums[j].add(reading.value)
      } else {
        var sum = MetricSum(metric: reading.metric)
        sum.add(reading.value)
        sums.append(sum)
      }
    }
  }
}

/// A weighted sum and the sum of its weights.
struct MetricSum: Sendable {
  var metric: String
  private(set) var total = 0.0
  private var weights = 0.0

  init(metric: String) { self.metric = metric }

  var mean: Double { total / weights }

  mutating func add(_ value: Double, _ weight: Double = 1) {
    total += value * weight
    weights += weight
  }
}

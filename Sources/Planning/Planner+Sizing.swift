internal import Basics
internal import Workloads

/// CPU and memory requests.
struct Size: Equatable {
  var cpuCores: Double?, memoryBytes: Double?
  var isPerReplica = false
  /// Why they are what they are.
  var cpuSentence = "", memorySentence = ""
}

extension Planner {
  /// Sizes the requests of a replica, or of the whole service while nobody knows how many replicas there are.
  mutating func size(
    sight: Sight,
    judged: Judged,
    leadTicks: Int,
    previous: Int?
  ) -> Size {
    // Without a count, what was recommended is taken to run; a first recommendation is as good a guess as any.
    let running = sight.running ?? previous ?? replicas
    if sizingIsPerReplica != (running != nil) {
      sizingIsPerReplica = running != nil
      (cpuSizing, memorySizing) = (ResourceSizing(), ResourceSizing())
    }
    // The values are means over the tick: whoever left within it has a part in them.
    let count = Double(max(1, running ?? 1, runningBefore ?? 1))
    runningBefore = running
    let day = sight.tick.index / max(1, 86_400_000 / tickMilliseconds)
    let window = 1...(leadTicks + stabilisationTicks)
    func upper(_ forecast: SeriesForecast?) -> Double? {
      forecast.flatMap { DemandCurve($0, events: sight.events) }?
        .peak(within: window, quantile: settings.lowestQuantile, stretch: 1).demand
    }
    let isFresh = judged.isBelieved && quietTicks == 0
    // CPU follows the requests, so more replicas share it; memory is mostly there before the first request.
    let sharing = running == nil ? 1 : Double(max(1, replicas ?? running ?? 1))
    let cpu = cpuSizing.update(
      used: judged.cpu.map { $0 / count },
      forecast: judged.cpu == nil ? nil : upper(sight.cpu).map { $0 / max(sharing, count) },
      dayNumber: day,
      isFresh: isFresh
    )
    let memory = memorySizing.update(
      used: judged.memory.map { $0 / count },
      forecast: judged.memory == nil ? nil : upper(sight.memory).map { $0 / count },
      isShort: sight.memoryRanOut,
      dayNumber: day,
      isFresh: isFresh
    )
    return Size(
      cpuCores: cpu.map { max(0.01, ($0 * 1000).rounded(.up) / 1000) },
      memoryBytes: memory.map { ($0 / 1_048_576).rounded(.up) * 1_048_576 },
      isPerReplica: running != nil,
      cpuSentence: cpuSizing.sentence ?? "",
      memorySentence: memorySizing.sentence ?? ""
    )
  }
}

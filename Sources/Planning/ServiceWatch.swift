internal import Wire

/// What demand and scaling explain of one service's metrics: what they explain is no news.
///
/// Three lines are learned: CPU on requests, memory of a replica on its (smoothed) load, and 1/latency on its load, which
/// is straight for a queue (M/M/1). How far a value lies from its line, in units of what is usual, says how little of it
/// is explained. A number of replicas that changed within the tick stands for every number between the two. One that fell
/// although the rest now bears more than replicas usually do is no scaling but a loss, and explains nothing. Where the rest
/// bears clearly more than after any release, that is told without further evidence.
struct ServiceWatch: Equatable {
  /// What a tick's values are worth.
  struct Judgement {
    /// How unexplained CPU, memory and latency are, in half-bands as forecasts are measured; nil before a line is known.
    var cpu: Double?, memory: Double?, latency: Double?
    /// Whether CPU or memory has been far from its line for so long that no forecast is needed to tell.
    var cpuLasts = false, memoryLasts = false
    /// Ticks for which every value has been the same to the last bit, and whether that is news.
    var stillTicks = 0, standsStill = false
    /// Replicas that were lost, where that is how it looks, and how many there were.
    var lost = 0, before = 0
    /// Whether no release ever left so much to each of the rest.
    var lossIsClear = false
    /// What the lines say of the service's CPU and memory.
    var cpuBand: ClosedRange<Double>?, memoryBand: ClosedRange<Double>?

    /// What was expected of a metric that has been far from its line for long; nil for others.
    func lastingBand(of metric: String) -> ClosedRange<Double>? {
      metric == "cpu" && cpuLasts ? cpuBand : metric == "memory" && memoryLasts ? memoryBand : nil
    }

    /// What there is to say besides seen and expected.
    var note: String {
      if standsStill { return "all metrics stand still to the last bit" }
      return lost > 0 ? "\(lost) of \(Phrase.replicas(before)) no longer report" : ""
    }

    /// What is left of a surprise after what demand and scaling explain.
    func surprise(of metric: String, _ forecast: Double) -> Double {
      if standsStill { return max(forecast, ServiceWatch.stillSurprise) }
      if metric == "requests", lossIsClear { return max(forecast, ServiceWatch.lossSurprise) }
      let (rest, lasts): (Double?, Bool) =
        switch metric {
        case "cpu": (cpu, cpuLasts)
        case "memory": (memory, memoryLasts)
        case "latency": (latency, false)
        default: (nil, false)
        }
      guard let rest else { return forecast }
      return lasts ? rest : min(forecast, rest)
    }
  }

  /// Points that a line must have.
  static let leastPoints = 100
  /// Ticks for which a loss is taken for one, and ticks far from a line that need no forecast.
  static let lossTicks = 12, lastingTicks = 6
  /// How surprising a service is that stands still, and the share of still ticks above which that is its habit.
  static let stillSurprise = 6.0, stillHabit = 0.1
  /// A load above so many times the usual 97 % quantile is more than replicas bear.
  static let overload = 1.1
  /// A load above so many times the 97 % quantile of loads after a release is what no release leaves; releases that must
  /// have been seen, and how surprising such a loss is.
  static let releasedOverload = 1.06, leastReleases = 20, lossSurprise = 6.0
  private static let loadRate = 1.0 / 6, quantileRate = 0.02, usualShare = 0.97, habitRate = 0.002
  private static let releaseRate = 0.05

  private var processors = ExplainedLine(.relative), stores = ExplainedLine(.relative)
  private var quickness = ExplainedLine(.absolute)
  /// Requests/s of a replica, smoothed, and a running 97 % quantile of it.
  private var load = 0.0, usualLoad = 0.0
  /// A running 97 % quantile of the load of a replica after a release, and releases seen.
  private var releasedLoad = 0.0, releases = 0
  /// Whether the loss that is remembered is more than a release leaves.
  private var lossIsClear = false
  /// Replicas at the end of the last tick; replicas before a loss, and for how many ticks that is remembered.
  private var replicas: Int?, before = 0, lossLeft = 0
  private var lastValues: [Double] = [], stillTicks = 0, stillShare = 0.0
  private var cpuRun = 0, memoryRun = 0

  init() {}

  /// Takes the values of a tick (nil where there is none) and the replicas at its end.
  mutating func take(
    requests: Double?,
    cpu: Double?,
    memory: Double?,
    latency: Double?,
    replicas count: Int?
  ) -> Judgement {
    var result = Judgement()
    notice([requests, cpu, memory, latency].compactMap { $0 })
    (result.stillTicks, result.standsStill) = (stillTicks, stillTicks > 0 && stillShare < Self.stillHabit)
    if let requests, let cpu { result.cpu = processors.take(x: requests...requests, y: cpu...cpu) }
    result.cpuLasts = Self.lasts(result.cpu, &cpuRun)
    if let requests { result.cpuBand = processors.band(at: requests, times: 1) }
    guard let requests, let count, count > 0 else {
      replicas = count ?? replicas
      return result
    }
    let (last, counts) = account(requests / Double(count), count)
    (result.lost, result.before) = lossLeft > 0 ? (before - count, before) : (0, 0)
    result.lossIsClear = lossLeft > 0 && lossIsClear
    let isSteady = lossLeft == 0 && last == count
    let (most, least) = (Double(counts.upperBound), Double(counts.lowerBound))
    if let memory, memory >= 0 {
      result.memory = stores.take(
        x: min(load, requests / most)...max(load, requests / least),
        y: memory / most...memory / least,
        learns: isSteady
      )
      result.memoryLasts = Self.lasts(result.memory, &memoryRun)
      result.memoryBand = stores.band(at: load, times: Double(count))
    }
    if let latency, latency > 0 {
      let speed = 1 / latency
      result.latency = quickness.take(x: requests / most...requests / least, y: speed...speed, learns: isSteady)
    }
    return result
  }

  private static func lasts(_ distance: Double?, _ run: inout Int) -> Bool {
    run = (distance ?? 0) >= AnomalyDetector.clear ? min(run + 1, 1_000_000) : 0
    return run >= lastingTicks
  }

  /// Takes the load of a replica; returns the replicas of the last tick, and those that the values may be of.
  private mutating func account(_ own: Double, _ count: Int) -> (last: Int, counts: ClosedRange<Int>) {
    let last = replicas ?? count
    replicas = count
    if count < last, usualLoad > 0 {
      let isClear = releases >= Self.leastReleases && own > Self.releasedOverload * releasedLoad
      if isClear || own > Self.overload * usualLoad {
        (before, lossLeft, lossIsClear) = (last, Self.lossTicks, isClear)
      }
      noticeRelease(own)
    }
    if count >= before { lossLeft = 0 }
    if lossLeft > 0 {
      lossLeft -= 1
    } else if usualLoad == 0 {
      usualLoad = own
    } else {
      let share = Self.quantileRate * (own > usualLoad ? Self.usualShare : Self.usualShare - 1)
      usualLoad *= 1 + share
    }
    load += Self.loadRate * (own - load)
    return (last, lossLeft > 0 ? before...max(before, last) : min(last, count)...max(last, count))
  }

  /// Learns what a release leaves to each of the rest; from a loss as well, for who knows.
  private mutating func noticeRelease(_ own: Double) {
    if releases == 0 { releasedLoad = own }
    releases = min(releases + 1, 1_000_000)
    releasedLoad *= 1 + Self.releaseRate * (own > releasedLoad ? Self.usualShare : Self.usualShare - 1)
  }

  /// Counts how long every value has been the same to the last bit, which a living service does not do.
  private mutating func notice(_ values: [Double]) {
    let isSame = values == lastValues && values.count { $0 != $0.rounded() } >= 2
    stillTicks = isSame ? min(stillTicks + 1, 1_000_000) : 0
    stillShare += Self.habitRate * ((isSame ? 1 : 0) - stillShare)
    lastValues = values
  }

  func encode(into w: inout ByteWriter) {
    for line in [processors, stores, quickness] { line.encode(into: &w) }
    w.writeArray([load, usualLoad, stillShare, releasedLoad])
    w.write(int: releases)
    w.write(lossIsClear)
    w.write(optional: replicas)
    for number in [before, lossLeft, stillTicks, cpuRun, memoryRun] { w.write(int: number) }
    w.writeArray(lastValues)
  }

  init(from r: inout ByteReader) throws(WireError) {
    processors = try ExplainedLine(from: &r, .relative)
    stores = try ExplainedLine(from: &r, .relative)
    quickness = try ExplainedLine(from: &r, .absolute)
    let shares = try r.readArray(count: 4)
    (load, usualLoad, stillShare, releasedLoad) = (shares[0], shares[1], shares[2], shares[3])
    releases = try r.readAmount()
    lossIsClear = try r.readBool()
    replicas = try r.readOptionalAmount()
    before = try r.readAmount()
    lossLeft = try r.readAmount()
    stillTicks = try r.readAmount()
    cpuRun = try r.readAmount()
    memoryRun = try r.readAmount()
    lastValues = try r.readArray()
  }
}

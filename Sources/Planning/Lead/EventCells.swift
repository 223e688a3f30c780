internal import Basics
internal import Wire
internal import Workloads

/// What announced events did to demand, by kind and minute: a correction of the forecast's logarithm and its variance.
///
/// An event acts from half an hour before it starts to an hour after it ends, in phases of five minutes from its start. Several
/// of a kind at once are a kind of their own, which begins with what one of them does and is less sure of it.
/// It needs no declared uplift: the first occurrence then has an open mind (`firstVariance`), later ones know the shape.
/// Where an uplift is declared, the first is as uncertain as what services made of declarations: the log of a service's
/// response has a deviation of `responseDeviation`, of which the announced share of demand shows.
struct EventCells: Equatable, Sendable {
  private static let kinds = 8, phases = 64
  private static let beforeMilliseconds: Int64 = 1_800_000, afterMilliseconds: Int64 = 3_600_000
  private static let phaseMilliseconds: Int64 = 300_000
  private static let firstVariance = 0.05, leastRate = 0.05
  private static let responseDeviation = 0.3, leastDeclaredVariance = 0.004
  /// What is added to the variance for each further event at once, while the number of them is new.
  private static let togetherVariance = 0.02

  private var labels: [String] = []
  /// By kind, head and phase.
  private var means: [Double] = [], variances: [Double] = []
  private var counts: [Double] = []

  /// Cells of all kinds that were met.
  var cells: Int { counts.count }

  /// The cell of a moment, or nil outside of all events; the latest event that has begun counts.
  mutating func cell(at milliseconds: Int64, events: [EventHint], tickMilliseconds: Int64) -> Int? {
    var latest: (start: Int64, event: EventHint)?
    var starts: [String: [Int64]] = [:]
    for event in events {
      let (start, end) = (event.start.index, event.end.index)
      guard abs(start) < 1 << 40, abs(end) < 1 << 40 else { continue }
      let begin = start * tickMilliseconds - Self.beforeMilliseconds
      guard begin <= milliseconds, milliseconds < end * tickMilliseconds + Self.afterMilliseconds else { continue }
      starts[event.label, default: []].append(begin)
      if latest.map({ (begin, event.label) >= ($0.start, $0.event.label) }) ?? true { latest = (begin, event) }
    }
    guard let latest else { return nil }
    let phase = min(Int64(Self.phases - 1), (milliseconds - latest.start) / Self.phaseMilliseconds)
    // Those that began at another time are somewhere else in their course.
    let together = starts[latest.event.label, default: []].count { abs($0 - latest.start) < Self.phaseMilliseconds }
    return kind(of: latest.event, together: together) * Self.phases + Int(phase)
  }

  /// The number of a kind of event; the last number is also for all that come after eight.
  private mutating func kind(of event: EventHint, together: Int) -> Int {
    let label = together > 1 ? "\(together) × \(event.label)" : event.label
    if let known = labels.firstIndex(of: label) { return known }
    guard labels.count < Self.kinds else { return Self.kinds - 1 }
    let one = labels.firstIndex(of: event.label)
    labels.append(label)
    if together > 1, let one {
      let learned = one * 2 * Self.phases..<(one + 1) * 2 * Self.phases
      means += means[learned]
      variances += variances[learned].map { $0 + Double(together - 1) * Self.togetherVariance }
    } else {
      means += Array(repeating: 0, count: 2 * Self.phases)
      variances += Array(repeating: Self.firstVariance(of: event), count: 2 * Self.phases)
    }
    counts += Array(repeating: 0, count: Self.phases)
    return labels.count - 1
  }

  private static func firstVariance(of event: EventHint) -> Double {
    guard event.factor > 0, event.factor != 1 else { return firstVariance }
    let deviation = responseDeviation * abs(1 - 1 / event.factor)
    return min(firstVariance, leastDeclaredVariance + deviation * deviation)
  }

  private static func index(_ cell: Int, _ head: Int) -> Int {
    (cell / phases * 2 + head) * phases + cell % phases
  }

  func mean(_ cell: Int, head: Int) -> Double { means[Self.index(cell, head)] }
  func variance(_ cell: Int, head: Int) -> Double { variances[Self.index(cell, head)] }

  /// Learns from the log error that a forecast without correction made in a cell; head 0 comes first.
  mutating func observe(_ error: Double, cell: Int, head: Int) {
    let i = Self.index(cell, head)
    if head == 0 { counts[cell] += 1 }
    let rate = max(Self.leastRate, 1 / (counts[cell] + 1))
    let rest = min(1.5, max(-1.5, error - means[i]))
    variances[i] += rate * (rest * rest - variances[i])
    means[i] += rate * rest
  }

  init() {}

  func encode(into w: inout ByteWriter) {
    w.writeVarint(UInt64(labels.count))
    for label in labels { w.writeString(label) }
    w.writeArray(means)
    w.writeArray(variances)
    w.writeArray(counts)
  }

  init(from r: inout ByteReader) throws(WireError) {
    for _ in 0..<(try r.readCount(elementBytes: 1)) { labels.append(try r.readString()) }
    guard labels.count <= Self.kinds else { throw r.error("\(labels.count) kinds of events") }
    means = try r.readArray(count: labels.count * 2 * Self.phases)
    variances = try r.readArray(count: labels.count * 2 * Self.phases)
    counts = try r.readArray(count: labels.count * Self.phases)
    guard variances.allSatisfy({ $0 >= 0 }) else { throw r.error("a negative variance") }
  }
}

internal import Basics
internal import Circuits
internal import Documents

/// What a record of spikes says about its populations after a moment: rates, regularity, synchrony, and a digest of all.
///
/// The definitions are those that NEST's reference values were made with, so both can stand side by side: windows of equal
/// length, neurons with at least four spikes for the regularity, 200 active neurons and bins of 2 ms for the correlation.
struct SpikeStatistics {
  /// One population.
  struct Population {
    /// Its name.
    var name: String
    /// Neurons in it.
    var size: Int
    /// Spikes in the window.
    var spikes = 0
    /// Mean over neurons of the coefficient of variation of their intervals; NaN where no neuron has four spikes.
    var regularity = Double.nan
    /// Mean correlation of pairs of neurons; NaN where fewer than two fired.
    var correlation = Double.nan
  }

  /// The populations in the circuit's order.
  private(set) var populations: [Population]
  /// A digest of every byte of the record, the warm-up included: equal for equal spikes.
  private(set) var digest: UInt64
  /// Spikes of all populations in the window.
  var spikes: Int { populations.reduce(0) { $0 + $1.spikes } }

  private static let pairedNeurons = 200
  private static let binMilliseconds = 2.0

  /// Reads a record (`time_ms,neuron_id`, sorted) and takes what lies after a moment, up to another.
  ///
  /// - Throws: `CommandFailure` with the line that cannot be read.
  init(record bytes: [UInt8], of circuit: Circuit, after start: Double, upTo end: Double) throws {
    var digest = Digest64()
    digest.combine(bytes: bytes)
    self.digest = digest.value
    populations = circuit.populations.map { Population(name: $0.name, size: $0.size) }
    var trains = [[Double]](repeating: [], count: circuit.neuronCount)
    try Self.read(bytes) { time, neuron in
      guard time > start, time <= end, trains.indices.contains(neuron - 1) else { return }
      trains[neuron - 1].append(time)
    }
    var first = 0
    for i in populations.indices {
      let own = trains[first..<first + populations[i].size]
      first += populations[i].size
      populations[i].spikes = own.reduce(0) { $0 + $1.count }
      populations[i].regularity = Self.regularity(own)
      populations[i].correlation = Self.correlation(own, from: start, to: end)
    }
  }

  /// Calls the body for each row after the header.
  private static func read(_ bytes: [UInt8], _ body: (_ time: Double, _ neuron: Int) -> Void) throws {
    let (newline, comma, point, zero) = (UInt8(ascii: "\n"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "0"))
    var i = (bytes.firstIndex(of: newline) ?? bytes.count - 1) + 1
    var line = 2
    while i < bytes.count {
      var (time, scale, neuron, hasPoint, hasComma) = (0.0, 1.0, 0, false, false)
      while i < bytes.count, bytes[i] != newline {
        switch bytes[i] {
        case comma where !hasComma: hasComma = true
        case point where !hasComma && !hasPoint: hasPoint = true
        case zero...zero + 9:
          let digit = Int(bytes[i] - zero)
          if hasComma { neuron = neuron * 10 + digit } else { time = time * 10 + Double(digit) }
          if hasPoint, !hasComma { scale *= 10 }
        default: throw CommandFailure(.failed, "line \(line) of the spikes' record is not 'time,neuron'")
        }
        i += 1
      }
      guard hasComma else { throw CommandFailure(.failed, "line \(line) of the spikes' record is not 'time,neuron'") }
      body(time / scale, neuron)
      i += 1
      line += 1
    }
  }

  private static func regularity(_ trains: ArraySlice<[Double]>) -> Double {
    var (sum, count) = (0.0, 0)
    for train in trains where train.count >= 4 {
      let intervals = zip(train.dropFirst(), train).map { $0 - $1 }
      let n = Double(intervals.count)
      let mean = intervals.reduce(0, +) / n
      let variance = intervals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
      sum += variance.squareRoot() / mean
      count += 1
    }
    return count > 0 ? sum / Double(count) : .nan
  }

  /// The mean over pairs follows from the variance of the sum of standardised counts: n + n (n - 1) times it.
  private static func correlation(_ trains: ArraySlice<[Double]>, from start: Double, to end: Double) -> Double {
    let bins = Int((end - start) / binMilliseconds)
    let active = trains.filter { !$0.isEmpty }
    guard bins > 1, active.count > 1 else { return .nan }
    let count = min(pairedNeurons, active.count)
    var sum = [Double](repeating: 0, count: bins)
    var used = 0.0
    for i in 0..<count {
      var counts = [Double](repeating: 0, count: bins)
      for time in active[i * active.count / count] {
        // A spike is stamped at the end of its step, so a bin holds its upper end and not its lower.
        let bin = Int(((time - start) / binMilliseconds - 1e-6).rounded(.down))
        if bin < bins { counts[bin] += 1 }
      }
      let mean = counts.reduce(0, +) / Double(bins)
      let deviation = (counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(bins)).squareRoot()
      guard deviation > 0 else { continue }
      used += 1
      for b in 0..<bins { sum[b] += (counts[b] - mean) / deviation }
    }
    guard used > 1 else { return .nan }
    let variance = sum.reduce(0) { $0 + $1 * $1 } / Double(bins)
    return (variance - used) / (used * (used - 1))
  }
}

extension SpikeStatistics {
  /// Adds the figures of the contract, and those that show whether it is the right network.
  func add(to figures: inout Report, seconds: Double) {
    let neurons = populations.reduce(0) { $0 + $1.size }
    let mean = Double(spikes) / Double(max(1, neurons)) / seconds
    figures.add("mean_rate_hz", title: "mean rate", .figure(mean, "Hz"))
    add("rates_hz", "rates", "Hz", to: &figures) { Double($0.spikes) / Double(max(1, $0.size)) / seconds }
    add("cv_of_intervals", "variation of intervals", "", to: &figures, \.regularity)
    add("correlations", "correlation of pairs", "", to: &figures, \.correlation)
    let hexadecimal = String(digest, radix: 16)
    let padding = String(repeating: "0", count: 16 - hexadecimal.count)
    figures.add("spikes_digest", title: "digest of all spikes", .text(padding + hexadecimal))
  }

  private func add(
    _ key: String,
    _ title: String,
    _ unit: String,
    to figures: inout Report,
    _ value: (Population) -> Double
  ) {
    let values = populations.map { ($0.name, value($0)) }
    let texts = values.map { "\($0) \($1.isFinite ? NumberText.significant($1, digits: 3) : "-")" }
    let text = texts.joined(separator: ", ") + (unit.isEmpty ? "" : " \(unit)")
    figures.add(key, title: title, Table.Cell(.object(values.map { JSONValue.Member($0, .number($1)) }), text: text))
  }
}

public import Wire

/// Spikes as recorders keep them: the neurons of each step in which some fired, in columns.
public struct SpikeRecord: Equatable, Sendable {
  /// Steps done at the stamp, ascending; only steps with spikes are listed.
  public private(set) var steps: [Int64] = []
  /// For each of the steps the end of its spikes in `neurons`.
  public private(set) var ends: [UInt32] = []
  /// Circuit indices, step after step, ascending within each.
  public private(set) var neurons: [UInt32] = []

  /// Makes an empty record.
  public init() {}

  /// Appends the spikes of an epoch that are to be kept; its first step ends at `first`, after all those before.
  public mutating func append(_ batch: SpikeBatch, from first: Int64, where isKept: ((UInt32) -> Bool)? = nil) {
    for offset in batch.stepEnds.indices {
      let spikes = batch.spikes(at: offset)
      if spikes.isEmpty { continue }
      let before = neurons.count
      if let isKept {
        neurons.append(contentsOf: spikes.lazy.filter(isKept))
      } else {
        neurons.append(contentsOf: spikes)
      }
      if neurons.count > before {
        steps.append(first + Int64(offset))
        ends.append(UInt32(neurons.count))
      }
    }
  }

  /// The neurons that fired at one of the listed steps.
  public func spikes(at position: Int) -> ArraySlice<UInt32> {
    neurons[(position == 0 ? 0 : Int(ends[position - 1]))..<Int(ends[position])]
  }

  /// Appends the columns.
  public func write(to writer: inout ByteWriter) {
    writer.writeArray(steps)
    writer.writeArray(ends)
    writer.writeArray(neurons)
  }

  /// Reads columns.
  ///
  /// - Throws: `WireError` when they do not fit together.
  public init(from reader: inout ByteReader) throws(WireError) {
    (steps, ends) = (try reader.readArray(), try reader.readArray())
    neurons = try reader.readArray()
    guard steps.count == ends.count, Int(ends.last ?? 0) == neurons.count,
      zip(ends, ends.dropFirst()).allSatisfy({ $0 < $1 }), zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw reader.error("the columns of recorded spikes do not fit together") }
  }
}

/// Lines of a file of spikes.
struct SpikeLines {
  private(set) var bytes: [UInt8] = []
  /// Room for the digits of a number and what follows it.
  private static let leastRoom = 24

  /// Writes the spikes of several records by time, then neuron: a line each of the time and the neuron's id.
  init(_ records: [SpikeRecord], time: (Int64) -> Double) {
    bytes.reserveCapacity(records.reduce(0) { $0 + $1.neurons.count } * 16)
    var next = [Int](repeating: 0, count: records.count)
    var together: [UInt32] = []
    while let step = zip(records, next).compactMap({ $1 < $0.steps.count ? $0.steps[$1] : nil }).min() {
      together.removeAll(keepingCapacity: true)
      var isOne = true
      for i in records.indices where next[i] < records[i].steps.count && records[i].steps[next[i]] == step {
        isOne = together.isEmpty
        together.append(contentsOf: records[i].spikes(at: next[i]))
        next[i] += 1
      }
      if !isOne { together.sort() }
      append(together, at: Array("\(time(step)),".utf8))
    }
  }

  /// Appends a line for each neuron of a step.
  private mutating func append(_ neurons: [UInt32], at time: [UInt8]) {
    let most = neurons.count * (time.count + Self.leastRoom)
    let lines = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      for neuron in neurons {
        for byte in time {
          unsafe buffer[count] = byte
          count += 1
        }
        let id = UInt64(neuron) + 1
        var (rest, digits) = (id, 1)
        while rest >= 10 { (rest, digits) = (rest / 10, digits + 1) }
        rest = id
        for place in (count..<count + digits).reversed() {
          unsafe buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
          rest /= 10
        }
        unsafe buffer[count + digits] = UInt8(ascii: "\n")
        count += digits + 1
      }
    }
    bytes += lines
  }
}

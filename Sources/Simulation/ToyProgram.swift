public import Basics
public import Cluster
public import Wire

/// A network that is nothing but a digest: any lost, doubled, late or foreign spike or input changes it for ever.
///
/// Each part folds its inputs and the spikes it receives into one word, and emits spikes drawn from that word.
public final class ToyProgram: CoreProgram {
  private var assignment: Assignment?
  private var states: [PartID: UInt64] = [:]
  private var fired: [PartID: [UInt32]] = [:]
  private var inputs: [Int64: [UInt8]] = [:]

  /// Makes a program without parts.
  public init() {}

  /// Takes up the parts.
  public func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) throws {
    self.assignment = assignment
    (states, fired, inputs) = (states.filter { kept.contains($0.key) }, [:], [:])
    for part in assignment.ownParts where states[part] == nil {
      if assignment.checkpoint == nil {
        states[part] = UInt64(part.index) &* 0x9E37_79B9_7F4A_7C15 ^ assignment.run
      } else {
        var reader = ByteReader(blobs[part] ?? [], reading: "toy part")
        states[part] = try reader.read(UInt64.self)
      }
    }
  }

  /// Remembers an input.
  public func accept(ordinal: Int64, _ bytes: [UInt8]) { inputs[ordinal] = bytes }

  /// Folds the input into every part and draws the spikes.
  public func compute(_ epoch: Epoch) throws {
    guard let assignment else { return }
    for part in states.keys.sorted() {
      var digest = Digest64()
      digest.combine(states[part] ?? 0)
      digest.combine(UInt64(epoch.index))
      if assignment.epochsPerInput > 0 {
        digest.combine(bytes: inputs[epoch.index / Int64(assignment.epochsPerInput)] ?? [])
      }
      states[part] = digest.value
      fired[part] = (0..<3).map { UInt32(part.index) * 64 + UInt32(digest.value >> ($0 * 6) & 63) }.sorted()
    }
    inputs = inputs.filter { $0.key >= epoch.index / Int64(max(1, assignment.epochsPerInput)) }
  }

  /// The same spikes go to every peer.
  public func outgoing(to core: CoreID) -> SpikeBatch {
    let all = fired.keys.sorted().flatMap { fired[$0] ?? [] }
    return SpikeBatch(stepEnds: [all.count], neurons: all)
  }

  /// Folds the spikes of the epoch that a part gets into it, in a way that no order can change.
  public func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) throws {
    let targets = assignment?.targetParts ?? []
    var sums: [PartID: UInt64] = [:]
    for neuron in outgoing(to: CoreID(0)).neurons + foreign.flatMap(\.neurons) {
      var digest = Digest64()
      digest.combine(UInt64(neuron))
      let reached = targets.isEmpty ? nil : targets[Int(neuron / 64)]
      for part in states.keys where reached?.contains(part) ?? true { sums[part, default: 0] &+= digest.value }
    }
    for part in states.keys { states[part]? ^= sums[part, default: 0] }
  }

  /// Flips a bit of one of the parts, as memory may; returns which, or nil where there is none.
  public func flip(bit: Int, ofPartAt position: Int) -> PartID? {
    guard !states.isEmpty else { return nil }
    let part = states.keys.sorted()[position % states.count]
    states[part]? ^= 1 << UInt64(bit)
    return part
  }

  private func words() -> [PartOutput] {
    states.keys.sorted().map { part in
      var writer = ByteWriter()
      writer.write(states[part] ?? 0)
      return PartOutput(part: part, bytes: writer.bytes)
    }
  }

  /// The words of the parts.
  public func output(at epoch: Epoch) -> [PartOutput] { words() }

  /// The words of the parts.
  public func snapshot(at epoch: Epoch) -> [PartSnapshot] { words().map { PartSnapshot($0) } }

  /// Counts nothing.
  public func count(into statistics: inout CoreStatistics) {}

  /// What a run without faults says at each of its boundaries.
  public static func reference(
    run: UInt64,
    parts: Int,
    epochs: Int,
    epochsPerOutput: Int,
    inputs: [[UInt8]],
    epochsPerInput: Int,
    targetParts: [[PartID]] = []
  ) throws -> [Epoch: [PartOutput]] {
    let program = ToyProgram()
    let core = CoreID(0)
    try program.load(
      Assignment(
        run: run,
        runName: "",
        generation: Generation(1),
        mapHash: 0,
        core: core,
        members: [CoreMember(core: core, incarnation: Incarnation(1), spikeEndpoint: "")],
        coreOfPart: Array(repeating: core, count: parts),
        targetParts: targetParts,
        program: [],
        epoch: Epoch(0),
        checkpoint: nil,
        blobs: [],
        epochsPerInput: epochsPerInput,
        epochsPerOutput: epochsPerOutput,
        epochsPerCheckpoint: 0,
        lastEpoch: Epoch(Int64(epochs))
      ),
      blobs: [:]
    )
    for (i, input) in inputs.enumerated() { program.accept(ordinal: Int64(i), input) }
    var said: [Epoch: [PartOutput]] = [:]
    for e in 0..<epochs {
      try program.compute(Epoch(Int64(e)))
      try program.deliver(Epoch(Int64(e)), [])
      if (e + 1) % epochsPerOutput == 0 { said[Epoch(Int64(e + 1))] = program.output(at: Epoch(Int64(e + 1))) }
    }
    return said
  }
}

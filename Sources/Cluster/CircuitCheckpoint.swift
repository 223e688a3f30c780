internal import Basics
internal import ChipCore
internal import Circuits
internal import FoundationEssentials
internal import StateStore
internal import Wire

/// The last checkpoint in the folder of a run, as tables that do not depend on how the circuit lay on cores.
public struct CircuitCheckpoint {
  /// A table: a name, and lines of CSV whose rows ascend by time and identity.
  public struct Table: Equatable, Sendable {
    /// What it holds, such as `checkpoint/E`.
    public var name: String
    /// The lines.
    public var csv: [UInt8]

    /// Puts a table together.
    public init(name: String, csv: [UInt8]) { (self.name, self.csv) = (name, csv) }
  }

  /// For each population the state of its neurons; recent spikes; for each plastic projection its weights.
  public private(set) var tables: [Table] = []

  /// Reads the committed checkpoint that `synfire run --checkpoint-every` left in a folder; nil where there is none.
  ///
  /// A copy of the store is read, so that nothing in the folder changes.
  /// - Throws: `StoreError`, `WireError`, or an error of the file system.
  public init?(ofRunIn folder: String) throws {
    let home = "\(folder)/checkpoints"
    guard FileManager.default.fileExists(atPath: "\(home)/appendonlydir") else { return nil }
    let copy = "/tmp/synfire-checkpoint-\(CurrentProcess.pid)"
    try? FileManager.default.removeItem(atPath: copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(home)/appendonlydir", toPath: "\(copy)/appendonlydir")
    let redis = try PrivateRedis(folder: copy)
    try redis.start()
    defer { redis.stop() }
    guard let parts = try Self.read(RedisConnection(redis.address)) else { return nil }
    tables = Self.tables(of: parts)
  }

  private static func read(_ connection: RedisConnection) throws -> [CircuitPartState]? {
    let keys = try connection.command(["KEYS", "{circuit-*}:run"]).elements ?? []
    guard let key = keys.compactMap(\.text).min() else { return nil }
    let run = String(key.dropFirst().dropLast("}:run".count))
    let store = try RedisCheckpointStore(connection, run: run)
    guard let record = try store.readRun(), let generation = record.checkpoint else { return nil }
    // The last blob is the coordinator's own.
    return try record.blobs.dropLast().map { blob in
      let place = BlobPlace(epoch: record.committedEpoch, generation: generation, part: blob.part)
      return try CircuitPartState(decoding: store.readBlob(at: place, crc: blob.crc), of: blob.part)
    }
  }

  private static func tables(of parts: [CircuitPartState]) -> [Table] {
    guard let first = parts.first else { return [] }
    let stamps = TimeStamps(stepMilliseconds: first.stepMilliseconds)
    let now = "\(stamps.milliseconds(steps: first.tile.now.index))"
    var tables = first.populations.enumerated().map { index, population in
      Table(
        name: "checkpoint/\(population.name)",
        csv: neurons(of: index, model: population.model, in: parts.map(\.tile), at: now)
      )
    }
    tables.append(Table(name: "checkpoint/recent spikes", csv: spikes(in: parts.map(\.tile), stamps)))
    let projections = Set(parts.flatMap { $0.tile.plasticity?.states.map(\.projection) ?? [] }).sorted()
    for projection in projections {
      let states = parts.compactMap { $0.tile.plasticity?.states.first { $0.projection == projection } }
      tables.append(Table(name: "checkpoint/weights of projection \(projection + 1)", csv: weights(states, at: now)))
    }
    return tables
  }

  private static func neurons(of population: Int, model: String, in tiles: [TileSnapshot], at now: String) -> [UInt8] {
    let names = TileSnapshot.columnNames(ofModel: model) ?? []
    var rows: [(neuron: Int, text: String)] = []
    for tile in tiles {
      for state in tile.slices where state.slice.population == population {
        for k in 0..<state.slice.count {
          let neuron = state.slice.first + k * state.slice.stride + 1
          let words = zip(names, state.columns).map { text(of: $1[k], named: $0, tile.precision) }
          rows.append((neuron, ([now, "\(neuron)"] + words).joined(separator: ",")))
        }
      }
    }
    rows.sort { $0.neuron < $1.neuron }
    return lines(["time_ms", "neuron_id"] + names, rows.map(\.text))
  }

  /// Counts are whole numbers, everything else is what a neuron's equations are about.
  private static func text(of word: UInt64, named name: String, _ precision: Precision) -> String {
    if name == "refractory" || name == "count" { return "\(word)" }
    switch precision {
    case .single: return "\(Float(bitPattern: UInt32(truncatingIfNeeded: word)))"
    case .double: return "\(Double(bitPattern: word))"
    }
  }

  private static func spikes(in tiles: [TileSnapshot], _ stamps: TimeStamps) -> [UInt8] {
    var byStep: [Int64: Set<UInt32>] = [:]
    for tile in tiles { for (step, neurons) in tile.spikes { byStep[step, default: []].formUnion(neurons) } }
    let rows = byStep.sorted { $0.key < $1.key }.flatMap { step, neurons in
      neurons.sorted().map { "\(stamps.milliseconds(steps: step + 1)),\($0 + 1)" }
    }
    return lines(["time_ms", "neuron_id"], rows)
  }

  private static func weights(_ states: [PlasticSnapshot.State], at now: String) -> [UInt8] {
    var rows: [(target: UInt32, text: [String])] = []
    for state in states {
      var next = 0
      for (target, count) in zip(state.targets, state.synapses) {
        let weights = state.weights[next..<next + Int(count)]
        next += Int(count)
        rows.append((target, weights.enumerated().map { "\(now),\(target + 1),\($0.offset + 1),\($0.element)" }))
      }
    }
    rows.sort { $0.target < $1.target }
    return lines(["time_ms", "target_id", "synapse", "weight"], rows.flatMap(\.text))
  }

  private static func lines(_ header: [String], _ rows: [String]) -> [UInt8] {
    Array(([header.joined(separator: ",")] + rows).joined(separator: "\n").utf8)
  }
}

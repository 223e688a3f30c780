internal import Basics
internal import ChipCore
internal import Circuits
internal import Wire

/// The checkpoint of one part of a circuit: its neurons and synapses, and what is needed to read them without the circuit.
struct CircuitPartState {
  /// Length of a step in ms.
  var stepMilliseconds: Double
  /// Name and model of every population of the circuit.
  var populations: [(name: String, model: String)]
  /// Spikes of the part's neurons per population since the start of the run.
  var populationSpikes: [UInt64]
  /// State of the neurons and synapses.
  var tile: TileSnapshot

  private static let version: UInt8 = 1

  init(_ circuit: Circuit, populationSpikes: [UInt64], tile: TileSnapshot) {
    stepMilliseconds = circuit.stepMilliseconds
    populations = circuit.populations.map { ($0.name, $0.model) }
    (self.populationSpikes, self.tile) = (populationSpikes, tile)
  }

  /// Returns the state as bytes.
  func encoded() -> [UInt8] {
    var w = ByteWriter()
    w.write(Self.version)
    w.write(stepMilliseconds.bitPattern)
    w.writeVarint(UInt64(populations.count))
    for population in populations {
      w.writeString(population.name)
      w.writeString(population.model)
    }
    w.writeArray(populationSpikes)
    tile.write(to: &w)
    return w.bytes
  }

  /// Reads a state from bytes.
  init(decoding bytes: [UInt8], of part: PartID) throws(WireError) {
    var r = ByteReader(bytes, reading: "checkpoint of part \(part.index)")
    try r.readVersion(Self.version)
    stepMilliseconds = Double(bitPattern: try r.read())
    guard stepMilliseconds > 0, stepMilliseconds.isFinite else { throw r.error("its step is \(stepMilliseconds) ms") }
    populations = []
    for _ in 0..<(try r.readCount(elementBytes: 2)) {
      let name = try r.readString()
      populations.append((name, try r.readString()))
    }
    populationSpikes = try r.readArray()
    tile = try TileSnapshot(from: &r)
    try r.finish()
    guard populationSpikes.count == populations.count,
      tile.slices.allSatisfy({ populations.indices.contains($0.slice.population) })
    else { throw r.error("its neurons belong to no population") }
  }
}

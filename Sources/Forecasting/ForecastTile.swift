internal import Basics
internal import ChipCore
internal import Circuits
internal import Wire

/// A series as the network of neurons knows it.
struct SeriesPopulation {
  /// Its number; its encoders have the neuron ids 128 · number + 0 … 99, its listeners follow.
  var number: Int
  /// Whether its encoders are heard by other services, here or elsewhere.
  var isHeard: Bool
  /// Numbers of the series whose encoders its listeners hear; nil where it has no listeners.
  var heardSeries: [Int]?
  /// Callers in the call graph, there or not.
  var callers: Int

  /// Distance between the first neurons of successive series.
  static let stride = 128

  /// The id of a neuron.
  static func neuron(_ series: Int, _ k: Int) -> Int { series * stride + k }
}

/// A tile of `ChipCore` that simulates the neurons of some series; it keeps nothing from one tick to the next.
final class ForecastTile {
  private let tile: Tile
  /// Per series the slice of its encoders, and of its listeners.
  private let slices: [(encoders: Int, listeners: Int?)]
  private let prior: Prior
  private let isSpoken: [Bool]

  /// Builds the neurons of some series, and the synapses that end on them.
  init(_ members: [SeriesPopulation], prior: Prior) {
    self.prior = prior
    var isSpoken = [Bool](repeating: false, count: SeriesPopulation.stride)
    for source in Listeners.sources { isSpoken[source] = true }
    self.isSpoken = isSpoken
    let (circuit, layout, slices) = Self.circuit(members, prior)
    self.slices = slices
    do {
      tile = try Tile(circuit: circuit, layout: layout, precision: .single)
    } catch {
      preconditionFailure("the circuit of the forecasters cannot be built: \(error)")
    }
  }

  /// Counts of the tile.
  var statistics: TileStatistics { tile.statistics }

  /// The populations of the members and of whom they hear, in ascending order of neuron id.
  private static func circuit(
    _ members: [SeriesPopulation],
    _ prior: Prior
  ) -> (Circuit, PartLayout, [(encoders: Int, listeners: Int?)]) {
    struct Entry {
      var population: Population
      var member: Int?
    }
    var entries: [Entry] = []
    func encoders(_ number: Int) -> Population {
      Population(
        name: "\(number)/encoders",
        first: NeuronID(UInt32(SeriesPopulation.neuron(number, 0))),
        size: prior.neurons,
        model: "rate_encoder",
        parameters: ["alpha": 0, "drive": 0, "v0": 0],
        perNeuron: ["alpha": prior.decays.map { Double($0) }, "v0": prior.startPotentials.map { Double($0) }]
      )
    }
    let own = Set(members.map(\.number))
    for (index, member) in members.enumerated() {
      entries.append(Entry(population: encoders(member.number), member: index))
      guard member.heardSeries != nil else { continue }
      let listeners = Population(
        name: "\(member.number)/listeners",
        first: NeuronID(UInt32(SeriesPopulation.neuron(member.number, prior.neurons))),
        size: Listeners.count,
        model: "rate_encoder",
        parameters: ["alpha": 1, "drive": 0, "v0": 0.5]
      )
      entries.append(Entry(population: listeners, member: index))
    }
    for number in Set(members.flatMap { $0.heardSeries ?? [] }).subtracting(own) {
      entries.append(Entry(population: encoders(number), member: nil))
    }
    entries.sort { $0.population.first < $1.population.first }

    var circuit = Circuit(name: "forecasters", stepMilliseconds: 1)
    circuit.populations = entries.map(\.population)
    let places = Dictionary(uniqueKeysWithValues: circuit.populations.enumerated().map { (Int($1.first.index), $0) })
    func place(_ number: Int, _ k: Int) -> Int { places[SeriesPopulation.neuron(number, k), default: 0] }
    for member in members {
      for caller in member.heardSeries ?? [] {
        let connections = Listeners.sources.enumerated().map { listener, source in
          ListedConnection(
            source: NeuronID(UInt32(SeriesPopulation.neuron(caller, source))),
            target: NeuronID(UInt32(SeriesPopulation.neuron(member.number, prior.neurons + listener))),
            weight: 1 / Double(member.callers),
            delayMilliseconds: Double(Listeners.delaySteps)
          )
        }
        circuit.projections.append(
          Projection(
            source: place(caller, 0),
            target: place(member.number, prior.neurons),
            rule: .list(connections)
          )
        )
      }
    }
    let heard = members.filter(\.isHeard).map { place($0.number, 0) }
    if !heard.isEmpty { circuit.recorders = [.spikes(populations: heard, file: "")] }

    var layout = PartLayout(part: PartID(0), slices: [])
    var slices: [(encoders: Int, listeners: Int?)] = members.map { _ in (0, nil) }
    for (index, entry) in entries.enumerated() {
      guard let member = entry.member else { continue }
      if Int(entry.population.first.index) % SeriesPopulation.stride == 0 {
        slices[member].encoders = layout.slices.count
      } else {
        slices[member].listeners = layout.slices.count
      }
      layout.slices.append(
        Slice(population: index, first: Int(entry.population.first.index), stride: 1, count: entry.population.size)
      )
    }
    return (circuit, layout, slices)
  }

  /// Puts all neurons to the start of a tick.
  func restart() { tile.restartEncoders() }

  /// Lends the drives of a member's encoders.
  func withDrives(of member: Int, _ body: (inout MutableSpan<Float>) -> Void) {
    tile.withEncoders(.drive, ofSlice: slices[member].encoders, body)
  }

  /// Runs half a tick.
  func advanceHalf() { tile.advance(from: tile.now, count: Listeners.delaySteps) }

  /// Adds the spikes of the last half that others may hear, step by step.
  func addSpokenSpikes(to steps: inout [[UInt32]]) {
    for offset in steps.indices {
      for neuron in tile.fired.spikes(at: offset) where isSpoken[Int(neuron) % SeriesPopulation.stride] {
        steps[offset].append(neuron)
      }
    }
  }

  /// Queues the spikes of a tick's first half, the own ones included; they arrive in its second half.
  func receive(_ batch: SpikeBatch) {
    tile.receive(batch, from: Step(tile.now.index - Int64(Listeners.delaySteps)))
  }

  /// Writes a member's spike counts: encoders, then listeners.
  func loadCounts(of member: Int, into counts: inout [UInt8]) {
    let encoders = prior.neurons
    func load(_ slice: Int, at start: Int) {
      tile.withEncoderCounts(ofSlice: slice) { spikes in
        for i in spikes.indices { counts[start + i] = UInt8(truncatingIfNeeded: min(spikes[i], 255)) }
      }
    }
    load(slices[member].encoders, at: 0)
    if let listeners = slices[member].listeners { load(listeners, at: encoders) }
  }
}

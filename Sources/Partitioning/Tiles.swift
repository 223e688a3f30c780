internal import Basics
internal import Circuits

extension Partitioner {
  /// Spreads a circuit over cores by round robin, in as few parts a core as hold it.
  ///
  /// Parts are a finer round robin where that works. Many small populations fill a part with padding, however many
  /// parts there are: then each core's slices are laid into parts one after the other.
  static func roundRobinTiles(
    _ circuit: Circuit,
    _ cores: Int
  ) throws(PartitionError) -> (layouts: [PartLayout], coreOfPart: [Int]) {
    let onCores = PartLayout.roundRobin(circuit, parts: cores)
    let widest = onCores.map(\.width).max() ?? 0
    if widest <= mostPlaces { return (onCores, Array(0..<cores)) }
    let least = (widest - 1) / mostPlaces + 1
    for tiles in least...least + 1 where cores * tiles <= mostParts {
      let layouts = PartLayout.roundRobin(circuit, parts: cores * tiles)
      if layouts.allSatisfy({ $0.width <= mostPlaces }) { return (layouts, layouts.indices.map { $0 % cores }) }
    }
    return try self.tiles(onCores.map(\.slices))
  }

  /// Lays the slices of each core into as few parts as hold them, the parts of one core equally wide.
  static func tiles(_ cores: [[Slice]]) throws(PartitionError) -> (layouts: [PartLayout], coreOfPart: [Int]) {
    var layouts: [PartLayout] = []
    var coreOfPart: [Int] = []
    for (core, slices) in cores.enumerated() {
      for tile in tiles(of: slices) {
        guard layouts.count < mostParts else {
          throw PartitionError("the circuit needs more than \(mostParts) parts of \(mostPlaces) places")
        }
        layouts.append(PartLayout(part: PartID(UInt16(layouts.count)), slices: tile))
        coreOfPart.append(core)
      }
    }
    return (layouts, coreOfPart)
  }

  private static func tiles(of slices: [Slice]) -> [[Slice]] {
    let total = slices.reduce(0) { $0 + $1.places }
    let count = max(1, (total + mostPlaces - 1) / mostPlaces)
    // A multiple of 64 that is at most `mostPlaces`, which is one itself.
    let room = (total / 64 + count - 1) / count * 64
    var tiles: [[Slice]] = [[]]
    var free = room
    for slice in slices {
      var rest = slice
      while rest.count > 0 {
        if free == 0 {
          tiles.append([])
          free = room
        }
        let taken = min(rest.count, free)
        tiles[tiles.count - 1].append(
          Slice(population: rest.population, first: rest.first, stride: rest.stride, count: taken)
        )
        free -= (taken + 63) / 64 * 64
        rest.first += taken * rest.stride
        rest.count -= taken
      }
    }
    return tiles
  }
}

extension Slice {
  /// Local places that it takes.
  var places: Int { (count + 63) / 64 * 64 }
}

internal import Basics
internal import Cluster
internal import StateStore
internal import Wire

/// A bit that flips in the memory of a core.
extension FaultyShop {
  /// Flips a bit of what a core remembers, where that will be part of its next checkpoint; ends when the coordinator has
  /// told of it.
  ///
  /// What a core remembers is found by its content: numbers that were the same in two checkpoints, one after the other, are
  /// looked for in the memory of the process. Where such numbers lie only in what is left of a former checkpoint, the flip
  /// changes nothing, and other ones are tried.
  func flipBit(of victim: (place: Int, pid: Int32), _ chance: inout Chance) throws {
    guard let memory = ProcessMemory(of: victim.pid) else {
      throw Skipped(reason: "the memory of another process cannot be written")
    }
    let store = try RedisCheckpointStore(RedisConnection(storeAddress), run: "shop")
    let told = logLength(of: "coordinator")
    let end = MonotonicClock.nowMilliseconds() + 60_000
    while MonotonicClock.nowMilliseconds() < end {
      let places = try placesOfState(in: memory, store, &chance)
      guard !places.isEmpty else { continue }
      // The low bytes of a number: its value changes by a little, which nothing but the other core's can show.
      let (byte, bits) = (UInt64.random(in: 0...1, using: &chance), UInt8(1) << UInt8.random(in: 0...7, using: &chance))
      for place in places {
        guard memory.flip(bits, at: place + byte) else { throw Skipped(reason: "memory cannot be written") }
      }
      // What was flipped in what the core goes by is part of the second next checkpoint at the latest.
      let before = try store.readRun()?.committedEpoch.index ?? 0
      let beyond = before + 2 * Int64(CapacityService.epochsPerTick * plan.ticksPerCheckpoint)
      var isTold = false
      try wait(milliseconds: 20_000) {
        isTold = text(of: "coordinator", from: told).contains("disagree on the")
        return try isTold || pid("core-\(victim.place)") != victim.pid
          || store.readRun()?.committedEpoch.index ?? 0 >= beyond
      }
      guard pid("core-\(victim.place)") == victim.pid else {
        throw WrongAnswer(description: "the core ended instead: \(lastWords(of: "core-\(victim.place)"))")
      }
      guard isTold else { continue }
      guard text(of: "coordinator", from: told).contains("nothing of it was published, and both take up epoch") else {
        throw WrongAnswer(description: "not told as it should be: \(lastWords(of: "coordinator", lines: 3))")
      }
      return
    }
    throw WrongAnswer(description: "flipped bits of core \(victim.place) were not noticed")
  }

  /// Where numbers of the state lie in a core's memory, in all copies; empty when none was found.
  private func placesOfState(
    in memory: ProcessMemory,
    _ store: RedisCheckpointStore,
    _ chance: inout Chance
  ) throws -> [UInt64] {
    guard let former = try committed(in: store) else { return [] }
    try wait(milliseconds: 5000) { try store.readRun()?.committedEpoch.index ?? 0 > former.epoch }
    guard let present = try committed(in: store), present.epoch > former.epoch else { return [] }
    let regions = memory.copy()
    let size = 32
    for _ in 0..<40 {
      guard let part = present.parts.keys.sorted().randomElement(using: &chance), let bytes = present.parts[part],
        let before = former.parts[part], min(bytes.count, before.count) > 4096
      else { continue }
      let start = Int.random(in: 1024..<min(bytes.count, before.count) - size, using: &chance)
      let pattern = Array(bytes[start..<start + size])
      guard before[start..<start + size].elementsEqual(pattern), Set(pattern).count > size / 2 else { continue }
      let places = regions.flatMap { region in
        MemorySearch.places(of: pattern, in: region.bytes).map { region.address + UInt64($0) + UInt64(size / 2) }
      }
      // What moved since the copy was made is left alone.
      let rest = Array(pattern[(size / 2)...])
      let intact = places.filter { memory.read($0, count: rest.count) == rest }
      if !intact.isEmpty { return intact }
    }
    return []
  }

  /// The committed blobs of the parts, by part; nil when they are replaced just now.
  private func committed(
    in store: RedisCheckpointStore
  ) throws -> (epoch: Int64, parts: [UInt16: [UInt8]])? {
    do {
      guard let record = try store.readRun(), let generation = record.checkpoint else { return nil }
      var parts: [UInt16: [UInt8]] = [:]
      for blob in record.blobs.dropLast() {
        let place = BlobPlace(epoch: record.committedEpoch, generation: generation, part: blob.part)
        parts[blob.part.index] = try store.readBlob(at: place, crc: blob.crc)
      }
      return (record.committedEpoch.index, parts)
    } catch {
      guard error.kind == .missing else { throw error }
      return nil
    }
  }
}

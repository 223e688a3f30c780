public import Basics
internal import Wire

/// The state of a gatherer in the store: its head at the coordinator's own part, its slices at the parts after it.
///
/// The head is written last and carries the checksum of every slice, so that the commit of the head's checksum commits
/// all of them: a head that is there means slices that were acknowledged before it, by a store that loses writes only
/// from the end.
public struct SlicedState {
  private let store: any RunStore
  private let run: String
  private let part: Int

  /// Names the place: a run, and the number of the coordinator's own part, which is the number of the others.
  public init(store: any RunStore, run: String, part: Int) {
    (self.store, self.run, self.part) = (store, run, part)
  }

  /// Writes the state and returns the checksum of its head; `pause` is called between two slices.
  public func write(
    _ gatherer: any GatherProgram,
    at epoch: Epoch,
    _ generation: Generation,
    pause: () throws -> Void
  ) throws -> UInt32 {
    let head = try gatherer.snapshot(at: epoch)
    var w = ByteWriter(reserving: head.count + 64)
    w.writeVarint(UInt64(gatherer.sliceCount))
    for number in 0..<gatherer.sliceCount {
      let output = PartOutput(part: try id(ofSlice: number), bytes: try gatherer.slice(number))
      w.write(try store.write(run: run, epoch: epoch, generation: generation, part: output).crc)
      try pause()
    }
    w.writeBlob(head)
    let output = PartOutput(part: PartID(UInt16(part)), bytes: w.bytes)
    return try store.write(run: run, epoch: epoch, generation: generation, part: output).crc
  }

  /// Reads a committed state into a gatherer, or takes it back to the start of the run.
  public func read(_ committed: CommittedState, into gatherer: any GatherProgram) throws {
    guard let generation = committed.checkpoint else { return try gatherer.restore(committed.epoch, nil) }
    func read(_ part: PartID, crc: UInt32) throws -> [UInt8] {
      let blob = PartBlob(part: part, crc: crc)
      return try store.read(run: run, epoch: committed.epoch, generation: generation, blob: blob)
    }
    var r = ByteReader(
      try read(PartID(UInt16(part)), crc: committed.crcs.last ?? 0),
      reading: "head of the coordinator's checkpoint"
    )
    var crcs: [UInt32] = []
    for _ in 0..<(try r.readCount(elementBytes: 4)) { crcs.append(try r.read()) }
    let head = try r.readBlob()
    try r.finish()
    try gatherer.restore(committed.epoch, head)
    for (number, crc) in crcs.enumerated() { try gatherer.restore(slice: read(try id(ofSlice: number), crc: crc)) }
  }

  private func id(ofSlice number: Int) throws(WireError) -> PartID {
    guard let id = UInt16(exactly: part + 1 + number) else {
      throw WireError(reading: "checkpoint", problem: "slice \(number) has no number; too many services in one tenant")
    }
    return PartID(id)
  }
}

internal import Basics
internal import Cluster
internal import StateStore
internal import Wire

/// What a core reads from the store and writes to it.
extension SimulatedCore {
  func open() throws(StoreError) -> RemoteCheckpointStore {
    if !connection.isOpen { try connection.reconnect() }
    return RemoteCheckpointStore(connection)
  }

  /// Writes parts one after the other, each in two steps; a store that does not answer is tried again.
  func write(
    _ generation: Generation,
    _ epoch: Epoch,
    _ name: Generation,
    _ parts: ArraySlice<PartOutput>,
    _ done: [PartBlob]
  ) {
    guard let part = parts.first else { return handle(.stored(generation, epoch, done)) }
    let place = BlobPlace(epoch: epoch, generation: name, part: part.part)
    let again = { [weak self] in
      guard let self, machine.generation == generation else { return }
      write(generation, epoch, name, parts, done)
    }
    do throws(StoreError) {
      let isThere = try open().beginBlob(part.bytes, at: place)
      if let trap = cluster.trapInWrite, trap(self, place) { cluster.trapInWrite = nil }
      after(Int64(world.uniform() * 2_000_000)) { [weak self] in
        guard let self else { return }
        do throws(StoreError) {
          let crc = isThere ? CRC32C.checksum(part.bytes) : try open().writeBlob(part.bytes, at: place)
          write(generation, epoch, name, parts.dropFirst(), done + [PartBlob(part: part.part, crc: crc)])
        } catch { error.isTransient ? after(200_000_000, again) : handle(.failed(generation, "\(error)")) }
      }
    } catch { error.isTransient ? after(200_000_000, again) : handle(.failed(generation, "\(error)")) }
  }

  func load(_ next: Assignment, _ keeping: Set<PartID>) {
    (assignment, sent, kept) = (next, [:], [:])
    // A program that is still loading has nothing else: what reaches it too early is lost, as in a real process.
    if keeping.isEmpty { (program, untoldFlips) = (ToyProgram(), 0) }
    fetch(next, keeping)
  }

  func fetch(_ next: Assignment, _ keeping: Set<PartID>) {
    guard assignment == next else { return }
    var blobs: [PartID: [UInt8]] = [:]
    do {
      for blob in next.blobs where !keeping.contains(blob.part) {
        guard let checkpoint = next.checkpoint else { continue }
        let place = BlobPlace(epoch: next.epoch, generation: checkpoint, part: blob.part)
        blobs[blob.part] = try open().readBlob(at: place, crc: blob.crc)
      }
    } catch {
      guard !error.isTransient else { return after(200_000_000) { [weak self] in self?.fetch(next, keeping) } }
      return after(1_000_000) { [weak self] in self?.handle(.failed(next.generation, "\(error)")) }
    }
    after(Int64(world.uniform() * 20_000_000)) { [weak self] in
      guard let self, assignment == next else { return }
      do { try program.load(next, blobs: blobs, keeping: keeping) } catch {
        cluster.watcher.violate("a checkpoint cannot be read")
      }
      handle(.loaded(next.generation))
    }
  }
}

import Basics
import Wire

/// What every frame and epoch is compared with, as plain numbers: copying the assignment would count references.
struct EpochConstants: Sendable {
  var run: UInt64 = 0, mapHash: UInt64 = 0
  var generation = Generation(0)
  var lastEpoch = Epoch(0)
  var input: Int64 = 0, output: Int64 = 0, checkpoint: Int64 = 0

  init() {}
  init(_ a: Assignment) {
    (run, mapHash, generation, lastEpoch) = (a.run, a.mapHash, a.generation, a.lastEpoch)
    (input, output, checkpoint) = (Int64(a.epochsPerInput), Int64(a.epochsPerOutput), Int64(a.epochsPerCheckpoint))
  }
}

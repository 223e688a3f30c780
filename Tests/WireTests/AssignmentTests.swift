import Basics
import Testing
import Wire

struct AssignmentTests {
  private static func assignment(_ targets: [[PartID]]) -> Assignment {
    Assignment(
      run: 1,
      runName: "run",
      generation: Generation(3),
      mapHash: 4,
      core: CoreID(1),
      members: (0..<2).map {
        CoreMember(core: CoreID($0), incarnation: Incarnation(UInt64($0) + 1), spikeEndpoint: "shm:///a-\($0);tcp://b")
      },
      coreOfPart: [CoreID(0), CoreID(1), CoreID(1)],
      targetParts: targets,
      program: [1, 2],
      epoch: Epoch(6),
      checkpoint: Generation(2),
      blobs: [PartBlob(part: PartID(1), crc: 7)],
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 6,
      lastEpoch: Epoch(60)
    )
  }

  @Test(arguments: [[], [[PartID(1), PartID(2)], [], [PartID(0)]]])
  func `an assignment reads back as it was, with the parts that spikes go to`(targets: [[PartID]]) throws {
    let message = ControlMessage.assign(Self.assignment(targets))
    #expect(try ControlMessage(decoding: message.encoded()) == message)
  }

  @Test func `targets of other parts than there are are refused`() {
    let bytes = ControlMessage.assign(Self.assignment([[PartID(1)]])).encoded()
    #expect(throws: WireError.self) { try ControlMessage(decoding: bytes) }
  }

  @Test func `the time of a core comes over`() throws {
    var statistics = CoreStatistics()
    (statistics.computeNanoseconds, statistics.deliverNanoseconds) = (1, 2)
    (statistics.exchangeNanoseconds, statistics.waitNanoseconds, statistics.storeFailures) = (3, 4, 5)
    let message = ControlMessage.heartbeat(Incarnation(1), Generation(2), mapHash: 3, statistics)
    #expect(try ControlMessage(decoding: message.encoded()) == message)
    #expect(statistics.busyNanoseconds == 3)
  }
}

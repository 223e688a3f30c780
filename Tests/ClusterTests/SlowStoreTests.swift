import Basics
import Cluster
import Simulation
import StateStore
import TestKit
import Testing
import Transport
import Wire

/// Stores that take their time, under real loops and sockets.
@Suite struct SlowStoreTests {
  /// A store that takes as long for each part as it does where a core holds thousands of series.
  private final class SlowBlobs: BlobStore {
    static let milliseconds: Int64 = 350
    func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) -> PartBlob {
      _ = Interruption.wait(milliseconds: Self.milliseconds)
      return PartBlob(part: part.part, crc: CRC32C.checksum(part.bytes))
    }
    func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
      throw WireError(reading: "blob \(blob.part.index)", problem: "nothing is kept")
    }
  }

  /// A record that takes every commit.
  private final class WillingRecord: RunStore {
    var commits: [Epoch] = []
    func readCommitted() -> CommittedState {
      CommittedState(epoch: Epoch(0), checkpoint: nil, crcs: [], generation: Generation(0))
    }
    func raise(_ generation: Generation) -> Bool { true }
    func want(_ wanted: WantedCores) -> Bool { true }
    func commit(previous: Epoch, _ epoch: Epoch, _ generation: Generation, crcs: [UInt32]) -> CommitResult {
      commits.append(epoch)
      return .committed
    }
    func renewLease() -> Bool { true }
    func releaseLease() {}
    func reconnect() {}
    func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) -> PartBlob {
      PartBlob(part: part.part, crc: CRC32C.checksum(part.bytes))
    }
    func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
      throw WireError(reading: "blob \(blob.part.index)", problem: "nothing is kept")
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a checkpoint that takes longer than a core may be silent costs no core`() throws {
    let folder = try TemporaryFolder()
    let inputs: [[UInt8]] = [[1], [2]]
    let setup = ClusterSetup(
      run: 42,
      program: [9],
      parts: 12,
      cores: 1,
      placement: { _ in Array(repeating: CoreID(0), count: 12) },
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 4,
      lastEpoch: Epoch(4),
      window: 8
    )
    #expect(Int64(setup.parts) * SlowBlobs.milliseconds * 1_000_000 > setup.patience.silence)
    let log = Log(least: .error)
    let server = try ControlServer(endpoint: "ipc://\(folder.path)/control.sock", in: try MessageContext())
    let record = WillingRecord()
    let loop = CoordinatorLoop(
      machine: CoordinatorMachine(setup: setup, incarnation: Incarnation(1)),
      gatherer: Collector(),
      store: record,
      inputs: GivenInputs(inputs),
      server: server,
      queries: nil,
      answer: nil,
      log: log
    )
    let options = CoreOptions(
      coordinator: server.endpoint,
      place: "0",
      spikes: "ipc://\(folder.path)/core.sock"
    )
    let core = try NamedThread("core") {
      do {
        _ = try CoreProcess(options: options, store: SlowBlobs(), makeProgram: { ToyProgram() }, log: log).run()
      } catch {
        log.error("core failed", ("error", "\(error)"))
      }
    }
    #expect(try loop.run() == 0)
    core.join()
    #expect(record.commits == [Epoch(4)])
    #expect(loop.machine.recoveries == 0)
  }
}

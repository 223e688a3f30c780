import Basics
import Cluster
import Simulation
import TestKit
import Testing
import Transport
import Wire

/// Collects what a run says, boundary by boundary.
final class Collector: GatherProgram {
  var said: [Epoch: [PartOutput]] = [:]
  func gather(_ epoch: Epoch, _ outputs: [PartOutput]) { said[epoch] = outputs }
  func snapshot(at epoch: Epoch) -> [UInt8] { [1] }
  func restore(_ epoch: Epoch, _ bytes: [UInt8]?) { said = said.filter { $0.key <= epoch } }
}

/// Inputs that are all there from the start.
final class GivenInputs: InputSource {
  let all: [[UInt8]]
  init(_ all: [[UInt8]]) { self.all = all }
  func input(_ ordinal: Int64) -> [UInt8]? { Int(ordinal) < all.count ? all[Int(ordinal)] : nil }
}

/// The real loops over real ZeroMQ sockets, all in this process.
@Suite struct RealSocketTests {
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3], ExchangeKind.allCases)
  func `cores over memory and sockets say what a run without a cluster says`(cores: Int, kind: ExchangeKind) throws {
    let folder = try TemporaryFolder()
    let ticks = 200
    let inputs = (0..<ticks).map { [UInt8(truncatingIfNeeded: $0)] }
    let setup = ClusterSetup(
      run: 42,
      program: [9],
      parts: 6,
      cores: cores,
      placement: { n in (0..<6).map { CoreID(UInt16($0 % n)) } },
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 0,
      lastEpoch: Epoch(Int64(2 * ticks)),
      window: 8
    )
    let log = Log(least: .error)
    let context = try MessageContext()
    let server = try ControlServer(endpoint: "ipc://\(folder.path)/control.sock", in: context)
    let collector = Collector()
    let loop = CoordinatorLoop(
      machine: CoordinatorMachine(setup: setup, incarnation: Incarnation(1)),
      gatherer: collector,
      store: VolatileRunStore(),
      inputs: GivenInputs(inputs),
      server: server,
      queries: nil,
      answer: nil,
      log: log
    )
    var threads: [NamedThread] = []
    for i in 0..<cores {
      let options = CoreOptions(
        coordinator: server.endpoint,
        place: "\(i)",
        spikes: kind == .tcp ? "tcp://127.0.0.1:*" : "ipc://\(folder.path)/core-\(i).sock",
        exchange: kind
      )
      threads.append(
        try NamedThread("core-\(i)") {
          do { _ = try CoreProcess(options: options, store: nil, makeProgram: { ToyProgram() }, log: log).run() } catch
          {
            log.error("core failed", ("error", "\(error)"))
          }
        }
      )
    }
    #expect(try loop.run() == 0)
    for thread in threads { thread.join() }
    let expected = try ToyProgram.reference(
      run: 42,
      parts: 6,
      epochs: 2 * ticks,
      epochsPerOutput: 2,
      inputs: inputs,
      epochsPerInput: 2
    )
    #expect(collector.said == expected)
  }
}

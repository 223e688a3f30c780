internal import Basics
internal import Cluster
internal import FoundationEssentials
internal import Transport

/// What an epoch costs besides the simulation: stepper, state machine, frames, memory or sockets, waking up.
struct ExchangeBenchmark: Benchmark {
  static let name = "exchange"
  static let question =
    "How many epochs per second can cores exchange, all to all, over shared memory, Unix sockets and TCP?"

  private static let rounds = 3

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let counts = options.cores.map { [max(2, $0)] } ?? [2, 4, 8]
    let kinds = options.exchange.map { [$0] } ?? [.sharedMemory, .ipc, .tcp]
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: counts[counts.count - 1])
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var table = Table([
      Table.Column("exchange"), Table.Column("cores"), Table.Column("spikes", title: "SPIKES/FRAME"),
      Table.Column("epochs_per_second", title: "EPOCHS/s"),
      Table.Column("microseconds_per_epoch", title: "EPOCH", unit: "µs"),
      Table.Column("busy_microseconds_per_epoch", title: "AT WORK", unit: "µs"),
      Table.Column("processor_microseconds_per_core", title: "CPU/CORE", unit: "µs"),
      Table.Column("bytes_per_spike", title: "BYTES/SPIKE"),
      Table.Column("messages_per_epoch", title: "MESSAGES/EPOCH"),
    ])
    for kind in kinds {
      for cores in counts {
        // Where cores outnumber processors, an epoch takes some time slices.
        let usual = kind == .sharedMemory || kind == .auto ? 40_000 : 8000
        let epochs = options.scaled(usual / (cores > 2 ? 8 : 1), atLeast: 20)
        for spikes in [0, 100] {
          guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
          let outcomes = try (0..<Self.rounds).map { round in
            let sockets = "\(folder)/\(kind.rawValue)-\(cores)-\(spikes)-\(round)"
            try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
            return try ExchangeTrial(cores: cores, kind: kind, spikes: spikes, epochs: epochs, folder: sockets).run()
          }
          // The middle of three, so that neither luck nor a disturbance decides.
          let middle = outcomes.sorted { $0.secondsPerEpoch < $1.secondsPerEpoch }[Self.rounds / 2]
          let perSecond = 1 / middle.secondsPerEpoch
          let processor = middle.processorSecondsPerEpoch * 1e6 / Double(cores)
          table.append([
            .text(kind.rawValue), .count(cores), .count(spikes), .number(perSecond, digits: 3),
            .number(middle.secondsPerEpoch * 1e6, digits: 3), .number(middle.busySecondsPerEpoch * 1e6, digits: 3),
            .number(processor, digits: 3),
            spikes == 0 ? .none : .number(middle.bytesPerEpoch / Double(middle.framesPerEpoch * spikes), digits: 3),
            .count(middle.framesPerEpoch),
          ])
          if kind == kinds[0], spikes == 0 {
            result.figures.add(
              "epochs_per_second_\(cores)",
              title: "\(cores) cores, \(kind.rawValue), empty frames",
              .figure(perSecond, "epochs/s")
            )
          }
        }
      }
    }
    result.figures.add("exchanges", heading: "median of \(Self.rounds) rounds", table)
    return result
  }
}

internal import Basics
internal import Circuits
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import Partitioning
internal import Transport
internal import Wire

/// A network of the library on real core processes, with spikes recorded: what `synfire run` would take for it.
///
/// Times and rates are of the model time after a warm-up, so that the transient of the start is not in them.
struct CircuitMeasurement {
  /// The network's name in the library.
  var network: String
  /// The network's scale.
  var scale: Double
  /// Core processes.
  var cores: Int
  /// How spikes travel between them.
  var exchange = ExchangeKind.auto
  /// Model time after the warm-up in ms.
  var milliseconds: Double
  /// Model time of the warm-up in ms.
  var warmUpMilliseconds = 500.0

  /// The moment of a boundary of the model time: wall clock, and CPU time and most memory of cores and coordinator.
  private struct Mark {
    var model = 0.0
    var wall = MonotonicClock.nowNanoseconds()
    var processor: Int64
    var peakBytes: UInt64

    init(model: Double) {
      let cores = ChildProcesses.usage()
      self.model = model
      processor = ProcessClock.nowNanoseconds() + cores.processorNanoseconds
      peakBytes = CurrentProcess.usage.peakBytes + cores.peakBytes
    }
  }

  /// Runs, and returns the figures of the contract; `compare` gives what the kernel study measured.
  func measure(_ options: BenchmarkOptions, compare: (real: String?, memory: String?)) throws -> BenchmarkResult {
    let context = options.context
    let milliseconds = options.milliseconds ?? self.milliseconds
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var job = CircuitJob(
      source: .library(name: network, scale: scale),
      seed: options.seed,
      precision: options.precision,
      steps: 0,
      layouts: [],
      targetParts: []
    )
    let circuit = try job.circuit()
    let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
    try CircuitInput.refuse(CircuitInput.problems(of: plan, on: CircuitInput.chip("host")), file: network)
    job.steps = Int64(((warmUpMilliseconds + milliseconds) / circuit.stepMilliseconds).rounded())
    (job.layouts, job.targetParts) = (plan.layouts, plan.populationTargets)
    var log = context.log
    log.least = context.globals.verbose ? .info : .error
    let run = try CircuitRun(
      job: job,
      circuit: circuit,
      plan: plan,
      cores: cores,
      folder: folder,
      checkpointMilliseconds: nil,
      resume: false,
      exchange: exchange,
      log: log
    )
    var bar = context.progress("\(network) at scale \(scale)", total: warmUpMilliseconds + milliseconds, unit: "ms")
    let endMilliseconds = Double(job.steps) * circuit.stepMilliseconds - circuit.stepMilliseconds / 2
    var (first, last): (Mark?, Mark?)
    let outcome = try run.perform { model in
      bar.update(model)
      // To look at all processes takes time that belongs to none of them: only twice.
      if first == nil {
        if model >= warmUpMilliseconds { first = Mark(model: model) }
      } else if model >= endMilliseconds {
        last = Mark(model: model)
      }
    }
    bar.finish()
    guard outcome.code == 0 else {
      throw CommandFailure(outcome.code == 130 ? .interrupted : .failed, "\(network) ended early: \(outcome.reason)")
    }
    guard let first, let last, last.model > first.model else {
      throw CommandFailure(.failed, "\(network) ended before the warm-up was over; was it interrupted?")
    }
    var result = BenchmarkResult(scale: scale, cores: cores)
    let advised = try Partitioner.advisedCores(circuit: circuit, processors: Processors.usable)
    result.figures.add("advised_cores", title: "cores that 'run' would choose", .count(advised))
    result.figures.add("precision", .text(options.precision.rawValue))
    result.figures.add("seed", .count(Int(circuit.seed)))
    Self.add(to: &result.figures, outcome, circuit, from: first, to: last, compare)
    if circuit.recorders.isEmpty {
      // Of a network that is too large to record, the cores know how often all fired since the start.
      let spikes = outcome.cores.reduce(0) { $0 + $1.spikes }
      let rate = Double(spikes) / Double(circuit.neuronCount) / (outcome.modelMilliseconds / 1000)
      result.figures.add("mean_rate_hz", title: "mean rate since the start", .figure(rate, "Hz"))
    } else {
      let record = try FileText.bytes(of: "\(folder)/spikes.csv")
      let spikes = try SpikeStatistics(record: record, of: circuit, after: first.model, upTo: last.model)
      spikes.add(to: &result.figures, seconds: (last.model - first.model) / 1000)
    }
    return result
  }

  private static func add(
    to figures: inout Report,
    _ outcome: CircuitRun.Outcome,
    _ circuit: Circuit,
    from first: Mark,
    to last: Mark,
    _ compare: (real: String?, memory: String?)
  ) {
    let seconds = (last.model - first.model) / 1000
    let synapses = outcome.cores.reduce(0) { $0 + $1.synapses }
    figures.add("neurons", .count(circuit.neuronCount))
    figures.add("synapses", .count(Int(synapses)))
    figures.add("model_seconds", title: "model time measured", .figure(seconds, "s"))
    figures.add(
      "real_time_factor",
      title: "wall time per model time",
      .figure(Double(last.wall - first.wall) / 1e9 / seconds, "", compare: compare.real)
    )
    figures.add(
      "cpu_seconds_per_model_second",
      title: "CPU time per model time",
      .figure(Double(last.processor - first.processor) / 1e9 / seconds, "")
    )
    figures.add("build_seconds", title: "start and build", .figure(outcome.buildSeconds, "s"))
    figures.add(
      "bytes_per_synapse",
      title: "most memory of all processes per synapse",
      .figure(synapses > 0 ? Double(last.peakBytes) / Double(synapses) : 0, "B", compare: compare.memory)
    )
    figures.add("budget", heading: "time of each core per model time", budget(of: outcome, circuit))
  }

  /// Where the time of each core went, warm-up included.
  private static func budget(of outcome: CircuitRun.Outcome, _ circuit: Circuit) -> Table {
    var table = Table([
      Table.Column("core"), Table.Column("compute"), Table.Column("deliver"), Table.Column("exchange"),
      Table.Column("wait"), Table.Column("sent_bytes", title: "SENT", unit: "B/s"),
    ])
    let seconds = outcome.modelMilliseconds / 1000
    for (i, core) in outcome.cores.enumerated() {
      let times = [core.computeNanoseconds, core.deliverNanoseconds, core.exchangeNanoseconds, core.waitNanoseconds]
      table.append(
        [.count(i)] + times.map { .number(Double($0) / 1e9 / seconds, digits: 3) }
          + [.number(Double(core.sentBytes) / seconds, digits: 3)]
      )
    }
    return table
  }
}

/// The processes that this one has started and that still run.
enum ChildProcesses {
  /// Returns their CPU time to the nanosecond (`/proc/<pid>/task/<tid>/schedstat`), and the most memory each ever had, summed.
  static func usage() -> (processorNanoseconds: Int64, peakBytes: UInt64) {
    let files = FileManager.default
    // Of bytes, not of characters: it is read while what is measured runs.
    func fields(_ path: String) -> [Substring] {
      [UInt8](files.contents(atPath: path) ?? Data()).split { $0 <= UInt8(ascii: " ") }.map {
        Substring(decoding: $0, as: UTF8.self)
      }
    }
    func value(_ name: Substring, in status: [Substring]) -> UInt64? {
      status.firstIndex(of: name).flatMap { $0 + 1 < status.count ? UInt64(status[$0 + 1]) : nil }
    }
    var (nanoseconds, bytes): (Int64, UInt64) = (0, 0)
    for entry in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where Int32(entry) != nil {
      let status = fields("/proc/\(entry)/status")
      guard value("PPid:", in: status) == UInt64(CurrentProcess.pid) else { continue }
      bytes += (value("VmHWM:", in: status) ?? 0) * 1024
      for task in (try? files.contentsOfDirectory(atPath: "/proc/\(entry)/task")) ?? [] {
        nanoseconds += fields("/proc/\(entry)/task/\(task)/schedstat").first.flatMap { Int64($0) } ?? 0
      }
    }
    return (nanoseconds, bytes)
  }
}

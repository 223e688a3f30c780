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

  /// The moment of a boundary of the model time: wall clock, and CPU time of the cores and of the coordinator.
  private struct Mark {
    var model = 0.0
    var wall = MonotonicClock.nowNanoseconds()
    var processor = ProcessClock.nowNanoseconds() + ChildProcessors.nanoseconds()
  }

  /// Runs, and returns the figures of the contract; `compare` gives what the kernel study measured.
  func measure(_ context: CommandContext, compare: (real: String?, memory: String?)) throws -> BenchmarkResult {
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var job = CircuitJob(
      source: .library(name: network, scale: scale),
      seed: nil,
      precision: .single,
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
    var (first, last): (Mark?, Mark?)
    let outcome = try run.perform { model in
      bar.update(model)
      guard model >= warmUpMilliseconds else { return }
      last = Mark(model: model)
      if first == nil { first = last }
    }
    bar.finish()
    guard outcome.code == 0 else {
      throw CommandFailure(outcome.code == 130 ? .interrupted : .failed, "\(network) ended early: \(outcome.reason)")
    }
    guard let first, let last, last.model > first.model else {
      throw CommandFailure(.failed, "\(network) ended before the warm-up was over; was it interrupted?")
    }
    var result = BenchmarkResult(scale: scale, cores: cores)
    var spikes = outcome.populationSpikes.map { Double($0) }
    if circuit.recorders.isEmpty {
      // Too many spikes to write down: rates are those of all the model time, the warm-up included.
      let share = (last.model - first.model) / outcome.modelMilliseconds
      spikes = spikes.map { $0 * share }
    } else {
      spikes = try Self.spikes(of: circuit, in: "\(folder)/spikes.csv", after: first.model).map { Double($0) }
    }
    Self.add(to: &result.figures, outcome, circuit, from: first, to: last, spikes, compare)
    return result
  }

  /// Counts the recorded spikes of each population after a moment of the model time.
  private static func spikes(of circuit: Circuit, in file: String, after milliseconds: Double) throws -> [Int] {
    let table = try CSVTable(try FileText.bytes(of: file), file: file)
    let (time, neuron) = (try table.require("time_ms"), try table.require("neuron_id"))
    var populationOf: [Int] = []
    for (i, p) in circuit.populations.enumerated() { populationOf += Array(repeating: i, count: p.size) }
    var counts = [Int](repeating: 0, count: circuit.populations.count)
    for row in table.rows where try table.double(row, time) > milliseconds {
      counts[populationOf[try table.int(row, neuron) - 1]] += 1
    }
    return counts
  }

  private static func add(
    to figures: inout Report,
    _ outcome: CircuitRun.Outcome,
    _ circuit: Circuit,
    from first: Mark,
    to last: Mark,
    _ spikes: [Double],
    _ compare: (real: String?, memory: String?)
  ) {
    let seconds = (last.model - first.model) / 1000
    let synapses = outcome.cores.reduce(0) { $0 + $1.synapses }
    let memory = outcome.cores.reduce(0) { $0 + $1.residentBytes }
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
      title: "memory of all cores per synapse",
      .figure(synapses > 0 ? Double(memory) / Double(synapses) : 0, "B", compare: compare.memory)
    )
    figures.add("budget", heading: "time of each core per model time", budget(of: outcome, circuit))
    let rates = zip(circuit.populations, spikes).map { $1 / Double(max(1, $0.size)) / seconds }
    let mean = spikes.reduce(0, +) / Double(circuit.neuronCount) / seconds
    figures.add("mean_rate_hz", title: "mean rate", .figure(mean, "Hz"))
    let names = circuit.populations.map(\.name)
    figures.add(
      "rates_hz",
      title: "rates",
      Table.Cell(
        .object(zip(names, rates).map { JSONValue.Member($0, .number($1)) }),
        text: zip(names, rates).map { "\($0) \(NumberText.significant($1, digits: 3))" }.joined(separator: ", ") + " Hz"
      )
    )
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

/// CPU time of the processes that this one has started and that still run.
enum ChildProcessors {
  /// Returns their time in ns, to the nanosecond (`/proc/<pid>/task/<tid>/schedstat`).
  static func nanoseconds() -> Int64 {
    let files = FileManager.default
    func fields(_ path: String) -> [Substring] {
      String(decoding: files.contents(atPath: path) ?? Data(), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    }
    var sum: Int64 = 0
    for entry in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where Int32(entry) != nil {
      let status = fields("/proc/\(entry)/status")
      guard let i = status.firstIndex(of: "PPid:"), i + 1 < status.count,
        Int32(status[i + 1]) == CurrentProcess.pid
      else { continue }
      for task in (try? files.contentsOfDirectory(atPath: "/proc/\(entry)/task")) ?? [] {
        sum += fields("/proc/\(entry)/task/\(task)/schedstat").first.flatMap { Int64($0) } ?? 0
      }
    }
    return sum
  }
}

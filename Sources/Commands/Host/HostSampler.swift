public import Basics
internal import FoundationEssentials
internal import Glibc
public import Workloads

/// Turns what Linux tells in `/proc` into samples: one service per group of processes with one name, and `host`.
///
/// A group reports `cpu` (CPUs used since the last look, summed over its processes) and `memory` (resident bytes);
/// `host` reports `cpu`, `memory` in use, and `load` (processes that run or wait, mean over a minute). Kernel threads
/// are left out. The first look only counts from where the next one goes on.
public struct HostSampler {
  /// One process as `/proc/<pid>/stat` tells it.
  private struct Process {
    var name: String
    var startTicks: Int64
    var cpuTicks: Int64
    var residentBytes: Int64
  }

  private let proc: String
  private let instance: String
  private let groupLimit: Int
  private let ticksPerSecond: Double
  private let pageBytes: Int64
  private var before: [Int: Process] = [:]
  private var hostTicksBefore: Int64?
  private var lastMilliseconds: Int64 = 0
  private var reported: Set<String> = []

  /// Makes a sampler; `groups` limits how many groups are reported (those that use most; one once reported stays).
  public init(proc: String = "/proc", instance: String, groups: Int = 20) {
    (self.proc, self.instance, groupLimit) = (proc, instance, groups)
    ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    pageBytes = Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))
  }

  /// Looks once, at a moment of the monotonic clock, and returns samples stamped with a time of day, sorted by service.
  public mutating func look(nowMilliseconds: Int64, time: Timestamp) -> [Sample] {
    let processes = readProcesses()
    let hostTicks = readBusyTicks()
    defer {
      (before, hostTicksBefore, lastMilliseconds) = (processes, hostTicks, nowMilliseconds)
    }
    let seconds = Double(nowMilliseconds - lastMilliseconds) / 1000
    guard let hostTicksBefore, seconds > 0 else { return [] }

    var groups: [String: (ticks: Int64, bytes: Int64)] = [:]
    for (pid, process) in processes {
      // A process number that was given anew, or a process that is new, has used all of its time since the last look.
      var known: Int64 = 0
      if let old = before[pid], old.startTicks == process.startTicks { known = old.cpuTicks }
      groups[process.name, default: (0, 0)].ticks += max(0, process.cpuTicks - known)
      groups[process.name, default: (0, 0)].bytes += process.residentBytes
    }
    func cpus(_ ticks: Int64) -> Double { (Double(ticks) / ticksPerSecond / seconds * 1e4).rounded() / 1e4 }
    choose(from: groups)
    var samples = groups.filter { reported.contains($0.key) }.map { name, use in
      Sample(
        service: name,
        instance: instance,
        time: time,
        readings: [Sample.Reading("cpu", cpus(use.ticks)), Sample.Reading("memory", Double(use.bytes))]
      )
    }
    var host = [Sample.Reading("cpu", cpus(max(0, hostTicks - hostTicksBefore)))]
    if let load = readLoad() { host.append(Sample.Reading("load", load)) }
    if let memory = readMemoryInUse() { host.append(Sample.Reading("memory", memory)) }
    samples.append(Sample(service: "host", instance: instance, time: time, readings: host))
    return samples.sorted { $0.service.utf8.lexicographicallyPrecedes($1.service.utf8) }
  }

  /// Adds the groups that use most CPU, then memory, to those that are reported, up to the limit.
  private mutating func choose(from groups: [String: (ticks: Int64, bytes: Int64)]) {
    reported.formIntersection(groups.keys)
    let others = groups.filter { !reported.contains($0.key) && $0.value.bytes > 0 }.sorted { a, b in
      a.value.ticks != b.value.ticks
        ? a.value.ticks > b.value.ticks
        : a.value.bytes != b.value.bytes ? a.value.bytes > b.value.bytes : a.key < b.key
    }
    for (name, _) in others.prefix(max(0, groupLimit - reported.count)) { reported.insert(name) }
  }

  private func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: "\(proc)/\(path)").map { String(decoding: $0, as: UTF8.self) }
  }

  private func readProcesses() -> [Int: Process] {
    var processes: [Int: Process] = [:]
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? [] {
      // A process may end between the listing and the reading; then it is not there.
      guard let pid = Int(entry), let stat = text("\(pid)/stat"), let process = parse(stat) else { continue }
      processes[pid] = process
    }
    return processes
  }

  /// Reads `pid (name) state ppid …`; the name may hold spaces and parentheses (proc(5)).
  private func parse(_ stat: String) -> Process? {
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close else { return nil }
    let name = String(stat[stat.index(after: open)..<close])
    let fields = stat[stat.index(after: close)...].split(whereSeparator: \.isWhitespace)
    guard fields.count > 21, let user = Int64(fields[11]), let system = Int64(fields[12]),
      let start = Int64(fields[19]), let pages = Int64(fields[21])
    else { return nil }
    // Kernel threads are children of process 2; '*' stands for all services and 'host' for the whole machine.
    guard fields[1] != "2", fields[1] != "0" || pages > 0, NameRule.problem(with: name) == nil, name != "*" else {
      return nil
    }
    return Process(
      name: name == "host" ? "host (process)" : name,
      startTicks: start,
      cpuTicks: user + system,
      residentBytes: max(0, pages) * pageBytes
    )
  }

  /// Clock ticks in which any CPU did not idle, since the machine started: `cpu user nice system idle iowait …`.
  private func readBusyTicks() -> Int64 {
    let fields = text("stat")?.split(separator: "\n").first { $0.hasPrefix("cpu ") }?.split(separator: " ") ?? []
    let ticks = fields.dropFirst().prefix(8).compactMap { Int64($0) }
    return ticks.indices.filter { $0 != 3 && $0 != 4 }.reduce(0) { $0 + ticks[$1] }
  }

  private func readLoad() -> Double? { text("loadavg")?.split(separator: " ").first.flatMap { Double($0) } }

  private func readMemoryInUse() -> Double? {
    let memory = Self.memory(proc: proc)
    guard let total = memory["MemTotal"], let available = memory["MemAvailable"] else { return nil }
    return total - available
  }

  /// Bytes of this machine's memory, or nil where the system does not tell.
  public static func machineMemoryBytes() -> Double? { memory(proc: "/proc")["MemTotal"] }

  /// The lines of `meminfo` in bytes.
  private static func memory(proc: String) -> [String: Double] {
    guard let data = FileManager.default.contents(atPath: "\(proc)/meminfo") else { return [:] }
    var bytes: [String: Double] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
      if words.count >= 2, let kibibytes = Double(words[1]) { bytes[String(words[0])] = kibibytes * 1024 }
    }
    return bytes
  }
}

internal import Documents
internal import FoundationEssentials
internal import Glibc

/// What a figure was measured on; without it a figure says nothing.
struct Machine {
  /// The processor's name.
  var processor: String
  /// Processors that this system uses.
  var cores: Int
  /// Name and release of the kernel.
  var kernel: String
  /// Memory in bytes, where the system tells.
  var memoryBytes: Double?
  /// Processes that ran or waited in the last minute, where the system tells: above 1 or so, times are worse than need be.
  var load: Double?

  /// Looks at this machine.
  init() {
    func text(_ path: String) -> String {
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    let models = text("/proc/cpuinfo").split(separator: "\n").filter { $0.hasPrefix("model name") }
    let model = models.first?.split(separator: ":").dropFirst().joined(separator: ":")
    processor = model.map { String($0.drop(while: \.isWhitespace)) } ?? "unknown"
    cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let release = text("/proc/sys/kernel/osrelease").prefix { !$0.isWhitespace }
    kernel = "Linux \(release)"
    memoryBytes = HostSampler.machineMemoryBytes()
    load = text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) }
  }

  /// The machine for programs.
  var json: JSONValue {
    [
      "cpu": .string(processor), "cores": .integer(Int64(cores)), "kernel": .string(kernel),
      "memory_bytes": memoryBytes.map { .number($0) } ?? .null, "load": load.map { .number($0) } ?? .null,
    ]
  }

  /// The machine in one line.
  var description: String {
    var parts = [processor, "\(cores) cores", kernel]
    if let memoryBytes { parts.insert(NumberText.bytes(memoryBytes), at: 2) }
    if let load { parts.append("load \(NumberText.significant(load, digits: 3)) before") }
    return parts.joined(separator: ", ")
  }
}

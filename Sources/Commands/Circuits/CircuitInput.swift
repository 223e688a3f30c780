internal import Basics
internal import Circuits
internal import Documents
internal import Partitioning

/// Circuits and chip profiles as commands name them.
enum CircuitInput {
  /// Reads a circuit file, and the files that it names.
  static func circuit(_ file: String) throws -> Circuit {
    try CircuitFile.read(bytes: try FileText.bytes(of: file), file: file) { try FileText.bytes(of: $0) }
  }

  /// Finds a built-in chip profile by its name, or reads the file of one.
  static func chip(_ name: String) throws -> ChipProfile {
    if let profile = ChipProfile.named(name) { return profile }
    guard name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json") else {
      let hint = Spelling.hint(for: name, among: ChipProfile.builtIn.map(\.name))
      throw UsageError("--chip: there is no profile '\(name)'\(hint); a file of your own ends in .yaml")
    }
    return try ChipProfile.read(bytes: try FileText.bytes(of: name), file: name)
  }

  /// Returns what does not fit; on the profile of this machine its memory counts too.
  static func problems(of plan: PartitionPlan, on chip: ChipProfile) -> [CapacityProblem] {
    plan.fits(chip, machineMemoryBytes: chip.name == "host" ? HostSampler.machineMemoryBytes() : nil)
  }

  /// Throws when anything does not fit, telling the first few problems.
  static func refuse(_ problems: [CapacityProblem], file: String) throws {
    guard !problems.isEmpty else { return }
    let shown = problems.prefix(3).map(\.description)
    let more = problems.count > shown.count ? ["and \(problems.count - shown.count) more of this kind"] : []
    throw CommandFailure(.failed, "\(file) does not fit:\n" + (shown + more).map { "  " + $0 }.joined(separator: "\n"))
  }
}

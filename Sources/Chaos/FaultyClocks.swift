internal import FoundationEssentials
internal import Glibc

/// Clocks of processes that can be made to jump, one for each name: a library in front of the system's adds to the time of
/// day what stands in a file (`ClockShift`).
public struct FaultyClocks {
  private let library: String
  private let folder: String

  /// Keeps the files in a folder; nil where the library was not built beside a program.
  public init?(beside program: String, in folder: String) {
    guard let slash = program.lastIndex(of: "/") else { return nil }
    (library, self.folder) = ("\(program[..<slash])/libsynfire-clock.so", folder)
    guard FileManager.default.fileExists(atPath: library) else { return nil }
  }

  /// The environment of a process that has the clock of a name.
  public func environment(for name: String) throws -> [String: String] {
    try set(name, to: 0)
    return ["LD_PRELOAD": library, "SYNFIRE_CLOCK_SHIFT": path(name)]
  }

  /// What stands behind `env` so that it starts such a process.
  func words(for name: String) throws -> [String] {
    try environment(for: name).map { "\($0.key)=\($0.value)" }.sorted()
  }

  /// Sets a clock to so many seconds from the system's, at once and for all processes that have it.
  public func set(_ name: String, to seconds: Int) throws {
    let file = unsafe open(path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ChaosError("cannot write \(path(name))") }
    defer { close(file) }
    var value = Int64(seconds)
    guard unsafe pwrite(file, &value, 8, 0) == 8 else { throw ChaosError("cannot write \(path(name))") }
  }

  private func path(_ name: String) -> String { "\(folder)/clock-\(name)" }
}

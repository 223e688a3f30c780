internal import Basics
internal import FoundationEssentials
internal import Glibc

/// A fresh folder with a path short enough for sockets, on a small disk of its own where that is wanted and possible.
final class ChaosFolder {
  /// Where it is.
  let path: String
  /// Whether a folder `redis` or `records` in it can be filled up.
  let hasOwnDisk: Bool

  /// Size of the small disk.
  private static let diskMegabytes = 768

  init(hasOwnDisk: Bool) throws {
    path = "/tmp/synfire-chaos-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    self.hasOwnDisk = hasOwnDisk
    guard hasOwnDisk else { return }
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    guard Self.mount(at: disk) else { throw ChaosError("a small disk cannot be mounted at \(disk)") }
  }

  /// Whether this user may mount one.
  static let canHaveDisk: Bool = {
    guard CurrentProcess.userID == 0 else { return false }
    let probe = "/tmp/synfire-chaos-probe-\(CurrentProcess.pid)"
    try? FileManager.default.createDirectory(atPath: probe, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: probe) }
    guard mount(at: probe) else { return false }
    unmount(probe)
    return true
  }()

  private static func mount(at path: String) -> Bool {
    run("mount", ["-t", "tmpfs", "-o", "size=\(diskMegabytes)m,mode=700", "none", path])
  }

  private static func unmount(_ path: String) { _ = run("umount", ["-l", path]) }

  private static func run(_ program: String, _ words: [String]) -> Bool {
    guard let child = try? ChildProcess(program, words, output: .discarded) else { return false }
    return child.wait() == .exited(code: 0)
  }

  /// The small disk.
  var disk: String { "\(path)/disk" }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)))
    return file(name)
  }

  func read(_ name: String) throws -> String { try String(contentsOf: URL(filePath: file(name)), encoding: .utf8) }

  /// The length of a file; 0 where there is none.
  static func length(of path: String) -> UInt64 {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 ? UInt64(facts.st_size) : 0
  }

  /// Fills the small disk to the last byte.
  func fill() throws {
    let filler = unsafe open("\(disk)/filler", O_WRONLY | O_CREAT, 0o600)
    guard filler >= 0 else { throw ChaosError("cannot fill \(disk)") }
    defer { close(filler) }
    // Large pieces first, then what is left of it.
    for size in [1 << 20, 4096, 1] {
      let zeros = [UInt8](repeating: 0, count: size)
      while unsafe Glibc.write(filler, zeros, size) == size {}
    }
  }

  /// Makes room again.
  func makeRoom() { try? FileManager.default.removeItem(atPath: "\(disk)/filler") }

  /// Removes it with everything in it; the logs are kept where somebody wants them.
  func remove(keepingLogsIn kept: String? = nil) {
    if let kept {
      let target = "\(kept)/\(path.split(separator: "/").last ?? "")"
      try? FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name.hasSuffix(".log") {
        try? FileManager.default.copyItem(atPath: file(name), toPath: "\(target)/\(name)")
      }
    }
    if hasOwnDisk { Self.unmount(disk) }
    try? FileManager.default.removeItem(atPath: path)
  }
}

internal import CLinux

/// A process of this machine, told apart from those that had its number before or get it later.
public struct ProcessIdentity: Equatable, Sendable {
  /// The boot of the machine and the namespace that its number belongs to.
  private let world: String
  private let pid: Int32
  /// When it started, in ticks since the boot.
  private let start: String

  /// This process; nil where /proc does not tell.
  public static var current: ProcessIdentity? {
    guard let world = here, let (_, start) = state(of: CurrentProcess.pid) else { return nil }
    return ProcessIdentity(world: world, pid: CurrentProcess.pid, start: start)
  }

  private init(world: String, pid: Int32, start: String) {
    (self.world, self.pid, self.start) = (world, pid, start)
  }

  /// Reads what `text` wrote.
  public init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 3, let pid = Int32(words[1]) else { return nil }
    self.init(world: String(words[0]), pid: pid, start: String(words[2]))
  }

  /// One line for others to find it by.
  public var text: String { "\(world) \(pid) \(start)" }

  /// Whether it is known to have ended: true only where this process would see it if it ran.
  public var hasEnded: Bool {
    guard let here = Self.here else { return false }
    // Another boot of this machine has another identity, too, but so has another machine.
    guard here == world else { return false }
    guard let (letter, start) = Self.state(of: pid) else { return true }
    return start != self.start || letter == "Z" || letter == "X"
  }

  /// Boot and namespace of processes.
  private static var here: String? {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = unsafe readlink("/proc/self/ns/pid", &buffer, buffer.count)
    guard count > 0, let boot = read("/proc/sys/kernel/random/boot_id") else { return nil }
    let space = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(boot.filter { !$0.isWhitespace })/\(space)"
  }

  /// State and start of a process; nil when there is none of this number.
  private static func state(of pid: Int32) -> (letter: Substring, start: String)? {
    // The name in parentheses may hold anything; what follows the last one is in fixed places.
    guard let line = read("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? (fields[0], String(fields[19])) : nil
  }

  private static func read(_ path: String) -> String? {
    let file = unsafe synfire_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe CLinux.read(file, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }
}

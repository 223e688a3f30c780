internal import Basics

/// The names under which one process shares memory with others: its doorbell, and a ring for each process that writes to it.
///
/// `<folder>/synfire-<user>-<number>` is the doorbell, which its process holds locked as long as it lives;
/// `<doorbell>.<number>` is the ring that the process with this number writes to. Numbers are random, so nothing that is
/// left of a former process can be taken for something of this one.
final class SharedFolder {
  /// The doorbell, made and locked.
  let bell: Doorbell
  /// Number of this process.
  let number: String
  private let lock: FileLock

  private static var prefix: String { "synfire-\(CurrentProcess.userID)-" }

  /// Removes what dead processes left in a folder, and makes a doorbell there.
  init(_ folder: String) throws(SystemError) {
    Self.removeLeftovers(in: folder)
    for _ in 0..<20 {
      let number = String(UInt64.random(in: .min ... .max), radix: 36)
      let bell = try Doorbell.create(path: "\(folder)/\(Self.prefix)\(number)")
      // Before it is locked a process that cleans up may take it for a leftover; then it is another one by now, or gone.
      if let lock = try FileLock(path: bell.path), Doorbell.open(path: bell.path) != nil {
        (self.bell, self.number, self.lock) = (bell, number, lock)
        return
      }
      bell.remove()
    }
    throw SystemError(operation: "lock of a doorbell in \(folder)", code: 11)
  }

  deinit { Self.remove(bell.path) }

  /// The ring from the process with a number to the one with a doorbell.
  static func ringPath(to bell: String, from number: String) -> String { "\(bell).\(number)" }

  /// The number in the path of a doorbell.
  static func number(inPath path: String) -> String? { path.split(separator: "-").last.map(String.init) }

  /// Removes the doorbells and rings of this user's processes that no longer run.
  static func removeLeftovers(in folder: String) {
    var bells: Set<String> = []
    for name in namesInFolder(folder) where name.hasPrefix(prefix) {
      bells.insert(name.split(separator: ".").first.map(String.init) ?? name)
    }
    for bell in bells {
      guard let lock = try? FileLock(path: "\(folder)/\(bell)") else { continue }
      withExtendedLifetime(lock) { remove("\(folder)/\(bell)") }
    }
  }

  /// Removes a doorbell with its rings; the doorbell last, so that rings without one are always leftovers.
  private static func remove(_ bell: String) {
    guard let slash = bell.lastIndex(of: "/") else { return }
    let (folder, name) = (bell[..<slash], bell[bell.index(after: slash)...])
    for ring in namesInFolder(String(folder)) where ring.hasPrefix(name + ".") { removeFile("\(folder)/\(ring)") }
    removeFile(bell)
  }
}

internal import CLinux

/// A file that one process at a time holds locked; the system unlocks it when that process ends, however it ends.
public final class FileLock: Sendable {
  /// The file.
  public let path: String
  private let descriptor: Int32

  /// Locks a file, which is made if needed, or returns nil when another process or another lock here holds it.
  ///
  /// - Throws: `SystemError` when the file cannot be made.
  public init?(path: String) throws(SystemError) {
    let descriptor = unsafe synfire_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .current(during: "open of \(path)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit { close(descriptor) }
}

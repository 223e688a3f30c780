internal import CLinux

/// Keeps files bounded that other processes append to.
public enum LogFile {
  /// Bytes beyond which a log is cut.
  public static let mostBytes = 16 << 20

  /// Cuts a file that has more than so many bytes and returns whether it did.
  ///
  /// The last half of them moves to a file of the same name with `.1` behind it, which replaces the one there, and the
  /// file begins anew. Who appends to it (O_APPEND) goes on at its start; a line of just then may be lost. So a log and
  /// what is left of it take one and a half times the bound, and what was written since the last look.
  @discardableResult
  public static func trim(_ path: String, most: Int = mostBytes) throws(SystemError) -> Bool {
    let file = unsafe synfire_open(path, O_RDWR | O_CLOEXEC, 0)
    guard file >= 0 else {
      if synfire_errno() == ENOENT { return false }
      throw .current(during: "open \(path)")
    }
    defer { close(file) }
    let count = Int(lseek(file, 0, SEEK_END))
    guard count > most else { return false }
    var kept = [UInt8](repeating: 0, count: most / 2)
    let read = unsafe kept.withUnsafeMutableBytes {
      unsafe pread(file, $0.baseAddress, $0.count, off_t(count - most / 2))
    }
    guard read >= 0 else { throw .current(during: "read \(path)") }
    kept.removeLast(kept.count - read)
    // What is kept begins with a whole line.
    if let end = kept.firstIndex(of: UInt8(ascii: "\n")) { kept.removeFirst(end + 1) }
    let former = try OutputFile(path: "\(path).1")
    try former.truncate(to: 0)
    try former.append(kept)
    try former.flush()
    guard ftruncate(file, 0) == 0 else { throw .current(during: "truncate \(path)") }
    return true
  }
}

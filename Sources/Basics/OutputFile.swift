internal import CLinux

/// A file that grows at its end and can be cut back, as records under rollback need.
public final class OutputFile {
  private let descriptor: CInt
  private let path: String
  private var buffer: [UInt8] = []
  /// Bytes written so far, those still buffered included.
  public private(set) var count: Int

  /// Opens or makes a file; what stands in it stays until it is cut back.
  public init(path: String) throws(SystemError) {
    descriptor = unsafe synfire_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .current(during: "open \(path)", advice: "name a folder that exists and is writable with --out")
    }
    self.path = path
    count = Int(lseek(descriptor, 0, SEEK_END))
  }

  deinit { close(descriptor) }

  /// Appends text.
  public func append(_ text: String) throws(SystemError) {
    try append(Array(text.utf8))
  }

  /// Appends bytes.
  public func append(_ bytes: [UInt8]) throws(SystemError) {
    buffer.append(contentsOf: bytes)
    count += bytes.count
    if buffer.count >= 1 << 18 { try flush() }
  }

  /// Hands everything to the system.
  public func flush() throws(SystemError) {
    var start = 0
    while start < buffer.count {
      let n = unsafe buffer.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start)
      }
      if n < 0, synfire_errno() == EINTR { continue }
      guard n > 0 else {
        buffer.removeFirst(start)
        throw .current(during: "write \(path)", advice: "make room on the disk; nothing that was written is lost")
      }
      start += n
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Cuts the file back to its first bytes.
  public func truncate(to bytes: Int) throws(SystemError) {
    try flush()
    guard ftruncate(descriptor, off_t(bytes)) == 0, lseek(descriptor, off_t(bytes), SEEK_SET) >= 0 else {
      throw .current(during: "truncate \(path) to \(bytes) bytes")
    }
    count = bytes
  }
}

internal import Glibc

/// Byte streams over Unix sockets, none of which ever waits.
enum UnixStream {
  /// Listens at a path, which must be free; nil when it cannot.
  static func listen(at path: String) -> Int32? {
    guard let made = open() else { return nil }
    let answer = unsafe withAddress(of: path) { address, size in unsafe bind(made, address, size) }
    guard answer == 0, Glibc.listen(made, 64) == 0 else {
      close(made)
      return nil
    }
    return made
  }

  /// Connects to a path; nil when nobody listens there.
  static func connect(to path: String) -> Int32? {
    guard let made = open() else { return nil }
    guard unsafe withAddress(of: path, { address, size in unsafe Glibc.connect(made, address, size) }) == 0 else {
      close(made)
      return nil
    }
    return made
  }

  /// Takes a connection that waits.
  static func accept(_ listener: Int32) -> Int32? {
    let taken = Glibc.accept(listener, nil, nil)
    guard taken >= 0 else { return nil }
    _ = fcntl(taken, F_SETFL, O_NONBLOCK)
    return taken
  }

  /// The process at the other end.
  static func peer(of stream: Int32) -> Int32 {
    // struct ucred: process, user, group.
    var facts: [Int32] = [0, 0, 0]
    var size = socklen_t(12)
    return unsafe getsockopt(stream, SOL_SOCKET, SO_PEERCRED, &facts, &size) == 0 ? facts[0] : 0
  }

  /// Reads what is there: nil at the end of the stream, nothing when there is nothing yet.
  static func read(_ stream: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe Glibc.read(stream, &buffer, buffer.count)
    if count > 0 { return Array(buffer.prefix(count)) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? [] : nil
  }

  /// Writes what is taken and removes it from the front; false when the stream is broken.
  static func write(_ bytes: inout [UInt8], to stream: Int32) -> Bool {
    guard !bytes.isEmpty else { return true }
    let count = unsafe send(stream, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    bytes.removeFirst(count)
    return true
  }

  private static func open() -> Int32? {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let made = socket(AF_UNIX, kind, 0)
    return made >= 0 ? made : nil
  }

  private static func withAddress(
    of path: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let room = unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
      guard bytes.count < place.count else { return false }
      unsafe place.copyBytes(from: bytes)
      return true
    }
    guard room else { return -1 }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

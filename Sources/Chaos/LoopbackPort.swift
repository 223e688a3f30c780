internal import Glibc

/// Ports of 127.0.0.1.
enum LoopbackPort {
  /// One that nobody listens at; until somebody does, the system gives it to nobody else for some time.
  static func free() throws -> Int32 {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard made >= 0 else { throw ChaosError("no socket can be made") }
    defer { close(made) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(made, $0, size) == 0 && getsockname(made, $0, &size) == 0
      }
    }
    guard isBound else { throw ChaosError("no port of 127.0.0.1 can be bound") }
    return Int32(UInt16(bigEndian: address.sin_port))
  }
}

import Basics
import Foundation
import Testing
import Transport

/// A fresh folder for the time of a test; a suite holds it, because a variable may end at its last use.
final class Folder {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.path + "/synfire-\(UInt64.random(in: 0 ... .max))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func ipc(_ name: String) -> String { "ipc://\(path)/\(name)" }
}

/// Calls a body until it returns something or five seconds are over.
func eventually<Found>(_ body: () throws -> Found?) throws -> Found? {
  let end = MonotonicClock.nowMilliseconds() + 5000
  while MonotonicClock.nowMilliseconds() < end {
    if let found = try body() { return found }
    usleep(1000)
  }
  return nil
}

/// A plain connection to a Unix socket or a port of this machine, to send what no ZeroMQ peer would.
func rawConnection(_ endpoint: String) -> Int32 {
  if endpoint.hasPrefix("ipc://") {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(endpoint.dropFirst(6).utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    let answer = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return answer == 0 ? descriptor : -1
  }
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = (UInt16(endpoint.split(separator: ":").last ?? "") ?? 0).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let answer = unsafe withUnsafePointer(to: &address) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  return answer == 0 ? descriptor : -1
}

func rawSend(_ bytes: [UInt8], to descriptor: Int32) {
  _ = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
}

/// CPU time of the calling thread.
func threadNanoseconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

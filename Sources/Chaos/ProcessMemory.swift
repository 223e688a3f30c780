internal import FoundationEssentials
internal import Glibc

/// The memory of another process that nobody else shares, in which single bits are flipped.
final class ProcessMemory {
  private let descriptor: CInt
  private let pid: Int32

  /// Opens it; nil where this user may not.
  init?(of pid: Int32) {
    self.pid = pid
    descriptor = unsafe open("/proc/\(pid)/mem", O_RDWR | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// All that it writes to and shares with nobody: stacks and heaps.
  private func regions() -> [Range<UInt64>] {
    let text = FileManager.default.contents(atPath: "/proc/\(pid)/maps").map { String(decoding: $0, as: UTF8.self) }
    return (text ?? "").split(separator: "\n").compactMap { line in
      // Addresses, rights, offset, device, inode, name.
      let words = line.split(separator: " ")
      let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard words.count >= 5, ends.count == 2, ends[0] < ends[1], words[1].hasPrefix("rw"), words[4] == "0" else {
        return nil
      }
      return ends[0]..<ends[1]
    }
  }

  /// A copy of it, region by region.
  func copy() -> [(address: UInt64, bytes: [UInt8])] {
    regions().map { region in (region.lowerBound, read(region.lowerBound, count: Int(region.count))) }
  }

  /// Reads from an address on; less where the rest cannot be read.
  func read(_ address: UInt64, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = unsafe pread(descriptor, &bytes, count, off_t(address))
    bytes.removeLast(count - max(0, found))
    return bytes
  }

  /// Flips bits of a byte; false when it cannot be written.
  func flip(_ bits: UInt8, at address: UInt64) -> Bool {
    guard var byte = read(address, count: 1).first else { return false }
    byte ^= bits
    return unsafe pwrite(descriptor, &byte, 1, off_t(address)) == 1
  }
}

/// Looks for bytes where numbers of four bytes lie.
enum MemorySearch {
  /// Where, in steps of four bytes, a pattern of at least eight bytes begins.
  static func places(of pattern: [UInt8], in bytes: [UInt8]) -> [Int] {
    guard bytes.count >= pattern.count else { return [] }
    var found: [Int] = []
    unsafe bytes.withUnsafeBytes { all in
      unsafe pattern.withUnsafeBytes { wanted in
        let first = unsafe wanted.loadUnaligned(as: UInt64.self)
        var place = 0
        while place + wanted.count <= all.count {
          if unsafe all.loadUnaligned(fromByteOffset: place, as: UInt64.self) == first,
            unsafe all[place..<place + wanted.count].elementsEqual(wanted)
          {
            found.append(place)
          }
          place += 4
        }
      }
    }
    return found
  }
}

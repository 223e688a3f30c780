internal import Glibc

/// A block of zeroed memory of fixed size, on a boundary of 64 bytes; big blocks lie in huge pages where the system grants them.
///
/// Hot loops take `base`; everything else goes through the subscript, which checks bounds.
@safe
struct Column<Element: BitwiseCopyable>: ~Copyable {
  /// The first element; valid as long as the column lives.
  let base: UnsafeMutablePointer<Element>
  /// The number of elements.
  let count: Int
  // The whole mapping of a big block; nil for a small one, which `free` takes back.
  private let mapping: UnsafeMutableRawBufferPointer?

  private static var hugePage: Int { 2 << 20 }

  /// Allocates zeroed elements.
  init(_ count: Int) {
    self.count = count
    let bytes = max(1, count * MemoryLayout<Element>.stride)
    // Without memory there is nothing to go on with: the process ends, and the cluster goes on from its checkpoint elsewhere.
    if bytes < 2 * Self.hugePage {
      unsafe mapping = nil
      var block: UnsafeMutableRawPointer?
      let result = unsafe posix_memalign(&block, 64, bytes)
      guard result == 0, let block = unsafe block else { fatalError("no memory for a block of \(bytes) bytes") }
      unsafe memset(block, 0, bytes)
      unsafe base = block.bindMemory(to: Element.self, capacity: count)
    } else {
      // Whole huge pages are only used from their boundary on: map one more and begin at the first boundary.
      let mappedBytes = bytes + Self.hugePage
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      let mapped = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
      guard unsafe mapped != MAP_FAILED, let mapped = unsafe mapped else {
        fatalError("no memory for a block of \(bytes) bytes")
      }
      unsafe mapping = UnsafeMutableRawBufferPointer(start: mapped, count: mappedBytes)
      let start = unsafe mapped.alignedUp(toMultipleOf: Self.hugePage)
      // The rest beyond the last whole huge page stays in small ones: nothing is rounded up to 2 MB.
      _ = unsafe madvise(start, bytes / Self.hugePage * Self.hugePage, MADV_HUGEPAGE)
      unsafe base = start.bindMemory(to: Element.self, capacity: count)
    }
  }

  deinit {
    if let mapping = unsafe mapping {
      unsafe munmap(mapping.baseAddress, mapping.count)
    } else {
      unsafe free(base)
    }
  }

  /// The bytes taken.
  var bytes: Int { count * MemoryLayout<Element>.stride }

  /// An element.
  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    nonmutating set {
      precondition(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
  }
}

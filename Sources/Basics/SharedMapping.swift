internal import CLinux

/// A file of a fixed size that several processes of one machine have in their memory.
///
/// All of its pages exist from the start, so that a full file system is found out here and not by a signal later.
@safe public final class SharedMapping: @unchecked Sendable {
  // Unchecked: the address never changes, and whoever reads and writes behind it says by what rule.

  /// The file.
  public let path: String
  /// The number of bytes.
  public let count: Int
  /// The first byte, at the beginning of a page.
  @unsafe public let base: UnsafeMutableRawPointer

  private init(_ path: String, _ count: Int, _ descriptor: Int32) throws(SystemError) {
    defer { close(descriptor) }
    let address = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address = unsafe address, unsafe address != UnsafeMutableRawPointer(bitPattern: -1) else {
      throw .current(during: "mmap of \(path)")
    }
    (self.path, self.count) = (path, count)
    unsafe base = address
  }

  deinit { unsafe munmap(base, count) }

  /// Makes a new file of zeros that only this user may open.
  ///
  /// - Throws: `SystemError` when there is one already, or no room for it.
  public static func create(path: String, count: Int) throws(SystemError) -> SharedMapping {
    let descriptor = unsafe synfire_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .current(during: "creation of \(path)") }
    let code = posix_fallocate(descriptor, 0, count)
    guard code == 0 else {
      close(descriptor)
      unsafe unlink(path)
      throw SystemError(operation: "reservation of \(count) bytes for \(path)", code: code)
    }
    do { return try SharedMapping(path, count, descriptor) } catch {
      unsafe unlink(path)
      throw error
    }
  }

  /// Opens the file of another process.
  ///
  /// - Throws: `SystemError` when there is none, or its size is not among those expected.
  public static func open(path: String, counts: ClosedRange<Int>) throws(SystemError) -> SharedMapping {
    let descriptor = unsafe synfire_open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0)
    guard descriptor >= 0 else { throw .current(during: "open of \(path)") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, counts.contains(Int(status.st_size)) else {
      close(descriptor)
      throw SystemError(operation: "open of \(path), of \(status.st_size) bytes", code: EINVAL)
    }
    return try SharedMapping(path, Int(status.st_size), descriptor)
  }

  /// Takes the file's name away; the memory lasts as long as somebody has it.
  public func remove() { unsafe unlink(path) }
}

/// The names in a folder, in no order; none when it cannot be read.
public func namesInFolder(_ path: String) -> [String] {
  guard let folder = unsafe opendir(path) else { return [] }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    names.append(
      unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
    )
  }
  return names
}

/// Takes a file's name away; nothing happens when there is none.
public func removeFile(_ path: String) { unsafe unlink(path) }

/// A word in shared memory on which threads of any process sleep until another changes it: futex(2).
@safe public struct SharedWord: @unchecked Sendable {
  // Unchecked: the word is only changed by atomic operations, the mapping lasts as long as this value.
  private let mapping: SharedMapping
  private let word: UnsafeMutablePointer<UInt32>

  /// Takes the word at an offset of a mapping.
  public init(_ mapping: SharedMapping, at offset: Int) {
    precondition(offset % 4 == 0 && offset >= 0 && offset + 4 <= mapping.count)
    self.mapping = mapping
    unsafe word = (mapping.base + offset).assumingMemoryBound(to: UInt32.self)
  }

  /// Sleeps while the word has a value, at most a time; may return early.
  public func wait(while expected: UInt32, nanoseconds: Int64) {
    unsafe synfire_futex_wait(word, expected, max(0, nanoseconds))
  }

  /// Wakes all that sleep on the word.
  public func wake() { unsafe synfire_futex_wake(word) }
}

/// What a loop that waits for another processor should know and say.
public enum Processors {
  /// Tells the processor that this is such a loop, for some ten ns.
  public static func pause() { synfire_pause() }

  /// How many this process may use, at least 1.
  public static var usable: Int { max(1, Int(synfire_usable_processors())) }
}

/// What tells this machine, since it was started, from every other.
public enum HostIdentity {
  /// Digest of the kernel's boot id; the host's name stands in where there is none.
  public static let digest: UInt64 = {
    var bytes = [UInt8](repeating: 0, count: 64)
    let file = unsafe synfire_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0)
    var count = 0
    if file >= 0 {
      count = unsafe max(0, read(file, &bytes, bytes.count))
      close(file)
    }
    var digest = Digest64()
    digest.combine(bytes: count > 0 ? Array(bytes.prefix(count)) : Array(CurrentProcess.host.utf8))
    return digest.value
  }()
}

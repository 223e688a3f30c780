internal import CLinux

/// What this process is and uses.
public enum CurrentProcess {
  /// Its number.
  public static var pid: Int32 { getpid() }

  /// The user it runs as.
  public static var userID: UInt32 { getuid() }

  /// The name of the machine.
  public static var host: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The path of the running program.
  public static var programPath: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let n = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    return n > 0 ? String(decoding: buffer.prefix(n).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  /// Becomes another program, which keeps this process's number and parent; returns only when that fails.
  public static func become(_ words: [String]) -> SystemError {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
    if let file = unsafe pointers[0] { _ = unsafe execvp(file, &pointers) }
    let error = SystemError.current(during: "start of \(words.first ?? "")")
    unsafe pointers.forEach { unsafe free($0) }
    return error
  }

  /// Memory in use, from /proc/self/statm, and its peak.
  public static var usage: (residentBytes: UInt64, peakBytes: UInt64) {
    var r = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &r)
    let peak = UInt64(r.ru_maxrss) * 1024
    let file = unsafe synfire_open("/proc/self/statm", O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else { return (peak, peak) }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let n = unsafe read(file, &buffer, buffer.count)
    let fields = String(decoding: buffer.prefix(max(0, n)), as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = UInt64(fields[1]) else { return (peak, peak) }
    return (pages * UInt64(sysconf(CInt(_SC_PAGESIZE))), peak)
  }
}

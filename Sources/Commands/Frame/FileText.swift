internal import Basics
internal import FoundationEssentials
internal import Glibc

/// Whole files, with errors that carry the exit code.
enum FileText {
  /// Reads a file of at most `InputFile.mostBytes`, or standard input for `-`.
  ///
  /// - Throws: `CommandFailure` with exit code 3 when there is no such file, 1 when it cannot be read or is too large.
  static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
    do {
      return try InputFile.bytes(of: path == "-" ? "/dev/stdin" : path)
    } catch {
      if case .missing = error { throw CommandFailure(.notFound, "\(error)") }
      throw CommandFailure(.failed, "\(error)")
    }
  }

  /// Writes a whole file, so that a reader sees the old one or the new one.
  static func write(_ text: String, to path: String) throws(CommandFailure) {
    do {
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(.failed, "the file '\(path)' cannot be written: \(error)")
    }
  }

  /// Adds a text at the end of a file, which is made where it is not there; one call is one write, so lines stay whole.
  static func append(_ text: String, to path: String) throws(CommandFailure) {
    func failure(_ error: CInt) -> CommandFailure {
      CommandFailure(.failed, "the file '\(path)' cannot be written: \(SystemError.text(of: error))")
    }
    guard let file = unsafe fopen(path, "ae") else { throw failure(errno) }
    unsafe setvbuf(file, nil, _IOFBF, text.utf8.count + 1)
    let isWritten = unsafe fputs(text, file) >= 0
    let isKept = unsafe fclose(file) == 0
    guard isWritten, isKept else { throw failure(errno) }
  }
}

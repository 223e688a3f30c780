internal import Basics
internal import FoundationEssentials
internal import Glibc

/// Whole files, with errors that carry the exit code.
enum FileText {
  /// Reads a file, or standard input for `-`.
  ///
  /// - Throws: `CommandFailure` with exit code 3 when there is no such file, 1 when it cannot be read.
  static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
    let path = path == "-" ? "/dev/stdin" : path
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CommandFailure(.notFound, "there is no file '\(path)'")
    }
    guard !isFolder else { throw CommandFailure(.failed, "'\(path)' is a folder; a file is wanted") }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(.failed, "the file '\(path)' cannot be read; is it yours to read?")
    }
    return Array(data)
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

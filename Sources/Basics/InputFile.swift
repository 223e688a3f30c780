internal import CLinux

/// Reads whole files, none larger than a bound: whoever names a disk, a device or a log by mistake gets a sentence.
public enum InputFile {
  /// The most bytes that are read of a file unless the caller says otherwise: 1 GiB, as of one that is unpacked.
  public static let mostBytes = 1 << 30

  /// Reads a file, pipe or device to its end.
  ///
  /// A file that is too large is refused before anything is read of it; of what does not tell its size one byte more than
  /// the bound is read.
  public static func bytes(of path: String, most: Int = mostBytes) throws(InputFileError) -> [UInt8] {
    let file = unsafe synfire_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard file >= 0 else {
      if synfire_errno() == ENOENT || synfire_errno() == ENOTDIR { throw .missing(path: path) }
      throw .unreadable(path: path, .current(during: "open \(path)"))
    }
    defer { close(file) }
    var facts = stat()
    guard unsafe fstat(file, &facts) == 0 else { throw .unreadable(path: path, .current(during: "stat \(path)")) }
    let kind = facts.st_mode & mode_t(S_IFMT)
    guard kind != mode_t(S_IFDIR) else { throw .folder(path: path) }
    let size = kind == mode_t(S_IFREG) ? Int(facts.st_size) : 0
    guard size <= most else { throw .tooLarge(path: path, bytes: size, most: most) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var piece = [UInt8](repeating: 0, count: min(most + 1, 1 << 20))
    while true {
      let room = min(piece.count, most + 1 - bytes.count)
      let count = unsafe piece.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, room) }
      if count == 0 { return bytes }
      if count < 0, synfire_errno() == EINTR { continue }
      guard count > 0 else { throw .unreadable(path: path, .current(during: "read \(path)")) }
      bytes += piece.prefix(count)
      guard bytes.count <= most else { throw .tooLarge(path: path, bytes: nil, most: most) }
    }
  }
}

/// Why a file was not read.
public enum InputFileError: Error, Equatable, CustomStringConvertible {
  /// There is none.
  case missing(path: String)
  /// It is a folder.
  case folder(path: String)
  /// The system does not let it be read.
  case unreadable(path: String, SystemError)
  /// It has more bytes than are read; nil where they end is not known.
  case tooLarge(path: String, bytes: Int?, most: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .missing(let path): "there is no file '\(path)'"
    case .folder(let path): "'\(path)' is a folder; a file is wanted"
    case .unreadable(let path, let error):
      "the file '\(path)' cannot be read (\(SystemError.text(of: error.code))); is it yours to read?"
    case .tooLarge(let path, let bytes, let most):
      "the file '\(path)' has \(bytes.map { "\($0)" } ?? "more") bytes"
        + (bytes == nil ? " than the \(most) that are read of one" : ", and at most \(most) are read of one")
        + "; cut it into several, or name another"
    }
  }
}

internal import Basics
internal import FoundationEssentials

/// A file that remembers, outside the store, that a run was begun: a store that was emptied must not look like a new one.
public struct RunMarker: Sendable {
  /// The file.
  public let path: String

  /// Names the file of a run of a store in a folder.
  public init(folder: String, run: String, store: String) {
    path = "\(folder)/begun-\(String(Digest64.of("\(run) \(store)".utf8), radix: 16))"
  }

  /// Whether the run was begun.
  public var isThere: Bool { FileManager.default.fileExists(atPath: path) }

  /// Notes that it was; without the folder, as on another machine, nothing is remembered.
  public func write() {
    guard !isThere else { return }
    try? Data().write(to: URL(filePath: path))
  }
}

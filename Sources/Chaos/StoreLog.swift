internal import Basics
internal import FoundationEssentials
internal import Glibc

/// The append-only file of a Redis server and how long it was when, to cut off what a disk would have lost.
struct StoreLog {
  private let folder: String
  private var lengths: [(milliseconds: Int64, name: String, bytes: UInt64)] = []
  private var nextLook: Int64 = 0

  /// Watches the file in a server's folder.
  init(folder: String) { self.folder = "\(folder)/appendonlydir" }

  /// Looks once, at most every 50 ms.
  mutating func look() {
    let now = MonotonicClock.nowMilliseconds()
    guard now >= nextLook else { return }
    nextLook = now + 50
    guard let (name, bytes) = newest() else { return }
    lengths.removeAll { now - $0.milliseconds > 3000 || $0.name != name }
    lengths.append((now, name, bytes))
  }

  private func newest() -> (name: String, bytes: UInt64)? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard let name = names.filter({ $0.hasSuffix(".incr.aof") }).max(by: { ($0.count, $0) < ($1.count, $1) }) else {
      return nil
    }
    return (name, ChaosFolder.length(of: "\(folder)/\(name)"))
  }

  /// Cuts off the end what was written in the last so many ms, as a machine does that loses its power; some bytes more
  /// leave a command broken.
  func cut(milliseconds: Int64, and more: UInt64) throws {
    guard let (name, now) = newest() else { return }
    let since = MonotonicClock.nowMilliseconds() - milliseconds
    let kept = lengths.filter { $0.name == name && $0.milliseconds <= since }.last?.bytes ?? now
    let length = kept > more ? kept - more : 0
    guard unsafe truncate("\(folder)/\(name)", off_t(length)) == 0 else { throw ChaosError("cannot cut \(name)") }
  }
}

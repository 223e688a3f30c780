import Basics
import Foundation
import Testing

struct FileLockTests {
  @Test func `one holds a lock at a time, and its end gives it back`() throws {
    let folder = try ChildProcessTests.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/lock"
    do {
      let first = try FileLock(path: path)
      #expect(first?.path == path)
      let second = try withExtendedLifetime(first) { try FileLock(path: path) }
      #expect(second == nil)
    }
    #expect(try FileLock(path: path) != nil)
  }

  @Test func `a child does not keep its parent's lock`() throws {
    let folder = try ChildProcessTests.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var lock = try FileLock(path: folder + "/lock")
    #expect(lock != nil)
    let child = try ChildProcess("sleep", ["100"])
    lock = nil
    #expect(try FileLock(path: folder + "/lock") != nil)
    child.stop()
  }

  @Test func `a folder that is not there is an error that names the file`() {
    #expect {
      _ = try FileLock(path: "/no/such/folder/lock")
    } throws: { error in
      "\(error)" == "open of /no/such/folder/lock: No such file or directory"
    }
  }

  @Test func `a pause lasts as long as it should`() {
    let start = MonotonicClock.nowNanoseconds()
    pauseMilliseconds(15)
    #expect(MonotonicClock.nowNanoseconds() - start >= 15_000_000)
  }
}

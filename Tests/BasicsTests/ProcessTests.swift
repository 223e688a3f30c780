import Basics
import Foundation
import Synchronization
import Testing

struct PollerTests {
  @Test func `a wake-up makes its descriptor readable until it is cleared`() throws {
    let wakeup = try Wakeup()
    var poller = Poller()
    poller.watch(wakeup.descriptor)
    #expect(try poller.wait(timeoutMilliseconds: 0).isEmpty)
    #expect(!wakeup.clear())
    wakeup.signal()
    wakeup.signal()
    let events = try poller.wait(timeoutMilliseconds: nil)
    #expect(
      events == [.init(descriptor: wakeup.descriptor, isReadable: true, isWritable: false, hasFailed: false)]
    )
    #expect(wakeup.clear())
    #expect(!wakeup.clear())
    #expect(try poller.wait(timeoutMilliseconds: 0).isEmpty)
  }

  @Test func `another thread ends a long wait`() throws {
    let wakeup = try Wakeup()
    let thread = try NamedThread("waker") {
      usleep(20_000)
      wakeup.signal()
    }
    var poller = Poller()
    poller.watch(wakeup.descriptor)
    let start = MonotonicClock.nowMilliseconds()
    #expect(try poller.wait(timeoutMilliseconds: 10_000).count == 1)
    #expect(MonotonicClock.nowMilliseconds() - start < 5000)
    thread.join()
  }

  @Test func `a wait ends when time is up and a forgotten descriptor is not reported`() throws {
    let wakeup = try Wakeup()
    wakeup.signal()
    var poller = Poller()
    poller.watch(wakeup.descriptor)
    poller.watch(wakeup.descriptor)
    #expect(poller.count == 1)
    poller.forget(wakeup.descriptor)
    let start = MonotonicClock.nowMilliseconds()
    #expect(try poller.wait(timeoutMilliseconds: 30).isEmpty)
    #expect(MonotonicClock.nowMilliseconds() - start >= 29)
  }

  @Test func `a descriptor that is not open is reported as failed`() throws {
    var poller = Poller()
    poller.watch(Descriptor(987))
    #expect(try poller.wait(timeoutMilliseconds: 1000).first?.hasFailed == true)
  }

  @Test func `a descriptor is reported as writable if asked`() throws {
    let wakeup = try Wakeup()
    var poller = Poller()
    poller.watch(wakeup.descriptor, forWriting: true)
    #expect(try poller.wait(timeoutMilliseconds: 0).first?.isWritable == true)
  }
}

struct NamedThreadTests {
  @Test func `a thread runs its closure once under its name`() throws {
    let found = Mutex<[String]>([])
    let thread = try NamedThread("synfire-step") {
      let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
      found.withLock { $0.append(name.trimmed) }
    }
    thread.join()
    thread.join()
    #expect(found.withLock { $0 } == ["synfire-step"])
  }

  @Test func `a thread that nobody joins ends by itself`() throws {
    let wakeup = try Wakeup()
    _ = try NamedThread("stray") { wakeup.signal() }
    var poller = Poller()
    poller.watch(wakeup.descriptor)
    #expect(try poller.wait(timeoutMilliseconds: 5000).count == 1)
  }
}

struct ChildProcessTests {
  static func freshFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.path + "/synfire-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `a child gets its arguments, environment and folder, and its output is appended to a file`() throws {
    let folder = try Self.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = folder + "/log"
    for _ in 0..<2 {
      let child = try ChildProcess(
        "sh",
        ["-c", "echo \"$1|$SYNFIRE_TEST|$(pwd)\"; echo err >&2; exit 3", "sh", "a b"],
        environment: ["SYNFIRE_TEST": "x=y"],
        output: .appended(path: log),
        folder: folder
      )
      #expect(child.wait() == .exited(code: 3))
      #expect(child.wait() == .exited(code: 3))
      #expect(!child.send(.terminate))
    }
    #expect(
      try String(contentsOfFile: log, encoding: .utf8) == "a b|x=y|\(folder)\nerr\na b|x=y|\(folder)\nerr\n"
    )
  }

  @Test func `a program that is not there is an error that says so`() {
    #expect {
      _ = try ChildProcess("synfire-no-such-program")
    } throws: { error in
      "\(error)"
        == "start of synfire-no-such-program: No such file or directory; no such program; check its path and PATH"
    }
  }

  @Test func `a log that cannot be opened is an error that names it`() {
    #expect {
      _ = try ChildProcess("true", output: .appended(path: "/no/such/folder/log"))
    } throws: { error in
      (error as? SystemError)?.operation == "open of log /no/such/folder/log"
    }
  }

  @Test func `a signalled child is reported with its signal`() throws {
    let child = try ChildProcess("sleep", ["100"])
    #expect(child.poll() == nil)
    #expect(child.send(.kill))
    #expect(child.wait() == .signalled(number: 9))
  }

  @Test func `stop ends a child that is stopped and one that ignores the request`() throws {
    let sleeper = try ChildProcess("sleep", ["100"])
    sleeper.send(.stop)
    // A signal that waits together with another is not given in their order.
    while try !String(contentsOfFile: "/proc/\(sleeper.pid)/stat", encoding: .utf8).contains(") T ") {
      pauseMilliseconds(1)
    }
    #expect(sleeper.stop() == .signalled(number: 15))
    let folder = try Self.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let stubborn = try ChildProcess(
      "sh",
      ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"],
      output: .appended(path: folder + "/log")
    )
    while (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) != "ready\n" { usleep(1000) }
    #expect(stubborn.stop(withinMilliseconds: 100) == .signalled(number: 9))
  }

  @Test func `another thread may signal while one waits`() throws {
    let child = try ChildProcess("sleep", ["100"])
    let thread = try NamedThread("killer") {
      usleep(20_000)
      child.send(.terminate)
    }
    #expect(child.wait() == .signalled(number: 15))
    thread.join()
  }

  @Test func `a child inherits no descriptor beyond its three streams`() throws {
    let folder = try Self.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Opened without close-on-exec on purpose.
    let leak = unsafe open("/dev/null", O_RDONLY)
    defer { close(leak) }
    let child = try ChildProcess(
      "sh",
      ["-c", "[ -e /proc/$$/fd/\(leak) ] && echo open || echo closed"],
      output: .appended(path: folder + "/log")
    )
    child.wait()
    #expect(try String(contentsOfFile: folder + "/log", encoding: .utf8) == "closed\n")
  }

  @Test func `the end of a child arrives as a readable signal`() throws {
    let seen = Mutex<[ProcessSignal]>([])
    let thread = try NamedThread("signals") {
      guard let watch = try? SignalWatch([.user1]) else { return }
      var poller = Poller()
      poller.watch(watch.descriptor)
      #expect(watch.take().isEmpty)
      pthread_kill(pthread_self(), SIGUSR1)
      if (try? poller.wait(timeoutMilliseconds: 5000).count) == 1 { seen.withLock { $0 = watch.take() } }
    }
    thread.join()
    #expect(seen.withLock { $0 } == [.user1])
  }

  @Test func `a Unix socket that nobody serves is not answered`() {
    #expect(!UnixSocket.isAnswered(at: "/no/such/socket"))
    #expect(!UnixSocket.isAnswered(at: String(repeating: "x", count: 200)))
  }
}

import Basics
import Foundation
import StateStore
import Testing

struct RedisAddressTests {
  @Test func `addresses are read`() throws {
    #expect(try RedisAddress("unix:///run/redis.sock").place == .unix(path: "/run/redis.sock"))
    #expect(try RedisAddress("unix:///run/redis.sock?db=3").database == 3)
    #expect(try RedisAddress("redis://localhost").place == .tcp(host: "localhost", port: 6379))
    let full = try RedisAddress("redis://me:p%40ss%3A%2F@[::1]:7000/2")
    #expect(full.place == .tcp(host: "::1", port: 7000))
    #expect(full.user == "me")
    #expect(full.password == "p@ss:/")
    #expect(full.database == 2)
    #expect(full.description == "redis://[::1]:7000/2")
    #expect(try RedisAddress("redis://:x@h:1").user == "")
    let watched = try RedisAddress("sentinel://me:x@a,[::1]:7001,c:7002/shop/3")
    let hosts = [("a", 26_379), ("::1", 7001), ("c", 7002)].map { RedisAddress.Host(name: $0, port: $1) }
    #expect(watched.place == .sentinels(hosts, primary: "shop"))
    #expect(watched.user == "me" && watched.password == "x" && watched.database == 3)
    #expect(watched.description == "sentinel://a:26379,[::1]:7001,c:7002/shop/3")
    #expect(try RedisAddress(watched.description).place == watched.place)
  }

  @Test(arguments: [
    "localhost:6379", "http://h", "rediss://h", "redis://", "redis://h:x", "redis://h:0", "redis://h:65536",
    "redis://h/x",
    "redis://a,b", "sentinel://h", "sentinel://h:1/", "sentinel:///shop", "sentinel://a,/shop", "sentinel://a/shop/x",
    "redis://pw@h", "redis://u:%zz@h", "unix://path", "unix:///p?x=1", "unix:///p?db=-1",
    "unix:///" + String(repeating: "x", count: 107),
  ]) func `an address that cannot be read is an error that names it`(url: String) {
    #expect {
      _ = try RedisAddress(url)
    } throws: { error in
      (error as? StoreError)?.kind == .address
        && (error as? StoreError)?.advice
          == "write unix:///path/to/redis.sock, redis://[user:password@]host:port/db "
          + "or sentinel://[user:password@]host:port,host:port/name/db"
    }
  }

  @Test func `no error shows a password`() {
    #expect {
      _ = try RedisAddress("redis://me:secret@h:x")
    } throws: { error in
      "\(error)".contains("redis://***@h:x") && !"\(error)".contains("secret")
    }
  }

  @Test(arguments: ["", "a b", "{x}", "a}", String(repeating: "x", count: 201)])
  func `a name that would break keys is refused`(name: String) {
    #expect(throws: StoreError.self) { try KeySpace(name) }
  }

  @Test func `a name stands in braces`() throws {
    #expect(try KeySpace("shop").key("metrics") == "{shop}:metrics")
  }
}

struct StoreErrorTests {
  @Test(
    arguments: [
      ("LOADING Redis is loading the dataset in memory", StoreError.Kind.loading, true),
      ("READONLY You can't write against a read only replica.", .readOnly, true),
      ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory, true),
      ("MISCONF Errors writing to the AOF file: No space left on device", .diskFull, true),
      ("NOAUTH Authentication required.", .authentication, false),
      ("WRONGPASS invalid username-password pair or user is disabled.", .authentication, false),
      ("NOPERM this user has no permissions to run the 'config|get' command", .authentication, false),
      ("NOGROUP No such key 'x' or consumer group 'y'", .missing, false),
      ("WRONGTYPE Operation against a key holding the wrong kind of value", .unexpected, false),
      ("ERR Error running script (call to f_1): @user_script:5: OOM command not allowed", .outOfMemory, true),
    ]
  ) func `replies are sorted by what can be done`(text: String, kind: StoreError.Kind, isTransient: Bool) {
    let error = StoreError(reply: text, during: "SET k")
    #expect(error.kind == kind)
    #expect(error.isTransient == isTransient)
    #expect(error.description.hasPrefix("SET k: \(text)"))
  }
}

struct RedisConnectionTests {
  let redis: TestServer
  init() throws { redis = try TestServer() }

  @Test func `bytes of any kind come back as they went`() throws {
    let connection = try redis.connect()
    let all: [UInt8] = Array(0...255) + [13, 10, 0, 36, 42]
    #expect(try connection.command(["SET", .init(all), .init(all)]) == .status("OK"))
    #expect(try connection.command(["GET", .init(all)]) == .bulk(all))
    let large = pattern(5_000_000)
    #expect(try connection.command(["SET", "large", .init(large)]) == .status("OK"))
    #expect(try connection.command(["GET", "large"]).bytes == large)
    #expect(try connection.command(["SET", "empty", ""]) == .status("OK"))
    #expect(try connection.command(["GET", "empty"]) == .bulk([]))
  }

  @Test func `every kind of reply is told apart`() throws {
    let connection = try redis.connect()
    #expect(try connection.command(["PING"]) == .status("PONG"))
    #expect(try connection.command(["INCR", "n"]) == .integer(1))
    #expect(try connection.command(["GET", "nothing"]) == .none)
    #expect(
      try connection.evaluate("return {1, 'a', false, {2}}", keys: [], [])
        == .array([.integer(1), .bulk([97]), .none, .array([.integer(2)])])
    )
  }

  @Test func `a pipeline answers in order with errors in their places`() throws {
    let connection = try redis.connect()
    let replies = try connection.pipeline([
      ["SET", "a", "1"], ["LPUSH", "a", "x"], ["GET", "a"], ["NONSENSE"],
    ])
    #expect(replies.count == 4)
    #expect(replies[0] == .status("OK"))
    #expect(replies[1] == .error("WRONGTYPE Operation against a key holding the wrong kind of value"))
    #expect(replies[2] == .bulk([49]))
    #expect(try connection.pipeline([]).isEmpty)
    #expect(try connection.pipeline((0..<10_000).map { ["SET", .init("k\($0)"), .init($0)] }).count == 10_000)
  }

  @Test func `an error reply names command and key and leaves the connection open`() throws {
    let connection = try redis.connect()
    _ = try connection.command(["SET", "a", "1"])
    #expect {
      _ = try connection.command(["LPUSH", "a", "x"])
    } throws: { error in
      "\(error)" == "LPUSH a: WRONGTYPE Operation against a key holding the wrong kind of value"
    }
    #expect(connection.isOpen)
    #expect(try connection.command(["GET", "a"]) == .bulk([49]))
  }

  @Test func `nobody there is an error with what to do`() {
    for url in ["unix:///no/such/redis.sock", "redis://127.0.0.1:1"] {
      #expect {
        _ = try RedisConnection(try RedisAddress(url))
      } throws: { error in
        let error = error as? StoreError
        return error?.kind == .refused && error?.operation == "connect to \(url)" && error?.isTransient == true
          && error?.advice == "start the server, or correct the address (--redis)"
      }
    }
  }

  @Test func `a server that does not answer in time is an error, and a new connection works afterwards`() throws {
    let connection = try redis.connect(commandMilliseconds: 100)
    let other = try redis.connect()
    _ = try other.command(["CLIENT", "PAUSE", "300", "ALL"])
    let start = MonotonicClock.nowMilliseconds()
    #expect {
      _ = try connection.command(["GET", "a"])
    } throws: { error in
      let error = error as? StoreError
      return error?.kind == .timedOut && error?.operation == "GET a"
        && error?.answer == "no answer from \(redis.server.address) in 100 ms"
    }
    #expect(MonotonicClock.nowMilliseconds() - start < 2000)
    // The late answer must not be taken for that of the next command.
    #expect(!connection.isOpen)
    #expect {
      _ = try connection.command(["GET", "a"])
    } throws: { error in
      (error as? StoreError)?.kind == .closed
    }
    pauseMilliseconds(300)
    try connection.reconnect()
    #expect(try connection.command(["PING"]) == .status("PONG"))
  }

  @Test func `a server that dies under a connection is an error, then refused, then back`() throws {
    let connection = try redis.connect()
    _ = try connection.command(["SET", "a", "1"])
    redis.server.process?.send(.kill)
    _ = redis.server.process?.wait()
    #expect {
      _ = try connection.command(["SET", "a", .init(pattern(3_000_000))])
    } throws: { error in
      (error as? StoreError)?.kind == .closed && (error as? StoreError)?.isTransient == true
    }
    #expect {
      try connection.reconnect()
    } throws: { error in
      (error as? StoreError)?.kind == .refused
    }
    try redis.server.start()
    try connection.reconnect()
    #expect(try connection.command(["GET", "a"]) == .bulk([49]))
  }

  @Test func `a password is asked for, refused when wrong and taken when right`() throws {
    let admin = try redis.connect()
    _ = try admin.command(["ACL", "SETUSER", "me", "on", ">pa ss", "~*", "+@all"])
    _ = try admin.command(["CONFIG", "SET", "requirepass", "secret"])
    let open = try redis.connect()
    #expect {
      _ = try open.command(["GET", "a"])
    } throws: { error in
      (error as? StoreError)?.kind == .authentication
    }
    var address = redis.server.address
    address.password = "wrong"
    #expect {
      _ = try RedisConnection(address)
    } throws: { error in
      (error as? StoreError)?.operation == "AUTH" && (error as? StoreError)?.kind == .authentication
        && !"\(error)".contains("wrong ")
    }
    address.password = "secret"
    #expect(try RedisConnection(address).command(["PING"]) == .status("PONG"))
    (address.user, address.password) = ("me", "pa ss")
    #expect(try RedisConnection(address).command(["ACL", "WHOAMI"]).text == "me")
    _ = try admin.command(["CONFIG", "SET", "requirepass", ""])
  }

  @Test func `a server is reached over TCP`() throws {
    let admin = try redis.connect()
    _ = try admin.command(["CONFIG", "SET", "bind", "127.0.0.1"])
    var port = 0
    // The server says which ports are free.
    for candidate in 21_000..<21_100 where port == 0 {
      if (try? admin.command(["CONFIG", "SET", "port", .init(candidate)])) != nil { port = candidate }
    }
    let connection = try RedisConnection(try RedisAddress("redis://127.0.0.1:\(port)/1"))
    #expect(try connection.command(["SET", "a", "1"]) == .status("OK"))
    #expect(try admin.command(["GET", "a"]) == .none)
  }

  @Test func `a database is selected`() throws {
    var address = redis.server.address
    address.database = 2
    _ = try RedisConnection(address).command(["SET", "a", "1"])
    #expect(try redis.connect().command(["GET", "a"]) == .none)
    address.database = 99
    #expect(throws: StoreError.self) { try RedisConnection(address) }
  }

  @Test func `full memory and a replica refuse writes with their own kinds`() throws {
    let connection = try redis.connect()
    _ = try connection.command(["CONFIG", "SET", "maxmemory", "1"])
    #expect {
      _ = try connection.command(["SET", "a", "1"])
    } throws: { error in
      (error as? StoreError)?.kind == .outOfMemory
    }
    // Inside a script too.
    #expect {
      _ = try connection.evaluate("return redis.call('SET', KEYS[1], '1')", keys: ["a"], [])
    } throws: { error in
      (error as? StoreError)?.kind == .outOfMemory
    }
    _ = try connection.command(["CONFIG", "SET", "maxmemory", "0"])
    _ = try connection.command(["REPLICAOF", "127.0.0.1", "1"])
    #expect {
      _ = try connection.command(["SET", "a", "1"])
    } throws: { error in
      (error as? StoreError)?.kind == .readOnly
    }
    #expect {
      _ = try connection.checkServer()
    } throws: { error in
      (error as? StoreError)?.answer == "it is a replica"
    }
  }

  @Test func `a good server passes, an eviction policy is refused, what a loss of power takes away warned of`() throws {
    let connection = try redis.connect()
    #expect(try connection.checkServer().warnings.first?.contains("a loss of power loses the last samples") == true)
    _ = try connection.command(["CONFIG", "SET", "appendfsync", "always"])
    let report = try connection.checkServer()
    #expect(report.warnings.isEmpty)
    #expect(report.version.contains("."))
    _ = try connection.command(["CONFIG", "SET", "appendonly", "no"])
    #expect(try connection.checkServer().warnings.first?.contains("keeps no append-only file") == true)
    _ = try connection.command(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
    #expect {
      _ = try connection.checkServer()
    } throws: { error in
      let error = error as? StoreError
      return error?.kind == .unsuitable && error?.advice.contains("noeviction") == true
        && error?.answer == "its eviction policy is allkeys-lru, so checkpoints vanish when memory is full"
    }
  }

  @Test func `a server that hides its settings is warned of`() throws {
    let admin = try redis.connect()
    _ = try admin.command(["ACL", "SETUSER", "me", "on", ">x", "~*", "+@all", "-config"])
    var address = redis.server.address
    (address.user, address.password) = ("me", "x")
    let report = try RedisConnection(address).checkServer()
    #expect(report.warnings.first?.hasPrefix("the server does not show its settings") == true)
  }
}

struct PrivateRedisTests {
  let redis: TestServer
  init() throws { redis = try TestServer() }

  @Test func `the data of a private server survives its end, whether asked for or not`() throws {
    for (n, signal) in [ProcessSignal.terminate, .kill].enumerated() {
      _ = try redis.connect().command(["SET", .init("key\(n)"), "1"])
      try redis.restart(by: signal)
      #expect(try redis.connect().command(["GET", .init("key\(n)")]) == .bulk([49]))
    }
    #expect(!redis.server.hasEnded())
    redis.server.stop()
    #expect(redis.server.hasEnded())
    #expect(!UnixSocket.isAnswered(at: redis.server.socketPath))
  }

  @Test func `a folder that is used, missing or too long is an error that says so`() {
    let folder = redis.folder
    #expect {
      _ = try PrivateRedis(folder: folder)
    } throws: { error in
      (error as? StoreError)?.answer == "another process uses this folder"
    }
    #expect {
      _ = try PrivateRedis(folder: "/no/such/folder")
    } throws: { error in
      "\(error)"
        == "open of /no/such/folder/redis.lock: No such file or directory; make the folder, or make it writable"
    }
    #expect {
      _ = try PrivateRedis(folder: folder + String(repeating: "/x", count: 50))
    } throws: { error in
      (error as? StoreError)?.answer.hasSuffix("a Unix socket's has at most 107") == true
    }
  }

  @Test func `a program that is not installed or ends at once is an error with what to do`() throws {
    redis.server.stop()
    #expect {
      try redis.server.start(program: "no-such-redis")
    } throws: { error in
      (error as? StoreError)?.advice.hasPrefix("install it (Debian, Ubuntu: apt install redis-server)") == true
    }
    #expect {
      try redis.server.start(program: "false")
    } throws: { error in
      (error as? StoreError)?.answer == "it exited with code 1"
    }
    let silent = redis.folder + "/silent"
    try "#!/bin/sh\nexec sleep 100\n".write(toFile: silent, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: silent)
    #expect {
      try redis.server.start(withinMilliseconds: 50, program: silent)
    } throws: { error in
      (error as? StoreError)?.answer == "it does not answer within 50 ms"
    }
    #expect(redis.server.process == nil)
  }

  @Test func `a server whose owner was killed is taken over`() throws {
    let folder = redis.folder + "/orphan"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let orphan = try ChildProcess(
      "redis-server",
      ["--port", "0", "--unixsocket", "\(folder)/redis.sock", "--dir", folder, "--appendonly", "yes", "--save", ""],
      output: .discarded
    )
    while !UnixSocket.isAnswered(at: "\(folder)/redis.sock") { pauseMilliseconds(2) }
    let server = try PrivateRedis(folder: folder)
    try server.start()
    #expect(server.process == nil)
    #expect(!server.hasEnded())
    #expect(try RedisConnection(server.address).command(["PING"]) == .status("PONG"))
    server.stop()
    #expect(server.hasEnded())
    #expect(orphan.wait() == .exited(code: 0))
  }
}

import Basics
import Chaos
import StateStore
import Testing

extension ProcessTests {
  /// Redis servers of which sentinels choose the primary.
  @Suite struct SentinelTests {
    @Test(.timeLimit(.minutes(1))) func `a connection that names sentinels follows the primary`() throws {
      let folder = try TestFolder()
      let store = try ReplicatedStore(folder: folder.path, launcher: [program, "tied", "--"])
      let connection = try RedisConnection(store.address, connectMilliseconds: 500, commandMilliseconds: 1000)
      #expect(try connection.command(["SET", "a", "1"]) == .status("OK"))
      #expect(try connection.command(["WAIT", 1, 2000]) == .integer(1))

      // The first sentinel that is named is not there.
      let former = try #require(store.primaryPort)
      let others = try RedisAddress("sentinel://127.0.0.1:1,\(store.url.dropFirst("sentinel://".count))/1")
      #expect(try RedisConnection(others).command(["SET", "b", "1"]) == .status("OK"))

      #expect(try store.killPrimary() == former)
      #expect(throws: StoreError.self) { try connection.command(["GET", "a"]) }
      // Until another one is promoted the sentinel names the one that is gone.
      #expect {
        try connection.reconnect()
      } throws: { error in
        let error = error as? StoreError
        return error?.isTransient == true && error?.operation.contains("the primary of \(store.url)") == true
      }
      try eventually("a primary", in: folder) { (try? connection.reconnect()) != nil }
      #expect(try connection.command(["GET", "a"]).text == "1")
      #expect(try connection.command(["SET", "a", "2"]) == .status("OK"))
      #expect(store.primaryPort != former)

      // The former one comes back as a replica and has what was written meanwhile.
      try eventually("a replica", in: folder) {
        try store.look()
        return store.isWhole
      }
      let back = try RedisConnection(RedisAddress("redis://127.0.0.1:\(former)"))
      try eventually("the last value", in: folder) { try back.command(["GET", "a"]).text == "2" }
      #expect(throws: StoreError.self) { try back.command(["SET", "a", "3"]) }
    }

    @Test(.timeLimit(.minutes(1))) func `a primary that becomes a replica is left, and a wrong name is told`() throws {
      let folder = try TestFolder()
      let store = try ReplicatedStore(folder: folder.path, launcher: [program, "tied", "--"])
      let connection = try RedisConnection(store.address)
      let port = try #require(store.primaryPort)
      // By mistake of somebody, or while sentinels change their mind.
      let admin = try RedisConnection(RedisAddress("redis://127.0.0.1:\(port)"))
      try admin.command(["REPLICAOF", "127.0.0.1", "1"])
      #expect {
        try connection.command(["SET", "a", "1"])
      } throws: { error in
        (error as? StoreError)?.kind == .readOnly && !connection.isOpen
      }
      #expect {
        try connection.reconnect()
      } throws: { error in
        let error = error as? StoreError
        return error?.kind == .readOnly && error?.isTransient == true
          && error?.answer == "the server that the sentinels name is a replica"
      }
      try admin.command(["REPLICAOF", "NO", "ONE"])
      try connection.reconnect()
      #expect(try connection.command(["SET", "a", "1"]) == .status("OK"))

      let wrong = store.url.replacing("/store", with: "/stare")
      #expect {
        _ = try RedisConnection(RedisAddress(wrong))
      } throws: { error in
        let error = error as? StoreError
        return error?.kind == .address && error?.isTransient == false
          && error?.description.contains("know no primary of this name; give the name of their 'sentinel monitor'")
            == true
      }
      let begun = try synfire("coordinator", "--redis", wrong, in: folder)
      #expect(begun.code == 1 && begun.error.contains("asking the sentinels for 'stare'"), "\(begun.error)")
    }
  }
}

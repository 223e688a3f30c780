/// Servers of which sentinels choose the primary (redis.io/docs/latest/develop/reference/sentinel-clients).
extension RedisConnection {
  /// Asks the sentinels in order until one says where the primary is.
  ///
  /// - Throws: `StoreError` of kind `address` when those that answer know none of this name, of another kind when none
  ///   answers.
  static func primary(
    named name: String,
    of sentinels: [RedisAddress.Host],
    connectMilliseconds: Int
  ) throws(StoreError) -> RedisAddress.Host {
    var failure: StoreError?
    var strangers: [RedisAddress.Host] = []
    for sentinel in sentinels {
      do throws(StoreError) {
        let connection = try RedisConnection(
          RedisAddress(sentinel),
          connectMilliseconds: connectMilliseconds,
          commandMilliseconds: connectMilliseconds
        )
        let reply = try connection.command(["SENTINEL", "get-master-addr-by-name", .init(name)])
        let words = reply.elements?.compactMap(\.text) ?? []
        if words.count == 2, let port = Int32(words[1]) { return RedisAddress.Host(name: words[0], port: port) }
        strangers.append(sentinel)
      } catch { failure = error }
    }
    // One that was just set up anew may not know it yet, so the silence of another says more.
    if let failure {
      throw StoreError(
        failure.kind,
        during: "asking the sentinels for '\(name)'",
        answer: failure.answer,
        advice: "start them, or correct their addresses (--redis)"
      )
    }
    throw StoreError(
      .address,
      during: "asking the sentinels for '\(name)'",
      answer: "\(strangers.map(\.description).joined(separator: ", ")) know no primary of this name",
      advice: "give the name of their 'sentinel monitor'"
    )
  }

  /// Checks that the server is a primary: for some time sentinels may name one that is none yet, or none any more.
  func checkRole() throws(StoreError) {
    let role = try command(["ROLE"]).elements?.first?.text ?? "unknown"
    guard role != "master" else { return }
    throw StoreError(
      .readOnly,
      during: "connect to \(address)",
      answer: "the server that the sentinels name is a \(role == "slave" ? "replica" : "server of role \(role)")",
      advice: "wait until they have promoted one"
    )
  }
}

extension RedisAddress {
  /// The address of a server without a user.
  init(_ host: Host) {
    self.init(path: "")
    place = .tcp(host: host.name, port: host.port)
  }
}

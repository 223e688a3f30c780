/// What was found out about a server.
public struct ServerReport: Equatable, Sendable {
  /// Its version, for example "7.0.15".
  public var version: String
  /// What is not as it should be but loses nothing by itself, one sentence each.
  public var warnings: [String]
}

extension RedisConnection {
  /// Checks that the server is fit to keep checkpoints.
  ///
  /// - Throws: `StoreError` of kind `unsuitable` for a version below 6, a replica, and an eviction policy (with any of
  ///   them checkpoints vanish silently when memory is full).
  public func checkServer() throws(StoreError) -> ServerReport {
    let info = try information(["server", "replication"])
    let version = info["redis_version"] ?? "unknown"
    func unsuitable(_ answer: String, _ advice: String) -> StoreError {
      StoreError(.unsuitable, during: "check of the server \(address)", answer: answer, advice: advice)
    }
    guard let major = Int(version.prefix { $0 != "." }), major >= 6 else {
      throw unsuitable("its version is \(version)", "use Redis 6 or later")
    }
    guard info["role"] != "slave" else {
      throw unsuitable("it is a replica", "connect to the primary (\(info["master_host"] ?? "unknown"))")
    }
    var report = ServerReport(version: version, warnings: [])
    if let policy = try setting("maxmemory-policy") {
      guard policy == "noeviction" else {
        throw unsuitable(
          "its eviction policy is \(policy), so checkpoints vanish when memory is full",
          "set it with: redis-cli config set maxmemory-policy noeviction"
        )
      }
      if try setting("appendonly") != "yes" {
        report.warnings.append(
          "the server keeps no append-only file: a crash loses everything since its last snapshot; "
            + "set it with: redis-cli config set appendonly yes"
        )
      } else if try setting("appendfsync") != "always" {
        report.warnings.append(
          "its disk has what it answers for up to two seconds later: a loss of power loses the last samples; "
            + "set it with: redis-cli config set appendfsync always"
        )
      }
    } else {
      report.warnings.append(
        "the server does not show its settings; make sure that maxmemory-policy is noeviction and appendonly is yes"
      )
    }
    return report
  }

  /// Whether the server's disk has what it answers for (`appendfsync always`); false when it does not tell.
  public func writesToDiskBeforeAnswers() throws(StoreError) -> Bool {
    let (log, sync) = (try setting("appendonly"), try setting("appendfsync"))
    return log == "yes" && sync == "always"
  }

  /// Returns the time of day of the server, in ms since the Unix epoch.
  public func time() throws(StoreError) -> Int64 {
    let reply = try command(["TIME"])
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].number, let rest = parts[1].number else {
      throw .unreadable(reply, during: "TIME")
    }
    return seconds * 1000 + rest / 1000
  }

  /// Returns a setting of the server, or nil when it may not be read.
  private func setting(_ name: String) throws(StoreError) -> String? {
    do {
      return try command(["CONFIG", "GET", .init(name)]).elements?.last?.text
    } catch {
      // Hosted servers and ACLs hide CONFIG.
      guard isOpen else { throw error }
      return nil
    }
  }

  /// Returns the pairs of sections of INFO.
  func information(_ sections: [String]) throws(StoreError) -> [String: String] {
    var pairs: [String: String] = [:]
    for section in sections {
      let text = try command(["INFO", .init(section)]).text ?? ""
      for line in text.split(whereSeparator: \.isNewline) {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { pairs[String(parts[0])] = String(parts[1]) }
      }
    }
    return pairs
  }
}

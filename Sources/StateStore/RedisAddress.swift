internal import Basics

/// Where a Redis server is and who asks, from `unix:///path` or `redis://[user:password@]host:port/db`.
public struct RedisAddress: Equatable, Sendable, CustomStringConvertible {
  /// How the server is reached.
  public enum Place: Equatable, Sendable {
    case unix(path: String)
    case tcp(host: String, port: Int32)
  }

  /// How the server is reached.
  public var place: Place
  /// The user; empty for the default user.
  public var user = ""
  /// The password; empty for none.
  public var password = ""
  /// The number of the database.
  public var database = 0

  /// The address of a Unix socket.
  public init(path: String) { place = .unix(path: path) }

  /// Reads an address; user and password may be percent-encoded, `?db=N` selects a database behind a path.
  ///
  /// - Throws: `StoreError` of kind `address` with what was found and what would be right.
  public init(_ url: String) throws(StoreError) {
    func bad(_ why: String) -> StoreError {
      StoreError(
        .address,
        during: "reading of the Redis address '\(Self.hidingPassword(url))'",
        answer: why,
        advice: "write unix:///path/to/redis.sock or redis://[user:password@]host:port/db"
      )
    }
    guard let colon = url.firstRange(of: "://") else { throw bad("it has no scheme") }
    let scheme = url[..<colon.lowerBound]
    var rest = url[colon.upperBound...]
    var credentials: Substring?
    if let at = rest.lastIndex(of: "@"), !(scheme == "unix" && rest.hasPrefix("/")) {
      credentials = rest[..<at]
      rest = rest[rest.index(after: at)...]
    }
    switch scheme {
    case "unix":
      let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      guard let path = parts.first, path.hasPrefix("/") else { throw bad("a path begins with '/'") }
      guard path.utf8.count <= UnixSocket.longestPathBytes else {
        throw bad("the path has \(path.utf8.count) bytes, a Unix socket's has at most \(UnixSocket.longestPathBytes)")
      }
      place = .unix(path: String(path))
      if parts.count == 2 {
        guard parts[1].hasPrefix("db="), let number = Int(parts[1].dropFirst(3)), number >= 0 else {
          throw bad("'?\(parts[1])' is not '?db=' and a number")
        }
        database = number
      }
    case "redis":
      let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      var host = parts.first ?? ""
      var port: Int32 = 6379
      let bracket = host.lastIndex(of: "]")
      if let colon = host.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
        guard let number = Int32(host[host.index(after: colon)...]), (1...65535).contains(number) else {
          throw bad("'\(host[host.index(after: colon)...])' is not a port")
        }
        port = number
        host = host[..<colon]
      }
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      guard !host.isEmpty else { throw bad("it has no host") }
      place = .tcp(host: String(host), port: port)
      if parts.count == 2, !parts[1].isEmpty {
        guard let number = Int(parts[1]), number >= 0 else { throw bad("'\(parts[1])' is not a database number") }
        database = number
      }
    case "rediss":
      throw bad("TLS is not spoken here; reach the server through stunnel, WireGuard or a Unix socket")
    default: throw bad("the scheme '\(scheme)' is unknown")
    }
    if let credentials {
      let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let user = Self.percentDecoded(parts[0]), let password = Self.percentDecoded(parts[1])
      else { throw bad("before '@' stand user and password, 'user:password' or ':password'") }
      (self.user, self.password) = (user, password)
    }
  }

  /// The address without its password.
  public var description: String {
    switch place {
    case .unix(let path): "unix://\(path)" + (database == 0 ? "" : "?db=\(database)")
    case .tcp(let host, let port):
      "redis://\(host.contains(":") ? "[\(host)]" : host):\(port)" + (database == 0 ? "" : "/\(database)")
    }
  }

  private static func hidingPassword(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@"), let scheme = url.firstRange(of: "://"), scheme.upperBound < at else {
      return url
    }
    return url[..<scheme.upperBound] + "***" + url[at...]
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
      rest = rest.dropFirst(2)
      bytes.append(code)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

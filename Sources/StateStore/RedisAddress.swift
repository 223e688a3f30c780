internal import Basics

/// Where a Redis server is and who asks: `unix:///path`, `redis://[user:password@]host:port/db`, or the sentinels that
/// know it, `sentinel://[user:password@]host:port,host:port/name/db`.
public struct RedisAddress: Equatable, Sendable, CustomStringConvertible {
  /// How the server is reached.
  public enum Place: Equatable, Sendable {
    case unix(path: String)
    case tcp(host: String, port: Int32)
    /// The sentinels are asked at every connect where the primary of this name is.
    case sentinels([Host], primary: String)
  }

  /// A host and a port of it.
  public struct Host: Equatable, Sendable, CustomStringConvertible {
    /// A name or an address.
    public var name: String
    /// The port.
    public var port: Int32
    /// Names a place.
    public init(name: String, port: Int32) { (self.name, self.port) = (name, port) }
    /// `host:port`, with brackets around an address of IPv6.
    public var description: String { "\(name.contains(":") ? "[\(name)]" : name):\(port)" }
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
        advice: Self.forms
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
    case "redis", "sentinel":
      let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
      var hosts: [Host] = []
      for text in (parts.first ?? "").split(separator: ",", omittingEmptySubsequences: false) {
        hosts.append(try Self.host(text, usualPort: scheme == "redis" ? 6379 : 26_379, bad))
      }
      let numbers: ArraySlice<Substring>
      if scheme == "redis" {
        guard hosts.count == 1 else { throw bad("it has \(hosts.count) hosts; sentinels are named by sentinel://") }
        place = .tcp(host: hosts[0].name, port: hosts[0].port)
        numbers = parts.dropFirst()
      } else {
        guard parts.count > 1, !parts[1].isEmpty else { throw bad("it does not name the primary") }
        place = .sentinels(hosts, primary: String(parts[1]))
        numbers = parts.dropFirst(2)
      }
      let text = numbers.joined(separator: "/")
      if !text.isEmpty {
        guard let number = Int(text), number >= 0 else { throw bad("'\(text)' is not a database number") }
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
      "redis://\(Host(name: host, port: port))" + (database == 0 ? "" : "/\(database)")
    case .sentinels(let hosts, let primary):
      "sentinel://\(hosts.map(\.description).joined(separator: ","))/\(primary)"
        + (database == 0 ? "" : "/\(database)")
    }
  }

  private static let forms =
    "write unix:///path/to/redis.sock, redis://[user:password@]host:port/db "
    + "or sentinel://[user:password@]host:port,host:port/name/db"

  private static func host(
    _ text: Substring,
    usualPort: Int32,
    _ bad: (String) -> StoreError
  ) throws(StoreError) -> Host {
    var (name, port) = (text, usualPort)
    let bracket = name.lastIndex(of: "]")
    if let colon = name.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
      let digits = name[name.index(after: colon)...]
      guard let number = Int32(digits), (1...65535).contains(number) else { throw bad("'\(digits)' is not a port") }
      (name, port) = (name[..<colon], number)
    }
    if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
    guard !name.isEmpty else { throw bad("it has no host") }
    return Host(name: String(name), port: port)
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

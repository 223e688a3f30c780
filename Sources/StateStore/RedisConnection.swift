internal import Basics
internal import CHiredis

/// A connection to a Redis server (RESP2): commands out, replies in, blocking with a time limit.
///
/// Belongs to one thread. After an error that is not a reply of the server the connection is closed; whoever uses it
/// decides when to call `reconnect`, because what was asked may or may not have been done.
@safe public final class RedisConnection {
  /// Where the server is.
  public let address: RedisAddress
  private let connectMilliseconds: Int
  private let commandMilliseconds: Int
  private var context: UnsafeMutablePointer<redisContext>?
  private var buffer: [UInt8] = []

  /// Connects, authenticates and selects the database.
  ///
  /// - Throws: `StoreError` with what the system or the server answered.
  public init(
    _ address: RedisAddress,
    connectMilliseconds: Int = 2000,
    commandMilliseconds: Int = 5000
  ) throws(StoreError) {
    (self.address, self.connectMilliseconds) = (address, connectMilliseconds)
    self.commandMilliseconds = commandMilliseconds
    // The library writes without MSG_NOSIGNAL: a server that went away would end this process.
    ProcessSignal.ignoreBrokenPipes()
    try reconnect()
  }

  deinit { close() }

  /// Whether commands can be sent; false after a time-out or a broken connection.
  public var isOpen: Bool { unsafe context != nil }

  /// Closes the connection.
  public func close() {
    if let context = unsafe context { unsafe redisFree(context) }
    unsafe context = nil
  }

  /// Opens the connection anew; where sentinels are named, to the server that is the primary now.
  public func reconnect() throws(StoreError) {
    close()
    switch address.place {
    case .unix(let path):
      try unsafe open(redisConnectUnixWithTimeout(path, Self.time(connectMilliseconds)), "\(address)")
    case .tcp(let host, let port): try open(host, port, "\(address)")
    case .sentinels(let sentinels, let name):
      let primary = try Self.primary(named: name, of: sentinels, connectMilliseconds: connectMilliseconds)
      try open(primary.name, primary.port, "\(primary), the primary of \(address)")
    }
    do throws(StoreError) {
      if !address.password.isEmpty {
        let user: [RedisArgument] = address.user.isEmpty ? [] : [.init(address.user)]
        _ = try command(["AUTH"] + user + [.init(address.password)])
      }
      if address.database != 0 { _ = try command(["SELECT", .init(address.database)]) }
      if followsPrimary { try checkRole() }
    } catch {
      close()
      throw error
    }
  }

  /// Whether another server may be the one to talk to at the next connect.
  private var followsPrimary: Bool {
    if case .sentinels = address.place { true } else { false }
  }

  private func open(_ host: String, _ port: Int32, _ name: String) throws(StoreError) {
    try unsafe open(redisConnectWithTimeout(host, port, Self.time(connectMilliseconds)), name)
    if let context = unsafe context { unsafe redisEnableKeepAlive(context) }
  }

  private func open(_ made: UnsafeMutablePointer<redisContext>?, _ name: String) throws(StoreError) {
    guard let made = unsafe made else {
      throw StoreError(.refused, during: "connect to \(name)", answer: "out of memory")
    }
    unsafe context = made
    guard unsafe made.pointee.err == 0 else {
      let text = unsafe Self.text(of: made)
      close()
      throw StoreError(
        text.contains("timed out") ? .timedOut : .refused,
        during: "connect to \(name)",
        answer: text,
        advice: "start the server, or correct the address (--redis)"
      )
    }
    unsafe redisSetTimeout(made, Self.time(commandMilliseconds))
  }

  /// Sends a command and returns its reply.
  ///
  /// - Throws: `StoreError` for a broken connection, a time-out, and an error reply of the server.
  @discardableResult public func command(_ words: [RedisArgument]) throws(StoreError) -> RedisReply {
    let context = unsafe try append(words)
    let reply = try unsafe nextReply(context, to: words)
    if case .error(let text) = reply {
      let error = StoreError(reply: text, during: Self.name(of: words))
      // It was the primary and is none any more: whoever opens the connection anew gets the next one.
      if error.kind == .readOnly, followsPrimary { close() }
      throw error
    }
    return reply
  }

  /// Sends commands together and returns their replies in order; an error reply stands among them.
  ///
  /// - Throws: `StoreError` for a broken connection or a time-out; then some of the commands may have been done.
  public func pipeline(_ commands: [[RedisArgument]]) throws(StoreError) -> [RedisReply] {
    for words in commands { unsafe _ = try append(words) }
    var replies: [RedisReply] = []
    replies.reserveCapacity(commands.count)
    for words in commands {
      guard let context = unsafe context else { throw Self.notOpen(words) }
      replies.append(try unsafe nextReply(context, to: words))
    }
    return replies
  }

  /// Runs a Lua script: one atomic call on the server.
  public func evaluate(
    _ script: String,
    keys: [String],
    _ arguments: [RedisArgument]
  ) throws(StoreError) -> RedisReply {
    try command(["EVAL", .init(script), .init(keys.count)] + keys.map { RedisArgument($0) } + arguments)
  }

  /// Formats a command in the server's protocol and gives it to the library, which copies it.
  private func append(_ words: [RedisArgument]) throws(StoreError) -> UnsafeMutablePointer<redisContext> {
    guard let context = unsafe context else { throw Self.notOpen(words) }
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: "*\(words.count)\r\n".utf8)
    for word in words {
      buffer.append(contentsOf: "$\(word.bytes.count)\r\n".utf8)
      buffer.append(contentsOf: word.bytes)
      buffer.append(contentsOf: [13, 10])
    }
    let answer = unsafe buffer.withUnsafeBytes { raw in
      unsafe redisAppendFormattedCommand(
        context,
        raw.baseAddress?.assumingMemoryBound(to: CChar.self),
        raw.count
      )
    }
    // A blob's chunk is large and rare: its memory is not kept.
    if buffer.count > 1 << 16 { buffer = [] }
    guard answer == REDIS_OK else { throw unsafe broken(context, words) }
    return unsafe context
  }

  private func nextReply(
    _ context: UnsafeMutablePointer<redisContext>,
    to words: [RedisArgument]
  ) throws(StoreError) -> RedisReply {
    var raw: UnsafeMutableRawPointer?
    guard unsafe redisGetReply(context, &raw) == REDIS_OK, let raw = unsafe raw else {
      throw unsafe broken(context, words)
    }
    defer { unsafe freeReplyObject(raw) }
    return unsafe Self.convert(raw.assumingMemoryBound(to: redisReply.self))
  }

  private static func convert(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
    let r = unsafe reply.pointee
    func bytes() -> [UInt8] { unsafe Array(UnsafeRawBufferPointer(start: r.str, count: r.len)) }
    switch unsafe r.type {
    case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(), as: UTF8.self))
    case REDIS_REPLY_INTEGER: return unsafe .integer(r.integer)
    case REDIS_REPLY_STRING: return .bulk(bytes())
    case REDIS_REPLY_ARRAY:
      return .array(
        (0..<(unsafe r.elements)).map { i in
          if let element = unsafe r.element[i] { unsafe convert(element) } else { .none }
        }
      )
    case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(), as: UTF8.self))
    default: return .none
    }
  }

  private func broken(_ context: UnsafeMutablePointer<redisContext>, _ words: [RedisArgument]) -> StoreError {
    let text = unsafe Self.text(of: context)
    let isLate = text.contains("temporarily unavailable") || text.contains("timed out")
    close()
    return StoreError(
      isLate ? .timedOut : .closed,
      during: Self.name(of: words),
      answer: isLate ? "no answer from \(address) in \(commandMilliseconds) ms" : "\(address): \(text)",
      advice: "it may have been done or not; reconnect and repeat it"
    )
  }

  private static func notOpen(_ words: [RedisArgument]) -> StoreError {
    StoreError(.closed, during: name(of: words), answer: "the connection is closed", advice: "reconnect first")
  }

  private static func text(of context: UnsafeMutablePointer<redisContext>) -> String {
    unsafe withUnsafeBytes(of: context.pointee.errstr) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func time(_ milliseconds: Int) -> timeval {
    timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
  }

  /// The command and its key, for errors; a password is never part of it.
  private static func name(of words: [RedisArgument]) -> String {
    func word(_ i: Int) -> String { words.indices.contains(i) ? String(decoding: words[i].bytes, as: UTF8.self) : "" }
    switch word(0) {
    case "AUTH": return "AUTH"
    // The first key of a script names it better than its text.
    case "EVAL": return "script on \(word(3))"
    case let name: return words.count > 1 && words[1].bytes.count < 200 ? "\(name) \(word(1))" : name
    }
  }
}

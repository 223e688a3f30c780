internal import Basics
internal import Documents
internal import Transport

/// Asks the coordinator.
struct QueryClient {
  /// An answer, and whether it rests on stale data.
  struct Answer {
    var result: JSONValue
    var isStale: Bool
  }

  /// Longest wait for an answer, in ms; the coordinator answers within a few.
  static let patienceMilliseconds: Int64 = 5000

  private let client: ControlClient
  private let endpoint: String

  /// Connects in the background.
  init(_ context: CommandContext) throws {
    endpoint = context.globals.server ?? context.state.queryEndpoint
    var options = SocketOptions.control
    options.largestMessageBytes = 256 << 20
    client = try ControlClient(endpoint: endpoint, in: MessageContext(), options: options)
  }

  /// Sends a question and waits for the answer.
  ///
  /// - Throws: `CommandFailure` with exit code 124 without an answer, 3 for something unknown, 4 for too little data.
  func ask(_ query: String, service: String? = nil, _ more: [JSONValue.Member] = []) throws -> Answer {
    if endpoint.hasPrefix("ipc://"), !UnixSocket.isAnswered(at: String(endpoint.dropFirst(6))) {
      throw CommandFailure(
        .failed,
        "no coordinator listens at \(endpoint); start one with 'synfire up', or name it with --server"
      )
    }
    var question: [JSONValue.Member] = [.init("query", .string(query))]
    if let service { question.append(.init("service", .string(service))) }
    question += more
    _ = try client.send(Array(JSONValue.object(question).json().utf8))
    var poller = MessagePoller([client.waitSource])
    let end = MonotonicClock.nowMilliseconds() + Self.patienceMilliseconds
    while MonotonicClock.nowMilliseconds() < end {
      _ = try poller.wait(timeoutMilliseconds: 100)
      guard let bytes = try client.receive() else { continue }
      return try read(bytes)
    }
    throw CommandFailure(
      .timedOut,
      "the coordinator at \(endpoint) did not answer within \(Self.patienceMilliseconds / 1000) s; "
        + "is it running, and is this its query endpoint?"
    )
  }

  private func read(_ bytes: [UInt8]) throws -> Answer {
    let reply: JSONValue
    do { reply = try JSONValue(parsing: bytes) } catch {
      throw CommandFailure(
        .failed,
        "the answer of \(endpoint) cannot be read: \(error); is it a coordinator's query endpoint?"
      )
    }
    if let error = reply["error"] {
      let text = error["message"]?.text ?? "the coordinator refused"
      switch error["code"]?.text {
      case "not_found": throw CommandFailure(.notFound, text)
      case "stale": throw CommandFailure(.stale, text)
      default: throw CommandFailure(.failed, text)
      }
    }
    return Answer(result: reply["result"] ?? .null, isStale: reply["stale"] == .bool(true))
  }
}

extension CommandContext {
  /// Shows an answer, again and again with `--watch`; exit code 4 when it rests on stale data.
  func show(
    query: String,
    service: String? = nil,
    _ more: [JSONValue.Member] = [],
    _ make: (JSONValue) throws -> Report
  ) throws -> ExitCode {
    let client = try QueryClient(self)
    var isStale = false
    let code = try watch {
      let answer = try client.ask(query, service: service, more)
      isStale = answer.isStale
      return try make(answer.result)
    }
    if isStale, code == .done {
      log.warning("the last tick is old; the numbers are of then", ("query", query))
      return .stale
    }
    return code
  }
}

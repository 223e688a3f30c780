internal import Basics
internal import Cluster
internal import Documents
internal import Transport

/// Asks a coordinator again and again who its members are, and never waits for the answer.
final class MembershipWatch {
  private static let intervalMilliseconds: Int64 = 100
  /// Time after which an answer counts as lost.
  private static let patienceMilliseconds: Int64 = 2000

  private let client: ControlClient
  private var nextQuestion: Int64 = 0
  /// Places that are not needed any more.
  var surplus: [String] = []

  /// Connects in the background.
  init(endpoint: String) throws { client = try ControlClient(endpoint: endpoint, in: MessageContext()) }

  /// Returns the last answer that came since the last call, and asks the next question when it is time.
  func take() throws -> Crew.Membership? {
    var found: Crew.Membership?
    let now = MonotonicClock.nowMilliseconds()
    while let bytes = try client.receive() {
      found = Self.read(bytes)
      nextQuestion = now + Self.intervalMilliseconds
    }
    if now >= nextQuestion {
      nextQuestion = now + Self.patienceMilliseconds
      let question: JSONValue = ["query": "membership", "release": .array(surplus.map { .string($0) })]
      _ = try client.send(Array(question.json().utf8))
    }
    return found
  }

  private static func read(_ bytes: [UInt8]) -> Crew.Membership? {
    guard let reply = try? JSONValue(parsing: bytes), let result = reply["result"], let wanted = result["wanted"]?.int
    else { return nil }
    func places(_ name: String) -> Set<String> { Set(result[name]?.elements.compactMap(\.text) ?? []) }
    return Crew.Membership(
      wanted: wanted,
      isSettled: result["settled"] == .bool(true),
      members: places("members"),
      leaving: places("leaving")
    )
  }
}

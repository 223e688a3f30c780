import Basics
import Documents
import StateStore
import Testing

/// The service on the demo shop: one day in short ticks, from a feed that is a process as well.
final class ShopService: Service {
  static let days = ["--days", "1", "--start", "2026-11-02T00:00:00Z", "--tick", "10 min", "--sample", "2 min"]
  static let ticks = 144

  /// Writes the configuration and starts `up`.
  init(cores: Int, checkpointTicks: Int = 12, also: [String] = []) throws {
    let folder = try TestFolder()
    let written = try Started(["demo", "shop", "--files", folder.file("shop")] + Self.days, in: folder).finish()
    try #require(written.code == 0, "\(written.error)")
    try super.init(
      in: folder,
      configuration: folder.file("shop/shop.yaml"),
      cores: cores,
      also: ["--checkpoint-ticks", "\(checkpointTicks)"] + also
    )
  }

  /// Starts the feed.
  func feed(speed: Int? = nil, store: String? = nil) throws -> Started {
    let more = (speed.map { ["--speed", "\($0)"] } ?? []) + (store.map { ["--redis", $0] } ?? [])
    return try Started(["demo", "shop"] + Self.days + more, in: folder)
  }

  var ticksPublished: Int { status()?["ticks_published"]?.int ?? -1 }

  /// Waits until so many ticks are published.
  func wait(forTicks count: Int, within seconds: Double = 60) throws {
    try eventually("tick \(count)", within: seconds, in: folder) { ticksPublished >= count }
  }

  /// Everything that is published, entry by entry, and its digest as `status` gives it.
  func published(from connection: RedisConnection? = nil) throws -> Published {
    let reply = try (connection ?? connect()).command(["XRANGE", "{shop}:published", "-", "+"])
    let status = status() ?? .null
    return Published(
      digest: status["published_digest"]?.text ?? "",
      ticks: status["ticks_published"]?.int ?? 0,
      entries: reply.elements ?? []
    )
  }
}

/// What a run made public.
struct Published: Equatable {
  var digest: String
  var ticks: Int
  var entries: [RedisReply]

  /// Expects that nothing differs, and tells the first entry that does.
  func expectEqual(to reference: Published, _ comment: String, location: SourceLocation = #_sourceLocation) {
    #expect(ticks == reference.ticks, "\(comment)", sourceLocation: location)
    #expect(digest == reference.digest, "\(comment)", sourceLocation: location)
    #expect(entries.count == reference.entries.count, "\(comment)", sourceLocation: location)
    let first = zip(entries, reference.entries).enumerated().first { $1.0 != $1.1 }?.offset
    #expect(first == nil, "\(comment): entry \(first ?? 0) differs", sourceLocation: location)
  }
}

/// The run that nothing disturbs, on one core, and what it answers at its end.
enum Undisturbed {
  static let run = Result {
    let service = try ShopService(cores: 1)
    let feed = try service.feed()
    try service.wait(forTicks: ShopService.ticks)
    #expect(feed.finish().code == 0)
    let published = try service.published()
    #expect(service.status()?["samples_rejected"] == .object([]))
    var answers: [String: Ran] = [:]
    for question in AdviceQuestion.all {
      answers[question.joined(separator: " ")] = try Started(question + ["-o", "json"], in: service.folder).finish()
    }
    try service.stop()
    return (published: published, answers: answers)
  }
  static let published = run.map(\.published)
}

/// What people ask about advice.
enum AdviceQuestion {
  static let all = [
    ["explain", "gateway"], ["explain", "gatewax"], ["recommend", "gateway"], ["scorecard"], ["scorecard", "gateway"],
    ["whatif", "gateway", "--traffic", "+100%"], ["whatif", "gateway", "--traffic", "1"],
    ["whatif", "gateway", "--traffic", "+100%", "--replicas-at-most", "5"],
    ["whatif", "gateway", "--traffic", "+100%", "--target", "0.35"],
    ["whatif", "gateway", "--cancel", "nothing"],
    [
      "whatif", "gateway", "--event", "flash", "--start", "2026-11-03T00:00:00Z", "--end", "2026-11-03T02:00:00Z",
      "--expected-uplift", "3",
    ],
  ]
}

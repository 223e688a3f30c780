public import Basics
internal import Wire

/// Checkpoints in Redis.
///
/// Keys, all under `{run}:`: `run` (hash: the record), `lease` (string with an end), `fence` (hash: number, nonce),
/// `blobs` (set: the names of all blobs and drafts, so that removing old ones needs no scan), `ckpt:EPOCH:gGEN:PART` (hash:
/// chunks of 2 MB as fields 0, 1, …, bytes and crc), the same with `:WRITER` (a draft of it). Belongs to the thread of its
/// connection.
public final class RedisCheckpointStore: CheckpointStore {
  /// The size of a blob's chunks: large enough to be fast, small enough that others are served between two.
  public static let chunkBytes = 2 << 20

  /// The connection, which the caller reopens after a failure.
  public let connection: RedisConnection
  let keys: KeySpace

  /// Uses a connection for the run of a name.
  public init(_ connection: RedisConnection, run: String) throws(StoreError) {
    self.connection = connection
    keys = try KeySpace(run)
  }

  func key(of place: BlobPlace) -> String { keys.key("ckpt:\(place)") }

  /// Takes the lease and raises the fence, unless another holds it.
  public func takeLease(nonce: UInt64, milliseconds: Int64) throws(StoreError) -> LeaseAnswer {
    let reply = try connection.evaluate(
      CheckpointScript.take,
      keys: [keys.key("lease"), keys.key("fence")],
      [.init(String(nonce, radix: 16)), .init(milliseconds)]
    )
    let answer = reply.elements ?? []
    switch (answer.first?.text, answer.count) {
    case ("taken", 2):
      if let number = answer[1].number { return .taken(Lease(fence: Fence(UInt64(number)), nonce: nonce)) }
    case ("held", 3):
      if let left = answer[2].number {
        // A lease that this program did not write may have another value.
        return .held(nonce: UInt64(answer[1].text ?? "", radix: 16) ?? 0, milliseconds: left)
      }
    default: break
    }
    throw unexpected(reply, "taking of the lease")
  }

  /// Prolongs a lease, even one that ran out if nobody took it.
  public func renewLease(_ lease: Lease, milliseconds: Int64) throws(StoreError) -> Bool {
    let reply = try connection.evaluate(
      CheckpointScript.renew,
      keys: [keys.key("fence"), keys.key("lease")],
      lease.arguments + [.init(milliseconds)]
    )
    return reply == .integer(1)
  }

  /// Gives the lease back.
  public func releaseLease(_ lease: Lease) throws(StoreError) {
    _ = try connection.evaluate(
      CheckpointScript.release,
      keys: [keys.key("fence"), keys.key("lease")],
      lease.arguments
    )
  }

  /// Returns the record, or nil when the run does not exist.
  public func readRun() throws(StoreError) -> RunRecord? {
    try record(from: try connection.command(["HGETALL", .init(keys.key("run"))]))
  }

  /// Writes the record of a new run and returns it, or the one that is there.
  public func createRun(_ lease: Lease, _ record: RunRecord) throws(StoreError) -> RunRecord {
    let fields: [RedisArgument] = [
      "format", .init(record.format), "program", .init(record.programDigest),
      "created", .init(record.createdMilliseconds), "epoch", .init(record.committedEpoch.index),
      "checkpoint", "", "parts", "", "generation", .init(record.generation.number),
      "fence", .init(lease.fence.number), "manifest", .init(record.manifest),
    ]
    let reply = try fenced(lease, CheckpointScript.create, "creation of the run", fields)
    guard reply.count == 2, let found = try self.record(from: reply[1]) else {
      throw unexpected(.array(reply), "creation of the run")
    }
    return found
  }

  /// Gives out a generation, which has to be higher than all before.
  public func raiseGeneration(_ lease: Lease, to generation: Generation) throws(StoreError) -> GenerationAnswer {
    let operation = "raise of the generation"
    let reply = try fenced(lease, CheckpointScript.raise, operation, [.init(generation.number)])
    switch (reply.first?.text, reply.last?.number) {
    case ("ok", _): return .raised
    case ("stale", let highest?): return .stale(Generation(UInt32(clamping: highest)))
    case ("missing", _): throw .runMissing(during: operation)
    default: throw unexpected(.array(reply), operation)
    }
  }

  /// Notes how many cores people want.
  public func noteWanted(_ lease: Lease, _ wanted: WantedCores) throws(StoreError) {
    let operation = "note of the wanted cores"
    let reply = try fenced(lease, CheckpointScript.want, operation, [.init(wanted.cores), .init(wanted.startedWith)])
    switch reply.first?.text {
    case "ok": return
    case "missing": throw .runMissing(during: operation)
    default: throw unexpected(.array(reply), operation)
    }
  }

  /// Makes a checkpoint the committed one, if every blob is there and nothing has moved.
  public func commit(_ lease: Lease, _ request: CommitRequest) throws(StoreError) -> CommitAnswer {
    let places = request.blobs.map {
      key(of: BlobPlace(epoch: request.epoch, generation: request.generation, part: $0.part))
    }
    let arguments: [RedisArgument] = [
      .init(request.previousEpoch.index), .init(request.epoch.index), .init(request.generation.number),
      .init(Self.text(of: request.blobs)), request.manifest == nil ? 0 : 1, .init(request.manifest ?? []),
    ]
    let reply = try connection.evaluate(
      CheckpointScript.commit,
      keys: [keys.key("fence"), keys.key("run")] + places,
      lease.arguments + arguments + request.blobs.map { .init($0.crc) }
    )
    let answer = reply.elements ?? []
    let number = answer.last?.number
    switch (answer.first?.text, number) {
    case ("ok", _): return .committed
    case ("fence", _): return .refused(.fenceLost)
    case ("missing", _): return .refused(.runMissing)
    case ("epoch", let epoch?): return .refused(.epochMoved(Epoch(epoch)))
    case ("generation", let number?): return .refused(.generationMoved(Generation(UInt32(clamping: number))))
    case ("blob", let i?) where request.blobs.indices.contains(Int(i)):
      return .refused(.blobMissing(request.blobs[Int(i)].part))
    case ("crc", let i?) where request.blobs.indices.contains(Int(i)):
      return .refused(.crcDiffers(request.blobs[Int(i)].part))
    default: throw unexpected(reply, "commit of epoch \(request.epoch.index)")
    }
  }

  /// Removes blobs below the committed epoch and of dead generations, and returns how many.
  public func collectGarbage(_ lease: Lease) throws(StoreError) -> Int {
    let operation = "removal of old blobs"
    let reply = try fenced(
      lease,
      CheckpointScript.collect,
      operation,
      [.init(keys.key("ckpt:"))],
      also: keys.key("blobs")
    )
    guard let removed = reply.last?.number else { throw unexpected(.array(reply), operation) }
    return Int(removed)
  }

  /// Runs a script on fence and run record, and returns the elements of its answer.
  private func fenced(
    _ lease: Lease,
    _ script: String,
    _ operation: String,
    _ arguments: [RedisArgument],
    also key: String? = nil
  ) throws(StoreError) -> [RedisReply] {
    let reply = try connection.evaluate(
      script,
      keys: [keys.key("fence"), keys.key("run")] + (key.map { [$0] } ?? []),
      lease.arguments + arguments
    )
    guard let elements = reply.elements, let first = elements.first?.text else { throw unexpected(reply, operation) }
    if first == "fence" { throw .fenceLost(during: "\(operation) \(keys.key("run"))") }
    return elements
  }

  private func unexpected(_ reply: RedisReply, _ operation: String) -> StoreError {
    .unreadable(reply, during: "\(operation) \(keys.key("run"))")
  }

  /// Reads the record from the fields of its hash; nil when there are none.
  private func record(from reply: RedisReply) throws(StoreError) -> RunRecord? {
    guard let flat = reply.elements, flat.count % 2 == 0 else { throw unexpected(reply, "read of") }
    if flat.isEmpty { return nil }
    var fields: [String: RedisReply] = [:]
    for i in stride(from: 0, to: flat.count, by: 2) { fields[flat[i].text ?? ""] = flat[i + 1] }
    guard let format = fields["format"]?.number, format == RunRecord.presentFormat else {
      throw StoreError(
        .unexpected,
        during: "read of \(keys.key("run"))",
        answer: "its format is \(fields["format"]?.text ?? "not there"), this program reads \(RunRecord.presentFormat)",
        advice: "use the program that wrote it, or another run name"
      )
    }
    guard let program = fields["program"]?.text, let created = fields["created"]?.number,
      let epoch = fields["epoch"]?.number, let checkpoint = fields["checkpoint"]?.text,
      let blobs = fields["parts"]?.text.flatMap(Self.blobs), let generation = fields["generation"]?.number,
      let fence = fields["fence"]?.number, let manifest = fields["manifest"]?.bytes
    else { throw unexpected(reply, "read of") }
    var record = RunRecord(
      programDigest: program,
      createdMilliseconds: created,
      fence: Fence(UInt64(clamping: fence)),
      manifest: manifest
    )
    record.committedEpoch = Epoch(epoch)
    record.checkpoint = UInt32(checkpoint).map(Generation.init)
    record.blobs = blobs
    record.generation = Generation(UInt32(clamping: generation))
    if let cores = fields["cores"]?.number, let startedWith = fields["started_with"]?.number {
      record.wantedCores = WantedCores(cores: Int(cores), startedWith: Int(startedWith))
    }
    return record
  }

  /// Blobs as text: `part:crc,part:crc`.
  private static func text(of blobs: [PartBlob]) -> String {
    blobs.map { "\($0.part.index):\($0.crc)" }.joined(separator: ",")
  }

  private static func blobs(from text: String) -> [PartBlob]? {
    var blobs: [PartBlob] = []
    for pair in text.split(separator: ",") {
      let numbers = pair.split(separator: ":")
      guard numbers.count == 2, let part = UInt16(numbers[0]), let crc = UInt32(numbers[1]) else { return nil }
      blobs.append(PartBlob(part: PartID(part), crc: crc))
    }
    return blobs
  }
}

extension Lease {
  /// As the scripts take it: number, nonce.
  var arguments: [RedisArgument] { [.init(fence.number), .init(String(nonce, radix: 16))] }
}

extension StoreError {
  static func unreadable(_ reply: RedisReply, during operation: String) -> StoreError {
    StoreError(
      .unexpected,
      during: operation,
      answer: "the answer is not what this program understands: \("\(reply)".prefix(200))",
      advice: "look whether another program writes these keys"
    )
  }
}

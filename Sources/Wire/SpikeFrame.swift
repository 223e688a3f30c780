public import Basics

/// What one core sends another once an epoch, even when nothing fired: its absence is the sign of a failure.
///
/// Layout, little-endian: magic `SYNF` (4 bytes), wire version (2), kind (1), source core (2), run id (8), map hash (8),
/// incarnation of the source (8), epoch (8), generation (4), steps (4), count of spikes (4), payload, CRC-32C (4).
/// The payload holds for every step of the epoch a count and then that many neurons, ascending, as differences to the
/// one before (the first to 0), all as LEB128 numbers. The checksum covers everything before it, header included: a
/// flipped bit in the generation would be as harmful as one in a spike. CRC-32C finds every error of up to three
/// flipped bits in messages of this size.
public struct SpikeFrame: Equatable, Sendable {
  /// Who sends what of which run; a receiver drops a frame whose run, map or generation is not its own.
  public struct Header: Equatable, Sendable {
    /// The run that the frame belongs to.
    public var run: UInt64
    /// Digest of circuit, seed and map of neurons to cores.
    public var mapHash: UInt64
    /// The generation the sender is in.
    public var generation: Generation
    /// The life of the sender's process.
    public var incarnation: Incarnation
    /// The sender.
    public var source: CoreID
    /// The epoch in which the spikes were fired.
    public var epoch: Epoch

    /// Puts a header together.
    public init(
      run: UInt64,
      mapHash: UInt64,
      generation: Generation,
      incarnation: Incarnation,
      source: CoreID,
      epoch: Epoch
    ) {
      (self.run, self.mapHash, self.generation) = (run, mapHash, generation)
      (self.incarnation, self.source, self.epoch) = (incarnation, source, epoch)
    }
  }

  /// Who sends what.
  public var header: Header
  /// The spikes: which neuron fired in which step of the epoch.
  public var batch: SpikeBatch

  /// Pairs a header with spikes.
  public init(header: Header, batch: SpikeBatch) { (self.header, self.batch) = (header, batch) }

  /// Returns a frame as bytes.
  ///
  /// The neurons of a step must ascend; the same neuron may stand more than once.
  /// - Complexity: O(steps + spikes); about 1.2 bytes per spike in dense batches.
  public static func encode(_ header: Header, _ batch: SpikeBatch) -> [UInt8] {
    var w = ByteWriter(reserving: Layout.headerBytes + batch.stepEnds.count + 2 * batch.neurons.count + 4)
    header.encode(
      kind: .spikes,
      steps: UInt32(batch.stepEnds.count),
      spikes: UInt32(batch.neurons.count),
      into: &w
    )
    var start = 0
    for end in batch.stepEnds {
      w.writeVarint(UInt64(end - start))
      var previous: UInt32 = 0
      for i in start..<end {
        let neuron = batch.neurons[i]
        precondition(neuron >= previous, "the neurons of a step ascend")
        w.writeVarint(UInt64(neuron - previous))
        previous = neuron
      }
      start = end
    }
    w.write(CRC32C.checksum(w.bytes))
    return w.bytes
  }

  /// Returns the frame as bytes.
  public func encoded() -> [UInt8] { Self.encode(header, batch) }

  /// Reads a frame from bytes that may come from anybody.
  ///
  /// - Throws: `WireError` unless magic, version, kind, length, checksum and every count fit.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    guard case .spikes(let frame) = try PeerMessage(decoding: bytes) else {
      throw WireError(reading: "spike frame", problem: "this is a request to send again")
    }
    self = frame
  }

  /// Reads the payload; the reader stands behind the header, the checksum has been verified.
  init(header: Header, steps: UInt32, spikes: UInt32, from r: inout ByteReader) throws(WireError) {
    // A step and a spike take a byte each at least, which bounds what is reserved by what has arrived.
    guard Int(steps) + Int(spikes) <= r.remaining else {
      throw r.error("\(steps) steps and \(spikes) spikes are announced, \(r.remaining) bytes are left")
    }
    var ends: [Int] = []
    var neurons: [UInt32] = []
    ends.reserveCapacity(Int(steps))
    neurons.reserveCapacity(Int(spikes))
    for _ in 0..<steps {
      let count = try r.readVarint()
      guard count <= UInt64(Int(spikes) - neurons.count) else { throw r.error("a step has more spikes than are left") }
      var previous: UInt64 = 0
      for _ in 0..<count {
        let difference = try r.readVarint()
        guard difference <= UInt64(UInt32.max) - previous else { throw r.error("a neuron has more than 32 bits") }
        previous += difference
        neurons.append(UInt32(previous))
      }
      ends.append(neurons.count)
    }
    guard neurons.count == Int(spikes) else {
      throw r.error("\(spikes) spikes are announced, \(neurons.count) are there")
    }
    try r.finish()
    self.init(header: header, batch: SpikeBatch(stepEnds: ends, neurons: neurons))
  }
}

/// Asks a peer to send its frame of an epoch again: same sockets, same header, no payload.
///
/// Who asks, in which generation and for which epoch stand in the header.
public struct ResendRequest: Equatable, Sendable {
  /// Who asks, and for which epoch.
  public var header: SpikeFrame.Header

  /// Makes a request.
  public init(header: SpikeFrame.Header) { self.header = header }

  /// Returns the request as bytes.
  public func encoded() -> [UInt8] {
    var w = ByteWriter(reserving: Layout.headerBytes + 4)
    header.encode(kind: .resend, steps: 0, spikes: 0, into: &w)
    w.write(CRC32C.checksum(w.bytes))
    return w.bytes
  }
}

/// Everything that cores say to each other.
public enum PeerMessage: Equatable, Sendable {
  case spikes(SpikeFrame)
  case resend(ResendRequest)

  /// What both kinds begin with.
  public var header: SpikeFrame.Header {
    switch self {
    case .spikes(let frame): frame.header
    case .resend(let request): request.header
    }
  }

  /// Reads a message from bytes that may come from anybody.
  ///
  /// - Throws: `WireError` unless magic, version, kind, length, checksum and every count fit.
  /// - Complexity: O(bytes); reserves at most eight bytes of memory per byte that arrived.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    let what = "message between cores"
    guard bytes.count >= Layout.headerBytes + 4 else {
      throw WireError(reading: what, problem: "\(bytes.count) bytes are less than a header", offset: bytes.count)
    }
    var r = ByteReader(Array(bytes.dropLast(4)), reading: what)
    guard try r.read(UInt32.self) == Layout.magic else { throw r.error("this is no message of Synfire") }
    let version = try r.read(UInt16.self)
    guard version == wireVersion else {
      throw r.error("wire version \(version), this process speaks \(wireVersion); start both from one build")
    }
    var tail = ByteReader(bytes, reading: what, from: bytes.count - 4)
    guard try tail.read(UInt32.self) == CRC32C.checksum(bytes.dropLast(4)) else {
      throw r.error("the checksum does not fit")
    }
    let kind = try r.read(UInt8.self)
    let header = try SpikeFrame.Header(from: &r)
    let steps = try r.read(UInt32.self)
    let spikes = try r.read(UInt32.self)
    switch Layout.Kind(rawValue: kind) {
    case .spikes:
      self = .spikes(try SpikeFrame(header: header, steps: steps, spikes: spikes, from: &r))
    case .resend:
      guard steps == 0, spikes == 0 else { throw r.error("a request to send again carries no spikes") }
      try r.finish()
      self = .resend(ResendRequest(header: header))
    case nil: throw r.error("unknown kind \(kind)")
    }
  }
}

private enum Layout {
  static let magic: UInt32 = 0x464E_5953
  static let headerBytes = 53
  enum Kind: UInt8 { case spikes = 1, resend }
}

extension SpikeFrame.Header {
  fileprivate func encode(kind: Layout.Kind, steps: UInt32, spikes: UInt32, into w: inout ByteWriter) {
    w.write(Layout.magic)
    w.write(wireVersion)
    w.write(kind.rawValue)
    w.write(source.index)
    w.write(run)
    w.write(mapHash)
    w.write(incarnation.bits)
    w.write(epoch.index)
    w.write(generation.number)
    w.write(steps)
    w.write(spikes)
  }

  fileprivate init(from r: inout ByteReader) throws(WireError) {
    source = CoreID(try r.read())
    run = try r.read()
    mapHash = try r.read()
    incarnation = Incarnation(try r.read())
    epoch = Epoch(try r.read())
    generation = Generation(try r.read())
  }
}

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
    var encoder = SpikeFrameEncoder()
    var bytes: [UInt8] = []
    encoder.encode(header, batch, into: &bytes)
    return bytes
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
    var bytes = [UInt8](repeating: 0, count: Layout.headerBytes + 4)
    unsafe bytes.withUnsafeMutableBytes { raw in
      unsafe Layout.write(header, kind: .resend, steps: 0, spikes: 0, into: raw)
      unsafe Layout.close(raw, at: Layout.headerBytes)
    }
    return bytes
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
    var batch = SpikeBatch(steps: 0)
    let (kind, header) = try Self.decode(bytes, into: &batch)
    switch kind {
    case .spikes: self = .spikes(SpikeFrame(header: header, batch: batch))
    case .resend: self = .resend(ResendRequest(header: header))
    }
  }

  /// What a message is.
  public enum Kind: UInt8, Sendable { case spikes = 1, resend }

  /// Reads a message as `init(decoding:)` does, its spikes into a batch whose memory is reused.
  ///
  /// After an error the batch holds something else.
  public static func decode(
    _ bytes: [UInt8],
    into batch: inout SpikeBatch
  ) throws(WireError) -> (kind: Kind, header: SpikeFrame.Header) {
    guard bytes.count >= Layout.headerBytes + 4 else {
      throw error("\(bytes.count) bytes are less than a header", at: bytes.count)
    }
    var kind: Kind?
    var header: SpikeFrame.Header?
    var problem: (text: String, offset: Int)?
    unsafe bytes.withUnsafeBytes { raw in
      unsafe Self.read(raw, &kind, &header, &batch, &problem)
    }
    if let problem { throw error(problem.text, at: problem.offset) }
    guard let kind, let header else { throw error("it has no header", at: 0) }
    return (kind, header)
  }

  private static func error(_ problem: String, at offset: Int) -> WireError {
    WireError(reading: "message between cores", problem: problem, offset: offset)
  }

  private static func read(
    _ raw: UnsafeRawBufferPointer,
    _ kind: inout Kind?,
    _ header: inout SpikeFrame.Header?,
    _ batch: inout SpikeBatch,
    _ problem: inout (text: String, offset: Int)?
  ) {
    let end = raw.count - 4
    guard unsafe raw.loadUnaligned(fromByteOffset: 0, as: UInt32.self) == Layout.magic.littleEndian else {
      problem = ("this is no message of Synfire", 4)
      return
    }
    let version = unsafe UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    guard version == wireVersion else {
      problem = ("wire version \(version), this process speaks \(wireVersion); start both from one build", 6)
      return
    }
    let checksum = unsafe UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: end, as: UInt32.self))
    guard unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[0..<end])) == checksum else {
      problem = ("the checksum does not fit", end)
      return
    }
    let (steps, spikes) = unsafe (Layout.steps(in: raw), Layout.spikes(in: raw))
    kind = unsafe Kind(rawValue: raw[6])
    header = unsafe Layout.header(in: raw)
    let payload = unsafe UnsafeRawBufferPointer(rebasing: raw[Layout.headerBytes..<end])
    switch kind {
    case .spikes: unsafe problem = batch.read(payload, steps: steps, spikes: spikes)
    case .resend:
      if steps != 0 || spikes != 0 {
        problem = ("a request to send again carries no spikes", Layout.headerBytes)
      } else if payload.count > 0 {
        problem = ("\(payload.count) bytes too many", Layout.headerBytes)
      }
    case nil: problem = unsafe ("unknown kind \(raw[6])", 6)
    }
  }
}

/// Writes frames into memory that is reused from frame to frame.
public struct SpikeFrameEncoder: Sendable {
  private var scratch: [UInt8] = []

  /// Makes an encoder without memory.
  public init() {}

  /// Replaces `bytes` by a frame; the neurons of a step must ascend.
  public mutating func encode(_ header: SpikeFrame.Header, _ batch: SpikeBatch, into bytes: inout [UInt8]) {
    // A number of 32 bits takes five bytes at most.
    let bound = Layout.headerBytes + 5 * (batch.stepEnds.count + batch.neurons.count) + 4
    if scratch.count < bound { scratch = Array(repeating: 0, count: bound + bound / 2) }
    bytes.removeAll(keepingCapacity: true)
    unsafe scratch.withUnsafeMutableBytes { raw in
      unsafe Layout.write(header, kind: .spikes, steps: batch.stepEnds.count, spikes: batch.neurons.count, into: raw)
      let end = unsafe batch.write(into: raw, from: Layout.headerBytes)
      unsafe Layout.close(raw, at: end)
      unsafe bytes.append(contentsOf: raw[0..<end + 4])
    }
  }
}

extension SpikeBatch {
  /// Writes the payload of a frame into memory that has room for it, and returns its end.
  fileprivate func write(into raw: UnsafeMutableRawBufferPointer, from start: Int) -> Int {
    guard let base = unsafe raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return start }
    var position = start
    func put(_ value: UInt32) {
      var rest = value
      while rest >= 0x80 {
        unsafe base[position] = UInt8(truncatingIfNeeded: rest) | 0x80
        rest >>= 7
        position += 1
      }
      unsafe base[position] = UInt8(truncatingIfNeeded: rest)
      position += 1
    }
    unsafe neurons.withUnsafeBufferPointer { list in
      var begin = 0
      for stepEnd in stepEnds {
        precondition(stepEnd >= begin && stepEnd <= list.count, "the ends of the steps ascend")
        put(UInt32(stepEnd - begin))
        var previous: UInt32 = 0
        for i in begin..<stepEnd {
          let neuron = unsafe list[i]
          precondition(neuron >= previous, "the neurons of a step ascend")
          put(neuron &- previous)
          previous = neuron
        }
        begin = stepEnd
      }
    }
    return position
  }

  /// Reads the payload of a frame, whose checksum has been verified; returns what is wrong with it, and where.
  fileprivate mutating func read(
    _ raw: UnsafeRawBufferPointer,
    steps: Int,
    spikes: Int
  ) -> (text: String, offset: Int)? {
    stepEnds.removeAll(keepingCapacity: true)
    neurons.removeAll(keepingCapacity: true)
    var position = 0
    func place() -> Int { Layout.headerBytes + position }
    // A step and a spike take a byte each at least, which bounds what is reserved by what has arrived.
    guard steps + spikes <= raw.count else {
      return ("\(steps) steps and \(spikes) spikes are announced, \(raw.count) bytes are left", place())
    }
    stepEnds.reserveCapacity(steps)
    neurons.reserveCapacity(spikes)
    // The next number, or nil when it is cut off or has more than 32 bits, which nothing here can have.
    func next() -> UInt32? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while position < raw.count {
        let byte = unsafe raw[position]
        position += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return UInt32(exactly: value) }
        shift += 7
        if shift > 28 + 7 { return nil }
      }
      return nil
    }
    for _ in 0..<steps {
      guard let count = next() else { return ("a number is cut off or has more than 32 bits", place()) }
      guard Int(count) <= spikes - neurons.count else { return ("a step has more spikes than are left", place()) }
      var previous: UInt32 = 0
      for _ in 0..<count {
        guard let difference = next() else { return ("a number is cut off or has more than 32 bits", place()) }
        let (neuron, overflows) = previous.addingReportingOverflow(difference)
        guard !overflows else { return ("a neuron has more than 32 bits", place()) }
        neurons.append(neuron)
        previous = neuron
      }
      stepEnds.append(neurons.count)
    }
    guard neurons.count == spikes else {
      return ("\(spikes) spikes are announced, \(neurons.count) are there", place())
    }
    guard position == raw.count else { return ("\(raw.count - position) bytes too many", place()) }
    return nil
  }
}

private enum Layout {
  static let magic: UInt32 = 0x464E_5953
  static let headerBytes = 53

  static func write(
    _ header: SpikeFrame.Header,
    kind: PeerMessage.Kind,
    steps: Int,
    spikes: Int,
    into raw: UnsafeMutableRawBufferPointer
  ) {
    unsafe raw.storeBytes(of: magic.littleEndian, toByteOffset: 0, as: UInt32.self)
    unsafe raw.storeBytes(of: wireVersion.littleEndian, toByteOffset: 4, as: UInt16.self)
    unsafe raw.storeBytes(of: kind.rawValue, toByteOffset: 6, as: UInt8.self)
    unsafe raw.storeBytes(of: header.source.index.littleEndian, toByteOffset: 7, as: UInt16.self)
    unsafe raw.storeBytes(of: header.run.littleEndian, toByteOffset: 9, as: UInt64.self)
    unsafe raw.storeBytes(of: header.mapHash.littleEndian, toByteOffset: 17, as: UInt64.self)
    unsafe raw.storeBytes(of: header.incarnation.bits.littleEndian, toByteOffset: 25, as: UInt64.self)
    unsafe raw.storeBytes(of: header.epoch.index.littleEndian, toByteOffset: 33, as: Int64.self)
    unsafe raw.storeBytes(of: header.generation.number.littleEndian, toByteOffset: 41, as: UInt32.self)
    unsafe raw.storeBytes(of: UInt32(steps).littleEndian, toByteOffset: 45, as: UInt32.self)
    unsafe raw.storeBytes(of: UInt32(spikes).littleEndian, toByteOffset: 49, as: UInt32.self)
  }

  /// Writes the checksum of all before it.
  static func close(_ raw: UnsafeMutableRawBufferPointer, at end: Int) {
    let checksum = unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[0..<end]))
    unsafe raw.storeBytes(of: checksum.littleEndian, toByteOffset: end, as: UInt32.self)
  }

  static func header(in raw: UnsafeRawBufferPointer) -> SpikeFrame.Header {
    SpikeFrame.Header(
      run: unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 9, as: UInt64.self)),
      mapHash: unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 17, as: UInt64.self)),
      generation: Generation(unsafe UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 41, as: UInt32.self))),
      incarnation: Incarnation(unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 25, as: UInt64.self))),
      source: CoreID(unsafe UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 7, as: UInt16.self))),
      epoch: Epoch(unsafe Int64(littleEndian: raw.loadUnaligned(fromByteOffset: 33, as: Int64.self)))
    )
  }

  static func steps(in raw: UnsafeRawBufferPointer) -> Int {
    Int(unsafe UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 45, as: UInt32.self)))
  }

  static func spikes(in raw: UnsafeRawBufferPointer) -> Int {
    Int(unsafe UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 49, as: UInt32.self)))
  }
}

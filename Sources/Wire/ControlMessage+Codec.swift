internal import Basics

/// Control messages as bytes: magic, version, kind, fields, CRC-32C of all before it.
extension ControlMessage {
  private static let magic: UInt32 = 0x4C54_4353  // "SCTL"

  private var kind: UInt8 {
    switch self {
    case .hello: 1
    case .heartbeat: 2
    case .ready: 3
    case .output: 4
    case .acknowledge: 5
    case .suspect: 6
    case .failed: 7
    case .assign: 16
    case .input: 17
    case .proceed: 18
    case .committed: 19
    case .whoAreYou: 20
    case .ping: 21
    case .stop: 22
    case .refuse: 23
    case .checkpoint: 24
    case .promote: 25
    }
  }

  /// Returns the message as bytes.
  public func encoded() -> [UInt8] {
    var w = ByteWriter(reserving: 128)
    w.write(Self.magic)
    w.write(wireVersion)
    w.write(kind)
    switch self {
    case .hello(let hello): hello.encode(into: &w)
    case .heartbeat(let who, let generation, let mapHash, let statistics):
      w.write(who, generation)
      w.write(mapHash)
      statistics.encode(into: &w)
    case .ready(let who, let generation, let mapHash):
      w.write(who, generation)
      w.write(mapHash)
    case .output(let who, let generation, let mapHash, let epoch, let outputs):
      w.write(who, generation)
      w.write(mapHash)
      w.write(epoch.index)
      w.writeVarint(UInt64(outputs.count))
      for output in outputs {
        w.write(output.part.index)
        w.writeBlob(output.bytes)
      }
    case .acknowledge(let who, let generation, let mapHash, let epoch, let stored, let blobs):
      w.write(who, generation)
      w.write(mapHash)
      w.write(epoch.index)
      w.write(stored?.number ?? 0)
      w.write(blobs)
    case .suspect(let who, let generation, let core):
      w.write(who, generation)
      w.write(core.index)
    case .failed(let who, let generation, let text):
      w.write(who, generation)
      w.writeString(text)
    case .assign(let assignment): assignment.encode(into: &w)
    case .input(let generation, let mapHash, let ordinal, let bytes):
      w.write(generation.number)
      w.write(mapHash)
      w.write(ordinal)
      w.writeBlob(bytes)
    case .proceed(let generation, let epoch), .committed(let generation, let epoch),
      .checkpoint(let generation, let epoch):
      w.write(generation.number)
      w.write(epoch.index)
    case .promote(let generation, let blobs):
      w.write(generation.number)
      w.write(blobs.number)
    case .whoAreYou(let who), .ping(let who): w.write(who.bits)
    case .stop(let text), .refuse(let text): w.writeString(text)
    }
    w.write(CRC32C.checksum(w.bytes))
    return w.bytes
  }

  /// Reads a message; throws on anything that `encoded` of this version would not write.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "control message")
    guard try r.read(UInt32.self) == Self.magic else { throw r.error("not a control message") }
    let version = try r.read(UInt16.self)
    guard version == wireVersion else {
      throw r.error("wire version \(version), this process speaks \(wireVersion); start both from one build")
    }
    var tail = ByteReader(bytes, reading: "control message", from: max(0, bytes.count - 4))
    guard try tail.read(UInt32.self) == CRC32C.checksum(bytes.dropLast(4)) else { throw r.error("checksum differs") }
    r = ByteReader(Array(bytes.dropLast(4)), reading: "control message", from: r.offset)
    switch try r.read(UInt8.self) {
    case 1: self = .hello(try CoreHello(from: &r))
    case 2:
      let (who, generation) = try r.readOrigin()
      let mapHash: UInt64 = try r.read()
      self = .heartbeat(who, generation, mapHash: mapHash, try CoreStatistics(from: &r))
    case 3:
      let (who, generation) = try r.readOrigin()
      self = .ready(who, generation, mapHash: try r.read())
    case 4:
      let (who, generation) = try r.readOrigin()
      let mapHash: UInt64 = try r.read()
      let epoch = Epoch(try r.read())
      var outputs: [PartOutput] = []
      for _ in 0..<(try r.readCount(elementBytes: 3)) {
        let part = PartID(try r.read())
        outputs.append(PartOutput(part: part, bytes: try r.readBlob()))
      }
      self = .output(who, generation, mapHash: mapHash, epoch, outputs)
    case 5:
      let (who, generation) = try r.readOrigin()
      let mapHash: UInt64 = try r.read()
      let epoch = Epoch(try r.read())
      let stored = try r.readGeneration()
      self = .acknowledge(who, generation, mapHash: mapHash, epoch, stored: stored, try r.readBlobs())
    case 6:
      let (who, generation) = try r.readOrigin()
      self = .suspect(who, generation, CoreID(try r.read()))
    case 7:
      let (who, generation) = try r.readOrigin()
      self = .failed(who, generation, try r.readString())
    case 16: self = .assign(try Assignment(from: &r))
    case 17:
      let generation = Generation(try r.read())
      let mapHash: UInt64 = try r.read()
      let ordinal: Int64 = try r.read()
      self = .input(generation, mapHash: mapHash, ordinal: ordinal, try r.readBlob())
    case 18:
      let generation = Generation(try r.read())
      self = .proceed(generation, Epoch(try r.read()))
    case 19:
      let generation = Generation(try r.read())
      self = .committed(generation, Epoch(try r.read()))
    case 20: self = .whoAreYou(Incarnation(try r.read()))
    case 21: self = .ping(Incarnation(try r.read()))
    case 22: self = .stop(try r.readString())
    case 23: self = .refuse(try r.readString())
    case 24:
      let generation = Generation(try r.read())
      self = .checkpoint(generation, Epoch(try r.read()))
    case 25:
      let generation = Generation(try r.read())
      self = .promote(generation, blobs: Generation(try r.read()))
    case let other: throw r.error("unknown kind \(other)")
    }
    try r.finish()
  }
}

extension ByteWriter {
  fileprivate mutating func write(_ who: Incarnation, _ generation: Generation) {
    write(who.bits)
    write(generation.number)
  }
  fileprivate mutating func write(_ blobs: [PartBlob]) {
    writeVarint(UInt64(blobs.count))
    for blob in blobs {
      write(blob.part.index)
      write(blob.crc)
    }
  }
}

extension ByteReader {
  fileprivate mutating func readOrigin() throws(WireError) -> (Incarnation, Generation) {
    let who = Incarnation(try read())
    return (who, Generation(try read()))
  }
  fileprivate mutating func readGeneration() throws(WireError) -> Generation? {
    let number: UInt32 = try read()
    return number == 0 ? nil : Generation(number)
  }
  fileprivate mutating func readBlobs() throws(WireError) -> [PartBlob] {
    var blobs: [PartBlob] = []
    for _ in 0..<(try readCount(elementBytes: 6)) {
      let part = PartID(try read())
      blobs.append(PartBlob(part: part, crc: try read()))
    }
    return blobs
  }
}

extension CoreHello {
  fileprivate func encode(into w: inout ByteWriter) {
    w.write(version)
    w.write(incarnation.bits)
    w.writeString(place)
    w.writeString(spikeEndpoint)
    w.writeString(host)
    w.write(processID)
    w.write(run)
    w.write(generation.number)
  }
  fileprivate init(from r: inout ByteReader) throws(WireError) {
    let version: UInt16 = try r.read()
    let incarnation = Incarnation(try r.read())
    let place = try r.readString()
    let endpoint = try r.readString()
    let host = try r.readString()
    let processID: Int32 = try r.read()
    let run: UInt64 = try r.read()
    self.init(
      version: version,
      incarnation: incarnation,
      place: place,
      spikeEndpoint: endpoint,
      host: host,
      processID: processID,
      run: run,
      generation: Generation(try r.read())
    )
  }
}

extension Assignment {
  fileprivate func encode(into w: inout ByteWriter) {
    w.write(run)
    w.writeString(runName)
    w.write(generation.number)
    w.write(mapHash)
    w.write(core.index)
    w.writeVarint(UInt64(members.count))
    for member in members {
      w.write(member.core.index)
      w.write(member.incarnation.bits)
      w.writeString(member.spikeEndpoint)
    }
    w.writeArray(coreOfPart.map(\.index))
    w.writeVarint(UInt64(targetParts.count))
    for targets in targetParts { w.writeArray(targets.map(\.index)) }
    w.writeBlob(program)
    w.write(epoch.index)
    w.write(checkpoint?.number ?? 0)
    w.write(blobs)
    w.write(blobGeneration?.number ?? 0)
    w.writeVarint(UInt64(epochsPerInput))
    w.writeVarint(UInt64(epochsPerOutput))
    w.writeVarint(UInt64(epochsPerCheckpoint))
    w.write(lastEpoch.index)
  }
  fileprivate init(from r: inout ByteReader) throws(WireError) {
    run = try r.read()
    runName = try r.readString()
    generation = Generation(try r.read())
    mapHash = try r.read()
    core = CoreID(try r.read())
    members = []
    for _ in 0..<(try r.readCount(elementBytes: 11)) {
      let position = CoreID(try r.read())
      let incarnation = Incarnation(try r.read())
      members.append(CoreMember(core: position, incarnation: incarnation, spikeEndpoint: try r.readString()))
    }
    coreOfPart = try r.readArray(of: UInt16.self).map { CoreID($0) }
    targetParts = []
    for _ in 0..<(try r.readCount(elementBytes: 1)) {
      targetParts.append(try r.readArray(of: UInt16.self).map { PartID($0) })
    }
    program = try r.readBlob()
    epoch = Epoch(try r.read())
    checkpoint = try r.readGeneration()
    blobs = try r.readBlobs()
    blobGeneration = try r.readGeneration()
    epochsPerInput = Int(truncatingIfNeeded: try r.readVarint())
    epochsPerOutput = Int(truncatingIfNeeded: try r.readVarint())
    epochsPerCheckpoint = Int(truncatingIfNeeded: try r.readVarint())
    lastEpoch = Epoch(try r.read())
    guard epochsPerInput >= 0, epochsPerOutput > 0, epochsPerCheckpoint >= 0, epoch.index >= 0,
      members.contains(where: { $0.core == core }), targetParts.isEmpty || targetParts.count == coreOfPart.count,
      coreOfPart.allSatisfy({ core in members.contains { $0.core == core } })
    else { throw r.error("an assignment that contradicts itself") }
  }
}

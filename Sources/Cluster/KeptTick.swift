internal import Basics
public import Wire
public import Workloads

/// A sealed tick with what a coordinator needs to go on after it.
public struct KeptTick: Sendable {
  /// The tick.
  public var sealed: SealedTick
  /// The last sample folded when it was sealed.
  public var position: StreamEntryID?
  /// The registry after it, where it is kept.
  public var registry: [UInt8]?

  init(sealed: SealedTick, position: StreamEntryID?, registry: [UInt8]?) {
    (self.sealed, self.position, self.registry) = (sealed, position, registry)
  }

  /// Returns it as bytes.
  public func encoded() -> [UInt8] {
    var w = ByteWriter()
    w.writeBlob(sealed.encoded())
    w.write(position?.milliseconds ?? 0)
    w.write(position?.sequence ?? 0)
    w.writeBlob(registry ?? [])
    return w.bytes
  }

  /// Reads what `encoded` wrote.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "kept tick")
    sealed = try SealedTick(decoding: try r.readBlob())
    let milliseconds: UInt64 = try r.read()
    position = StreamEntryID(milliseconds: milliseconds, sequence: try r.read())
    let kept = try r.readBlob()
    registry = kept.isEmpty ? nil : kept
    try r.finish()
  }
}

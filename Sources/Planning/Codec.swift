internal import Basics
internal import Wire

/// The few composite values that all snapshots of this module share.
extension ByteWriter {
  mutating func write(int value: Int) { write(Int64(value)) }

  mutating func write(optional value: Double?) {
    write(value != nil)
    if let value { write(value) }
  }

  mutating func write(optional value: Int?) {
    write(value != nil)
    if let value { write(int: value) }
  }

  mutating func write(_ tick: Tick) { write(tick.index) }

  mutating func write(optional tick: Tick?) {
    write(tick != nil)
    if let tick { write(tick) }
  }
}

extension ByteReader {
  mutating func readInt() throws(WireError) -> Int { Int(try read(Int64.self)) }

  /// Reads a count of things that a planner can hold: 0…1,000,000,000.
  mutating func readAmount() throws(WireError) -> Int {
    let value = try readInt()
    guard (0...1_000_000_000).contains(value) else { throw error("\(value) is not a count from 0 to 1000000000") }
    return value
  }

  mutating func readOptionalAmount() throws(WireError) -> Int? { try readBool() ? try readAmount() : nil }

  mutating func readOptionalDouble() throws(WireError) -> Double? { try readBool() ? try readDouble() : nil }

  mutating func readTick() throws(WireError) -> Tick { Tick(try read(Int64.self)) }

  mutating func readOptionalTick() throws(WireError) -> Tick? { try readBool() ? try readTick() : nil }

  /// Reads a byte that stands for a case of an enumeration.
  mutating func readCase<Value: RawRepresentable>(
    _: Value.Type = Value.self
  ) throws(WireError) -> Value where Value.RawValue == UInt8 {
    let raw = try read(UInt8.self)
    guard let value = Value(rawValue: raw) else { throw error("unknown \(Value.self) \(raw)") }
    return value
  }

  /// Reads the version byte of an encoding.
  mutating func readVersion(_ known: UInt8) throws(WireError) {
    let found = try read(UInt8.self)
    guard found == known else { throw error("version \(found), only \(known) is known") }
  }
}

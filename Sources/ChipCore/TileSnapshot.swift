public import Basics
public import Circuits
public import Wire

/// The state of a tile between two epochs, by circuit index: it can be restored into any layout.
///
/// It holds the words of each neuron's state and the spikes of the last steps that have synapses in the tile; queues are built
/// anew by pushing what these spikes still have to deliver. Random numbers need no state. Recorded samples that were not taken
/// are not part of it.
public struct TileSnapshot: Equatable, Sendable {
  /// The state of the neurons of one slice.
  public struct SliceState: Equatable, Sendable {
    /// The neurons.
    public var slice: Slice
    /// Words of state, one column for each word of the model.
    public var columns: [[UInt64]]
  }
  /// The number format of the state.
  public var precision: Precision
  /// The step that comes next.
  public var now: Step
  /// The neurons' state.
  public var slices: [SliceState]
  /// Recent spikes: step of emission and the neurons, ascending in both.
  public var spikes: [(step: Int64, neurons: [UInt32])]
  /// The state of plastic synapses, where there are any.
  public var plasticity: PlasticSnapshot?

  /// Names of the columns of a model's neurons, or nil for a model that is not known.
  public static func columnNames(ofModel name: String) -> [String]? { ModelRegistry.named(name)?.words }

  private static let version: UInt8 = 3

  /// Compares all parts.
  public static func == (a: Self, b: Self) -> Bool {
    a.precision == b.precision && a.now == b.now && a.slices == b.slices
      && a.spikes.elementsEqual(b.spikes) { $0.step == $1.step && $0.neurons == $1.neurons }
      && a.plasticity == b.plasticity
  }

  init(
    precision: Precision,
    now: Step,
    slices: [SliceState],
    spikes: [(step: Int64, neurons: [UInt32])],
    plasticity: PlasticSnapshot?
  ) {
    self.plasticity = plasticity
    (self.precision, self.now, self.slices, self.spikes) = (precision, now, slices, spikes)
  }

  /// Reads what `write(to:)` wrote.
  ///
  /// - Throws: `WireError` for malformed bytes.
  public init(from reader: inout ByteReader) throws(WireError) {
    let version = try reader.read(UInt8.self)
    guard version == Self.version else {
      throw reader.error("a tile's state has version \(version), not \(Self.version)")
    }
    precision = try reader.readBool() ? .double : .single
    now = Step(try reader.read(Int64.self))
    guard now.index >= 0 else { throw reader.error("the step \(now.index) is negative") }
    slices = []
    spikes = []
    for _ in 0..<(try reader.readCount(elementBytes: 5)) { slices.append(try Self.slice(from: &reader, precision)) }
    for _ in 0..<(try reader.readCount(elementBytes: 2)) {
      let age = try reader.readVarint()
      guard age > 0, age <= UInt64(now.index) else {
        throw reader.error("spikes are \(age) steps old at step \(now.index)")
      }
      spikes.append((now.index - Int64(age), try reader.readArray(of: UInt32.self)))
    }
    if try reader.readBool() { plasticity = try PlasticSnapshot(from: &reader) }
  }

  private static func slice(from reader: inout ByteReader, _ precision: Precision) throws(WireError) -> SliceState {
    func place() throws(WireError) -> Int {
      let value = try reader.readVarint()
      guard value <= UInt64(UInt32.max) else { throw reader.error("the place \(value) is out of range") }
      return Int(value)
    }
    let slice = Slice(population: try place(), first: try place(), stride: try place(), count: try place())
    var columns: [[UInt64]] = []
    for _ in 0..<(try reader.readCount(elementBytes: 1)) {
      let column: [UInt64]
      switch precision {
      case .single: column = try reader.readArray(of: UInt32.self).map(UInt64.init)
      case .double: column = try reader.readArray(of: UInt64.self)
      }
      guard column.count == slice.count else {
        throw reader.error("\(column.count) words are given for \(slice.count) neurons")
      }
      columns.append(column)
    }
    return SliceState(slice: slice, columns: columns)
  }

  /// Appends the snapshot: 4 or 8 bytes for each word of state, 4 for each recent spike.
  public func write(to writer: inout ByteWriter) {
    writer.write(Self.version)
    writer.write(precision == .double)
    writer.write(now.index)
    writer.writeVarint(UInt64(slices.count))
    for state in slices {
      for number in [state.slice.population, state.slice.first, state.slice.stride, state.slice.count] {
        writer.writeVarint(UInt64(number))
      }
      writer.writeVarint(UInt64(state.columns.count))
      for column in state.columns {
        switch precision {
        case .single: writer.writeArray(column.map { UInt32(truncatingIfNeeded: $0) })
        case .double: writer.writeArray(column)
        }
      }
    }
    writer.writeVarint(UInt64(spikes.count))
    for (step, neurons) in spikes {
      writer.writeVarint(UInt64(now.index - step))
      writer.writeArray(neurons)
    }
    writer.write(plasticity != nil)
    plasticity?.write(to: &writer)
  }
}

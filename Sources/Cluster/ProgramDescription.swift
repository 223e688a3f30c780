public import Basics
public import Circuits
public import Wire
public import Workloads

/// What the cores of a run simulate, as it travels in an assignment.
public enum ProgramDescription: Sendable {
  case circuit(CircuitJob)
  case capacity(CapacityJob)

  /// Returns the description as bytes; equal descriptions give equal bytes.
  public func encoded() -> [UInt8] {
    var w = ByteWriter()
    switch self {
    case .circuit(let job):
      w.write(1 as UInt8)
      job.encode(into: &w)
    case .capacity(let job):
      w.write(2 as UInt8)
      job.encode(into: &w)
    }
    return w.bytes
  }

  /// Reads a description from bytes.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "program description")
    switch try r.read(UInt8.self) {
    case 1: self = .circuit(try CircuitJob(from: &r))
    case 2: self = .capacity(try CapacityJob(from: &r))
    case let other: throw r.error("unknown kind of program \(other)")
    }
    try r.finish()
  }
}

/// A circuit to simulate: its files as they are, so that every core reads what the user wrote.
public struct CircuitJob: Equatable, Sendable {
  /// Where the circuit comes from.
  public enum Source: Equatable, Sendable {
    /// A circuit file and the files it names.
    case file(name: String, bytes: [UInt8], files: [String: [UInt8]])
    /// A network of the library, at a scale.
    case library(name: String, scale: Double)
  }
  /// Where the circuit comes from.
  public var source: Source
  /// Seed instead of the file's, if any.
  public var seed: UInt64?
  /// Number format.
  public var precision: Precision
  /// Steps of the whole run.
  public var steps: Int64
  /// The parts.
  public var layouts: [PartLayout]
  /// Parts that receive from each population, by population: spikes go nowhere else.
  public var targetParts: [[PartID]]

  /// Describes a job.
  public init(
    source: Source,
    seed: UInt64?,
    precision: Precision,
    steps: Int64,
    layouts: [PartLayout],
    targetParts: [[PartID]]
  ) {
    (self.source, self.seed, self.precision, self.steps) = (source, seed, precision, steps)
    (self.layouts, self.targetParts) = (layouts, targetParts)
  }

  fileprivate func encode(into w: inout ByteWriter) {
    switch source {
    case .file(let name, let bytes, let files):
      w.write(1 as UInt8)
      w.writeString(name)
      w.writeBlob(bytes)
      w.writeVarint(UInt64(files.count))
      for key in files.keys.sorted() {
        w.writeString(key)
        w.writeBlob(files[key] ?? [])
      }
    case .library(let name, let scale):
      w.write(2 as UInt8)
      w.writeString(name)
      w.write(scale)
    }
    w.write(seed != nil)
    w.write(seed ?? 0)
    w.writeString(precision.rawValue)
    w.write(steps)
    w.writeVarint(UInt64(layouts.count))
    for layout in layouts {
      w.write(layout.part.index)
      w.writeVarint(UInt64(layout.slices.count))
      for slice in layout.slices {
        for number in [slice.population, slice.first, slice.stride, slice.count] { w.writeVarint(UInt64(number)) }
      }
    }
    w.writeVarint(UInt64(targetParts.count))
    for parts in targetParts { w.writeArray(parts.map(\.index)) }
  }

  fileprivate init(from r: inout ByteReader) throws(WireError) {
    switch try r.read(UInt8.self) {
    case 1:
      let name = try r.readString()
      let bytes = try r.readBlob()
      var files: [String: [UInt8]] = [:]
      for _ in 0..<(try r.readCount(elementBytes: 2)) {
        let key = try r.readString()
        files[key] = try r.readBlob()
      }
      source = .file(name: name, bytes: bytes, files: files)
    case 2:
      let name = try r.readString()
      source = .library(name: name, scale: try r.readDouble())
    case let other: throw r.error("unknown source \(other)")
    }
    let hasSeed = try r.readBool()
    let value: UInt64 = try r.read()
    seed = hasSeed ? value : nil
    let word = try r.readString()
    guard let precision = Precision(rawValue: word) else { throw r.error("unknown precision '\(word)'") }
    self.precision = precision
    steps = try r.read()
    guard steps >= 0 else { throw r.error("\(steps) steps") }
    layouts = []
    for _ in 0..<(try r.readCount(elementBytes: 3)) {
      let part = PartID(try r.read())
      var slices: [Slice] = []
      for _ in 0..<(try r.readCount(elementBytes: 4)) {
        var numbers: [Int] = []
        for _ in 0..<4 { numbers.append(Int(truncatingIfNeeded: try r.readVarint())) }
        slices.append(Slice(population: numbers[0], first: numbers[1], stride: numbers[2], count: numbers[3]))
      }
      layouts.append(PartLayout(part: part, slices: slices))
    }
    targetParts = []
    for _ in 0..<(try r.readCount(elementBytes: 1)) {
      targetParts.append(try r.readArray(of: UInt16.self).map { PartID($0) })
    }
  }
}

/// The capacity service's network: everything the cores need besides the sealed ticks.
public struct CapacityJob: Equatable, Sendable {
  /// Length of a tick in ms.
  public var tickMilliseconds: Int64
  /// The three horizons in ticks.
  public var horizons: [Int]
  /// Who calls whom, ascending.
  public var calls: [Call]
  /// Parts that services are dealt to, by number.
  public var parts: Int
  /// Whether services listen to the ones upstream.
  public var hasProjections: Bool
  /// The file of the prior that new series start from; empty for the one that ships inside the program.
  public var prior: [UInt8]

  /// Describes a job.
  public init(
    tickMilliseconds: Int64,
    horizons: [Int],
    calls: [Call],
    parts: Int,
    hasProjections: Bool,
    prior: [UInt8] = []
  ) {
    (self.tickMilliseconds, self.horizons, self.calls) = (tickMilliseconds, horizons, calls)
    (self.parts, self.hasProjections, self.prior) = (parts, hasProjections, prior)
  }

  fileprivate func encode(into w: inout ByteWriter) {
    w.write(tickMilliseconds)
    w.writeArray(horizons.map { UInt32($0) })
    w.writeVarint(UInt64(calls.count))
    for call in calls {
      w.writeString(call.caller)
      w.writeString(call.callee)
    }
    w.writeVarint(UInt64(parts))
    w.write(hasProjections)
    w.writeBlob(prior)
  }

  fileprivate init(from r: inout ByteReader) throws(WireError) {
    tickMilliseconds = try r.read()
    horizons = try r.readArray(of: UInt32.self).map { Int($0) }
    calls = []
    for _ in 0..<(try r.readCount(elementBytes: 2)) {
      let caller = try r.readString()
      calls.append(Call(caller: caller, callee: try r.readString()))
    }
    parts = Int(truncatingIfNeeded: try r.readVarint())
    hasProjections = try r.readBool()
    prior = try r.readBlob()
    guard tickMilliseconds > 0, horizons.count == 3, (1...4096).contains(parts) else {
      throw r.error("a capacity job that contradicts itself")
    }
  }
}

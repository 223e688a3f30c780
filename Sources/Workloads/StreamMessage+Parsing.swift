internal import Basics

extension StreamMessage {
  /// The most fields an entry may have.
  public static let mostFields = 64

  /// Reads the fields of an entry of the metrics stream.
  ///
  /// `service` must be there; `instance` and `ts` (milliseconds since the Unix epoch) may be; every other field is a
  /// metric with a decimal number. An entry with a single field `watermark` (milliseconds) tells the time.
  /// One bad field spoils the whole entry: half a sample would look like an instance whose metric vanished.
  ///
  /// - Throws: the first problem in the order of the fields.
  public init(parsing fields: [([UInt8], [UInt8])]) throws(SampleProblem) {
    guard fields.count <= Self.mostFields else {
      throw SampleProblem(.tooManyFields, "\(fields.count) fields, at most \(Self.mostFields) are read")
    }
    if fields.contains(where: { $0.0.elementsEqual("watermark".utf8) }) {
      guard fields.count == 1 else {
        throw SampleProblem(.strayWatermark, "a watermark stands alone in its entry, found \(fields.count) fields")
      }
      self = .watermark(try Self.time(fields[0].1, of: "watermark"))
      return
    }
    var service: String?
    var instance: String?
    var time: Timestamp?
    var readings: [Sample.Reading] = []
    readings.reserveCapacity(fields.count)
    for (key, value) in fields {
      let metric = try Self.name(key, of: "a field")
      switch metric {
      case "service":
        if service != nil { throw Self.repeated(metric) }
        service = try Self.name(value, of: "service")
        if service == "*" { throw SampleProblem(.badName, "service: '*' stands for all services and cannot be one") }
      case "instance":
        if instance != nil { throw Self.repeated(metric) }
        instance = try Self.name(value, of: "instance")
      case "ts":
        if time != nil { throw Self.repeated(metric) }
        time = try Self.time(value, of: "ts")
      default: try Self.insert(Sample.Reading(metric, try Self.number(value, of: metric)), into: &readings)
      }
    }
    guard let service else { throw SampleProblem(.noService, "the field 'service' is missing") }
    guard !readings.isEmpty else {
      throw SampleProblem(.noNumericField, "'\(service)' reports no metric: no field beside service, instance and ts")
    }
    self = .sample(Sample(service: service, instance: instance ?? "", time: time, sorted: readings))
  }

  private static func repeated(_ key: String) -> SampleProblem {
    SampleProblem(.repeatedField, "the field '\(NameRule.shown(key))' stands there twice")
  }

  /// Keeps the readings sorted; the few of a sample usually come in the same order.
  private static func insert(_ reading: Sample.Reading, into readings: inout [Sample.Reading]) throws(SampleProblem) {
    var i = readings.count
    while i > 0, reading.metric.precedes(readings[i - 1].metric) { i -= 1 }
    if i > 0, readings[i - 1].metric == reading.metric { throw repeated(reading.metric) }
    readings.insert(reading, at: i)
  }

  private static func name(_ bytes: [UInt8], of what: String) throws(SampleProblem) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      let shown = NameRule.shown(String(decoding: bytes.prefix(200), as: UTF8.self))
      throw SampleProblem(.badName, "the name of \(what) is not UTF-8: '\(shown)'")
    }
    if let problem = NameRule.problem(with: name) {
      throw SampleProblem(.badName, "the name of \(what) \(problem): '\(NameRule.shown(name))'")
    }
    return name
  }

  private static func time(_ bytes: [UInt8], of what: String) throws(SampleProblem) -> Timestamp {
    let text = String(decoding: bytes.prefix(64), as: UTF8.self)
    guard bytes.count <= 20, let milliseconds = Int64(text), (0...latestMilliseconds).contains(milliseconds) else {
      throw SampleProblem(
        .badTime,
        "\(what): milliseconds since the Unix epoch are wanted, found '\(NameRule.shown(text))'"
      )
    }
    return Timestamp(milliseconds: milliseconds)
  }

  /// End of the year 9999, beyond which nothing is a time.
  static let latestMilliseconds: Int64 = 253_402_300_799_999

  private static func number(_ bytes: [UInt8], of metric: String) throws(SampleProblem) -> Double {
    func problem(_ reason: SampleProblem.Reason, _ why: String) -> SampleProblem {
      let shown = NameRule.shown(String(decoding: bytes.prefix(200), as: UTF8.self))
      return SampleProblem(reason, "\(NameRule.shown(metric)): '\(shown)' \(why)")
    }
    let isDecimal = !bytes.isEmpty && bytes.count <= 64 && bytes.allSatisfy { isNumeric($0) }
    guard isDecimal, let value = Double(String(decoding: bytes, as: UTF8.self)) else {
      let word = String(decoding: bytes.prefix(10), as: UTF8.self).lowercased().drop { $0 == "+" || $0 == "-" }
      if word == "inf" || word == "infinity" { throw problem(.infinite, "is infinite") }
      throw problem(.notANumber, "is not a decimal number")
    }
    guard value.isFinite else { throw problem(.infinite, "is infinite") }
    if value < 0, MetricRule.refusesNegative(metric) { throw problem(.negative, "is negative") }
    guard abs(value) <= MetricRule.largestValue else {
      throw problem(.absurd, "is beyond anything believable (\(MetricRule.largestValue))")
    }
    return value == 0 ? 0 : value
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
    default: false
    }
  }
}

extension Sample {
  /// Describes a sample whose readings ascend already.
  fileprivate init(service: String, instance: String, time: Timestamp?, sorted readings: [Reading]) {
    (self.service, self.instance, self.time, self.readings) = (service, instance, time, readings)
  }
}

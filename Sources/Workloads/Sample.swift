public import Basics

/// What one instance of a service reported at one moment.
public struct Sample: Hashable, Sendable {
  /// A metric and its value.
  public struct Reading: Hashable, Sendable {
    /// The metric.
    public var metric: String
    /// The value, finite.
    public var value: Double
    /// Pairs a metric with a value.
    public init(_ metric: String, _ value: Double) { (self.metric, self.value) = (metric, value) }
  }

  /// The service.
  public var service: String
  /// The instance; empty where none was named.
  public var instance: String
  /// When it was taken; nil means on arrival.
  public var time: Timestamp?
  /// The readings, ascending by metric, at least one.
  public var readings: [Reading]

  /// Describes a sample; the readings are put in order.
  public init(service: String, instance: String = "", time: Timestamp? = nil, readings: [Reading]) {
    (self.service, self.instance, self.time) = (service, instance, time)
    self.readings = readings.sorted { $0.metric.precedes($1.metric) }
  }

  /// The sample as the fields of an entry of the stream: `service checkout instance i-1 ts … cpu 0.42`.
  public var fields: [([UInt8], [UInt8])] {
    var texts = [("service", service)]
    if !instance.isEmpty { texts.append(("instance", instance)) }
    if let time { texts.append(("ts", String(time.milliseconds))) }
    for reading in readings { texts.append((reading.metric, Self.text(of: reading.value))) }
    return texts.map { (Array($0.utf8), Array($1.utf8)) }
  }

  /// The shortest decimal that reads back to the same number.
  private static func text(of value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// What an entry of the metrics stream says.
public enum StreamMessage: Equatable, Sendable {
  /// Something was measured.
  case sample(Sample)
  /// No sample of before this moment will follow; tells the time where the configuration has `clock: stream`.
  case watermark(Timestamp)

  /// The message as the fields of an entry.
  public var fields: [([UInt8], [UInt8])] {
    switch self {
    case .sample(let sample): sample.fields
    case .watermark(let time): [(Array("watermark".utf8), Array(String(time.milliseconds).utf8))]
    }
  }
}

public import Wire

/// The name of a time series: a metric of a service.
public struct SeriesName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The service.
  public var service: String
  /// The metric: `requests`, `cpu`, `memory`, `latency` or any other numeric field.
  public var metric: String
  /// Names a metric of a service.
  public init(service: String, metric: String) { (self.service, self.metric) = (service, metric) }
  /// Orders by the bytes of service, then metric, never by locale.
  public static func < (a: Self, b: Self) -> Bool {
    a.service != b.service
      ? a.service.utf8.lexicographicallyPrecedes(b.service.utf8)
      : a.metric.utf8.lexicographicallyPrecedes(b.metric.utf8)
  }
  /// `service/metric`.
  public var description: String { "\(service)/\(metric)" }

  /// Appends the name.
  public func encode(into writer: inout ByteWriter) {
    writer.writeString(service)
    writer.writeString(metric)
  }
  /// Reads a name.
  public init(from reader: inout ByteReader) throws(WireError) {
    service = try reader.readString()
    metric = try reader.readString()
  }
}

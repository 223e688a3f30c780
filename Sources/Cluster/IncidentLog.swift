public import Planning

/// The last incidents, each as it was told last.
public struct IncidentLog: Sendable {
  /// Incidents kept at most; the oldest goes.
  public let most: Int
  /// Those that are kept, in the order in which they began.
  public private(set) var incidents: [AnomalyEvent] = []

  /// Makes an empty log.
  public init(most: Int = 1000) { self.most = most }

  /// Notes what became of an incident, or a new one.
  public mutating func note(_ event: AnomalyEvent) {
    if let i = incidents.lastIndex(where: { $0.id == event.id }) {
      incidents[i] = event
      return
    }
    incidents.append(event)
    if incidents.count > most { incidents.removeFirst() }
  }
}

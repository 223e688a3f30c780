internal import Basics
internal import Wire

/// A service that calls another: demand of the caller becomes demand of the callee.
public struct Call: Hashable, Sendable {
  /// The service that calls.
  public var caller: String
  /// The service that is called.
  public var callee: String
  /// Describes a call.
  public init(caller: String, callee: String) { (self.caller, self.callee) = (caller, callee) }
}

/// Where the time comes from by which ticks are sealed.
public enum ClockSource: String, Sendable, CaseIterable {
  /// The clock of the store: entries count as of their arrival.
  case wall
  /// Watermark entries of the stream itself: for recorded or synthetic data.
  case stream
}

/// The configuration of the capacity service: what the file says, defaults included.
public struct ServiceConfiguration: Equatable, Sendable {
  /// Whose data it is: part of every key in the store.
  public var tenant: String
  /// Usual time between two samples of an instance, in ms.
  public var sampleMilliseconds: Int64
  /// Length of a tick in ms; divides a day.
  public var tickMilliseconds: Int64
  /// Wait after the end of a tick before it is sealed, in ms.
  public var graceMilliseconds: Int64
  /// The horizons that are reported, in ticks, ascending, one to six, none beyond a day.
  public var horizonTicks: [Int]
  /// Profile of the chip whose cores the workers simulate.
  public var chip: String
  /// Where the time comes from.
  public var clock: ClockSource
  /// Settings of services that are not named.
  public var defaults: ServiceSettings
  /// Settings of the services that are named.
  public var services: [String: ServiceSettings]
  /// Who calls whom, ascending by caller, then callee; cycles are allowed.
  public var calls: [Call]
  /// The file with known events as it stands in the configuration, relative to it.
  public var eventsPath: String?
  /// The file with the prior of forecasts as it stands in the configuration, relative to it.
  public var priorPath: String?
  /// What that file holds, once it was read; empty for the prior inside the program.
  public var prior: [UInt8] = []

  /// A configuration with every default, as if the file were not there.
  public init() {
    tenant = "default"
    sampleMilliseconds = 10_000
    tickMilliseconds = 60_000
    graceMilliseconds = 5_000
    horizonTicks = Self.defaultHorizonTicks(tickMilliseconds: 60_000)
    chip = "host"
    clock = .wall
    defaults = ServiceSettings()
    services = [:]
    calls = []
  }

  /// Milliseconds of a day.
  public static let dayMilliseconds: Int64 = 86_400_000

  /// Ticks in a day: the season.
  public var ticksPerDay: Int { Int(Self.dayMilliseconds / tickMilliseconds) }

  /// The settings of a service, named or not.
  public func settings(for service: String) -> ServiceSettings { services[service] ?? defaults }

  /// A digest of what shapes the network's state: a checkpoint is only good for the same value.
  public var networkDigest: UInt64 {
    var w = ByteWriter()
    write(network: &w)
    return Digest64.of(w.bytes)
  }

  /// A digest of all that influences forecasts and plans, for the run record.
  ///
  /// Tenant, sample, grace, clock, chip and the path of the events are not part of it: they decide where things lie
  /// and how ticks come to be sealed, and results are a function of the sealed ticks.
  public var digest: UInt64 {
    var w = ByteWriter()
    write(network: &w)
    w.writeArray(horizonTicks.map { UInt32($0) })
    for (name, s) in [("*", defaults)] + services.sorted(by: { $0.key.precedes($1.key) }) {
      w.writeString(name)
      w.writeVarint(UInt64(s.minReplicas))
      w.writeVarint(UInt64(s.maxReplicas))
      w.write(s.targetUtilization)
      w.write(s.provisioningMilliseconds)
      for value in [
        s.capacityPerReplica, s.objective?.latencyMilliseconds, s.objective?.quantile, s.pricePerReplicaHour,
      ] {
        w.write(value != nil)
        w.write(value ?? 0)
      }
      // Only where they are said, so that what was not changed keeps its digest.
      if s.mostAdded != nil || s.mostReleased != nil || s.actionPriceMilliseconds != nil || s.eventPriceFactor != nil {
        let counts = [s.mostAdded, s.mostReleased].map { Int64($0 ?? 0) }
        w.writeArray(counts + [s.actionPriceMilliseconds ?? -1])
        w.write(s.eventPriceFactor ?? 1)
      }
      for freeze in s.freezes {
        w.write(freeze.start.milliseconds)
        w.write(freeze.end.milliseconds)
        w.writeString(freeze.recurrence?.rule ?? "")
        w.writeString(freeze.allowance.rawValue)
      }
    }
    return Digest64.of(w.bytes)
  }

  private func write(network w: inout ByteWriter) {
    w.write(tickMilliseconds)
    for call in calls {
      w.writeString(call.caller)
      w.writeString(call.callee)
    }
    // Only where one is given, so that what was not changed keeps its digest.
    if !prior.isEmpty { w.writeBlob(prior) }
  }
}

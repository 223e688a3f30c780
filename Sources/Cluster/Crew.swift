internal import Wire

/// Which processes a supervisor starts and ends so that a cluster has the cores that are wanted.
public struct Crew: Equatable, Sendable {
  /// What the coordinator says of its cores, by the places that the supervisor gave them.
  public struct Membership: Equatable, Sendable {
    /// Cores that hold parts when as many are there.
    public var wanted: Int
    /// Whether the members are those that should be.
    public var isSettled: Bool
    /// Places of those that hold parts.
    public var members: Set<String>
    /// Places of those that were taken out and hold nothing any more.
    public var leaving: Set<String>
    /// Describes a membership.
    public init(wanted: Int, isSettled: Bool, members: Set<String>, leaving: Set<String>) {
      (self.wanted, self.isSettled, self.members, self.leaving) = (wanted, isSettled, members, leaving)
    }
  }

  /// Places to start, ascending.
  public var start: [String] = []
  /// Places to end, ascending.
  public var stop: [String] = []
  /// Places that are not needed: those that the coordinator lets go are ended then.
  public var surplus: [String] = []

  /// Works out the changes: `places` run or are started again, `spares` are to wait beyond those that are wanted.
  ///
  /// Only who was taken out is ended. Somebody who merely waits may be needed in the next moment, so the coordinator is
  /// asked first.
  public init(places: [String], spares: Int, _ membership: Membership) {
    func isBefore(_ a: String, _ b: String) -> Bool { (Int(a) ?? 0) < (Int(b) ?? 0) }
    stop = places.filter { membership.leaving.contains($0) && !membership.members.contains($0) }.sorted(by: isBefore)
    let staying = places.filter { !stop.contains($0) }
    let target = membership.wanted + spares
    var number = 0
    while staying.count + start.count < target {
      let place = "\(number)"
      number += 1
      // A place that is being left is not taken at once: the coordinator would take the new core for a next life.
      if !places.contains(place) { start.append(place) }
    }
    guard membership.isSettled else { return }
    let idle = staying.filter { !membership.members.contains($0) }.sorted(by: isBefore)
    surplus = Array(idle.suffix(max(0, staying.count - target)))
  }
}

extension CoordinatorMachine {
  /// What a supervisor needs to start and end processes.
  public var membership: Crew.Membership {
    func places(_ holds: (CoreView) -> Bool) -> Set<String> { Set(cores.values.filter(holds).map(\.hello.place)) }
    return Crew.Membership(
      wanted: processes(for: fullCores),
      isSettled: isSettled,
      members: places { $0.core != nil },
      leaving: places { $0.isLeaving && $0.core == nil }
    )
  }
}

public import Basics
public import Transport

/// Where cores are reached that said something: those that are known to the machine, and a number of others.
///
/// Anybody may say that it is a core; so the book is cleared of those that the machine does not know when it is full.
public struct PeerBook {
  /// Addresses kept at most; the cores that a machine knows are fewer.
  public let most: Int
  private var places: [Incarnation: PeerIdentity] = [:]

  /// Makes an empty book.
  public init(most: Int = 4096) { self.most = most }

  /// How many addresses are kept.
  public var count: Int { places.count }

  /// All addresses.
  public var all: some Collection<PeerIdentity> { places.values }

  /// The address of a core.
  public subscript(core: Incarnation) -> PeerIdentity? { places[core] }

  /// Notes where a core is reached; at the bound those that are not known are forgotten, this one excepted.
  public mutating func note(_ core: Incarnation, at place: PeerIdentity, isKnown: (Incarnation) -> Bool) {
    places[core] = place
    if places.count > most { places = places.filter { $0.key == core || isKnown($0.key) } }
  }
}

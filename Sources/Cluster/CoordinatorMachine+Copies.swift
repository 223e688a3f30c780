import Basics
import StateStore
import Wire

/// A network that is simulated twice: two sets of cores, each complete, that exchange spikes only among themselves.
///
/// Both get the same inputs and say the same outputs, which are compared byte by byte before they become public; of each
/// checkpoint the first set writes the blobs and the second tells the checksums, which are compared before the commit.
/// A set that loses a core is given up as a whole where the other one may go on alone: that needs no new generation.
extension CoordinatorMachine {
  /// One simulation of the whole network.
  struct Copy: Sendable {
    /// Its cores in ascending order of position.
    var members: [Incarnation]
    /// What its frames and messages carry.
    var mapHash: UInt64
    /// The generation in the names of its blobs; nil while it tells only their checksums.
    var blobGeneration: Generation?
  }

  /// Cores of a copy, and copies.
  struct Shape: Equatable, Sendable {
    var cores: Int
    var copies: Int
    var total: Int { cores * copies }
  }

  /// The members in ascending order of copy and position.
  var members: [Incarnation] { copies.flatMap(\.members) }

  /// The shape when all cores are there.
  var fullShape: Shape { Shape(cores: fullCores, copies: setup.redundancy.copies) }

  /// The shape of the present generation.
  var shape: Shape { Shape(cores: copies.first?.members.count ?? 0, copies: copies.count) }

  /// The fewest cores that can go on.
  var leastCores: Int { setup.redundancy == .verify ? 2 : 1 }

  /// The shape to go on with, of the cores that are there; nil where they are too few.
  var targetShape: Shape? {
    // Where nobody else is left, those that are to be taken out stay.
    let there = stayingCores >= leastCores ? stayingCores : min(leastCores, cores.count)
    switch setup.redundancy {
    case .none: return there >= 1 ? Shape(cores: min(fullCores, there), copies: 1) : nil
    case .standby:
      if there >= fullShape.total { return fullShape }
      return there >= 1 ? Shape(cores: min(fullCores, there), copies: 1) : nil
    case .verify: return there >= 2 ? Shape(cores: min(fullCores, there / 2), copies: 2) : nil
    }
  }

  /// The position of a member's copy.
  func copy(of who: Incarnation) -> Int? { copies.firstIndex { $0.members.contains(who) } }

  /// What the messages of a member, or to it, carry; 0 for a core that is none.
  func mapHash(of who: Incarnation) -> UInt64 { copy(of: who).map { copies[$0].mapHash } ?? 0 }

  /// Which core, for people.
  func name(of who: Incarnation) -> String {
    guard let view = cores[who] else { return "a core" }
    let core = view.core.map { "core \($0.index)" } ?? "a spare"
    let set = copies.count > 1 ? copy(of: who).map { " of copy \($0)" } ?? "" : ""
    return "\(core)\(set) (\(view.hello.host), process \(view.hello.processID))"
  }

  // MARK: a copy that is lost

  /// Whether the run can go on without a copy, without a rollback.
  func canDrop(_ copy: Int) -> Bool {
    isUnderWay && setup.redundancy == .standby && copies.count > 1 && copies.indices.contains(copy)
  }

  /// Goes on without a copy: what it still says counts no more.
  mutating func drop(_ copy: Int, _ why: String, _ now: Int64) -> [Action] {
    (lastFailure, promotions, move) = (why, promotions + 1, nil)
    let lost = copies.remove(at: copy)
    for who in lost.members {
      cores[who]?.core = nil
      cores[who]?.isReady = false
    }
    formerCores = members.count
    // Blobs of the lost copy may still be written, by a core that does not know of it: those of the other one get
    // another name.
    let hasBlobs = copies[0].blobGeneration != nil
    ledger.drop(copy: copy, othersHaveBlobs: hasBlobs)
    var actions: [Action] = []
    if !hasBlobs {
      let name = generation.next
      copies[0].blobGeneration = name
      actions.append(.raise(name))
    }
    actions += gatherNext(now) + tryCommit(now)
    if phase == .loading, members.allSatisfy({ cores[$0]?.isReady == true }) { actions += begin(now) }
    return actions + balance(now)
  }

  /// Tells members to write their checkpoints, once the store knows the generation in their names.
  func promote(_ list: [Incarnation]) -> [Action] {
    list.compactMap { who in
      guard let copy = copy(of: who), let name = copies[copy].blobGeneration, name != generation else { return nil }
      return .send(.promote(generation, blobs: name), to: who)
    }
  }

  // MARK: copies that disagree

  /// Two copies say different things: neither becomes public, and both take up what they agreed on last.
  ///
  /// Memory that flipped a bit is read anew then. When they differ again before anything was committed, the run is given up.
  mutating func disagree(on part: PartID, at epoch: Epoch, _ what: String, _ now: Int64) -> [Action] {
    let core = coreOfPart[Int(part.index)]
    let both = copies.map { name(of: $0.members[Int(core.index)]) }.joined(separator: " and ")
    let why = "\(both) disagree on the \(what) of part \(part.index) at epoch \(epoch.index)"
    divergences += 1
    divergencesInARow += 1
    if divergencesInARow >= setup.patience.divergences {
      return fail("\(why), again; one of the machines is broken", code: 5)
    }
    return recover("\(why); nothing of it was published, and both take up epoch \(committed.epoch.index)", now)
  }
}

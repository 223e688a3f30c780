internal import Basics

/// Deals parts that are alike to cores, so that as few as possible move when the cores change.
///
/// A core keeps a part it holds unless it would have more than its share of the parts up to that one: so all get the same
/// number, of the first few parts as well as of all. What nobody keeps goes to who has least. Parts that nobody holds are
/// dealt in turn.
enum PartDealing {
  /// The core of every part; `holders` has the position of who holds it and stays, by part.
  static func deal(_ holders: [Int?], to cores: Int) -> [CoreID] {
    var counts = Array(repeating: 0, count: cores)
    return holders.enumerated().map { part, holder in
      let share = part / cores + 1
      let core = holder.flatMap { counts[$0] < share ? $0 : nil } ?? counts.firstIndex(of: counts.min() ?? 0) ?? 0
      counts[core] += 1
      return CoreID(UInt16(core))
    }
  }
}

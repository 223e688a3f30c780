import Basics
import Planning
import Testing
import Workloads

/// What the owner of a service allows: windows without changes, and the most that one tick may change.
@Suite struct OwnerTests {
  private let oracle = Oracle(median: { $0 < 100 ? 700 : 350 }, sigma: 0.01)
  private let rise = Oracle(median: { $0 < 100 ? 350 : 700 }, sigma: 0.01)

  private func objective(_ change: (inout ServiceObjective) -> Void) -> ServiceObjective {
    var objective = given()
    change(&objective)
    return objective
  }

  @Test func `a window without releases keeps what runs, and says until when`() throws {
    var p = checkout()
    p.settle(oracle, ticks: 0..<100)
    let before = try #require(p.replicas)
    let frozen = objective { $0.freeze = .release(ticks: 30) }
    let last = p.settle(oracle, ticks: 100..<150, objective: frozen)
    let plan = try #require(last)
    #expect(p.replicas == before)
    #expect(plan.recommendation.reason == .freeze)
    #expect(plan.recommendation.sentence.hasSuffix("nothing is released for 30 min more, as its owner wants"))
    #expect(plan.explanation.share(of: .hold) >= 15)
    #expect(plan.explanation.total == Double(before))
    p.settle(oracle, ticks: 150..<152)
    #expect(try #require(p.replicas) < before, "after the window it is released at once")
  }

  @Test func `a window without releases lets replicas be added`() throws {
    var p = checkout()
    p.settle(rise, ticks: 0..<100, objective: objective { $0.freeze = .release(ticks: 900) })
    p.settle(rise, ticks: 100..<101, objective: objective { $0.freeze = .release(ticks: 800) })
    #expect(try #require(p.replicas) >= 40)
  }

  @Test func `a window without changes adds nothing either`() throws {
    var p = checkout()
    p.settle(rise, ticks: 0..<90)
    let before = try #require(p.replicas)
    let last = p.settle(rise, ticks: 90..<120, objective: objective { $0.freeze = .all(ticks: 5) })
    let plan = try #require(last)
    #expect(p.replicas == before)
    #expect(plan.recommendation.reason == .freeze)
    #expect(plan.recommendation.sentence.contains("nothing changes for 5 min more"))
    p.settle(rise, ticks: 120..<121)
    #expect(try #require(p.replicas) >= 40)
  }

  @Test(arguments: [1, 4, 17, 18, 19, 20, 21, 22])
  func `no tick changes more than the owner allows, whatever is needed`(most: Int) throws {
    var p = checkout()
    let stepped = objective { ($0.mostAdded, $0.mostReleased) = (most, most) }
    let square = Oracle(median: { $0 / 60 % 2 == 0 ? 350 : 700 }, sigma: 0.01)
    p.settle(square, ticks: 0..<30)
    var (last, added, released) = (try #require(p.replicas), 0, 0)
    for t in 30..<180 {
      p.settle(square, ticks: t..<t + 1, objective: stepped)
      let now = try #require(p.replicas)
      (added, released, last) = (max(added, now - last), max(released, last - now), now)
    }
    // About twenty more are needed in one half and fewer in the other.
    #expect(added == most || most > 19 && added < most && added > 15, "\(added) were added at once")
    #expect(released <= most && released > 0, "\(released) were released at once")
  }

  @Test func `a tick adds and releases at most what the owner allows`() throws {
    var p = checkout()
    let stepped = objective { ($0.mostAdded, $0.mostReleased) = (3, 2) }
    p.settle(rise, ticks: 0..<97, objective: stepped)
    var last = try #require(p.replicas)
    var greatest = 0
    for t in 97..<120 {
      let advised = p.settle(rise, ticks: t..<t + 1, objective: stepped)
      let plan = try #require(advised)
      let now = try #require(p.replicas)
      if now > last + 2 { #expect(plan.recommendation.sentence.hasSuffix("a tick may add 3")) }
      #expect(plan.explanation.total == Double(now))
      greatest = max(greatest, now - last)
      last = now
    }
    #expect(greatest == 3)
    #expect(last >= 40)
    var least = 0
    let fall = Oracle(median: { $0 < 100 ? 700 : 350 }, sigma: 0.01)
    for t in 120..<170 {
      p.settle(fall, ticks: t..<t + 1, objective: stepped)
      let now = try #require(p.replicas)
      least = min(least, now - last)
      last = now
    }
    #expect(least == -2)
  }
}

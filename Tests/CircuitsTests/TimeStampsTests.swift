import Basics
import Circuits
import Testing

@Suite struct TimeStampsTests {
  @Test func `three steps of a tenth are three tenths`() {
    let stamps = TimeStamps(stepMilliseconds: 0.1)
    #expect(stamps.text(atEndOf: Step(2)) == "0.3")
    #expect(stamps.text(atEndOf: Step(0)) == "0.1")
    #expect(stamps.text(atEndOf: Step(9)) == "1.0")
    #expect(stamps.milliseconds(steps: 0) == 0)
    #expect(0.1 * 3 != 0.3)
  }

  @Test(arguments: [(0.1, 1), (0.01, 2), (0.001, 3), (0.25, 2), (0.3, 1), (0.05, 2), (1.5, 1), (0.125, 3)])
  func `times are the decimals that people would write`(step: Double, digits: Int) {
    let stamps = TimeStamps(stepMilliseconds: step)
    let power = (0..<digits).reduce(Int64(1)) { p, _ in p * 10 }
    let length = Int64((step * Double(power)).rounded())
    var count: Int64 = 1
    while count <= 10_000_000 {
      let whole = count * length / power
      var fraction = String(count * length % power)
      fraction = String(repeating: "0", count: digits - fraction.count) + fraction
      while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
      let wanted = "\(whole).\(fraction)"
      if stamps.text(atEndOf: Step(count - 1)) != wanted {
        Issue.record("step \(count - 1) of \(step) ms: \(stamps.text(atEndOf: Step(count - 1))) is not \(wanted)")
        return
      }
      count += count < 20_000 ? 1 : 997
    }
  }

  @Test func `a step without a short decimal gives the plain product`() {
    let third = 1.0 / 3
    #expect(TimeStamps(stepMilliseconds: third).milliseconds(steps: 3_000_001) == third * 3_000_001)
    #expect(TimeStamps(stepMilliseconds: 1e-30).milliseconds(steps: 7) == 7e-30)
  }

  @Test func `large and small steps are exact`() {
    #expect(TimeStamps(stepMilliseconds: 1e-5).text(atEndOf: Step(2)) == "3e-05")
    #expect(TimeStamps(stepMilliseconds: 1e18).milliseconds(steps: 2) == 2e18)
    #expect(TimeStamps(stepMilliseconds: 250).text(atEndOf: Step(3)) == "1000.0")
  }
}

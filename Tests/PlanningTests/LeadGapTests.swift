import Basics
import Foundation
import Planning
import Testing
import Workloads

/// What the planner does while values are missing, doubted or stand still.
@Suite struct LeadGapTests {
  private enum Fault: CaseIterable { case missing, zero, standing }

  private let objective = ServiceObjective(
    maximumReplicas: 500,
    capacityPerReplica: 10,
    targetUtilisation: 0.8,
    limitUtilisation: 0.8,
    provisioningMilliseconds: 300_000
  )

  /// Demand with a rhythm of a day of 288 ticks, which rises from tick 100 on.
  private func demand(_ t: Int) -> Double { 300 + 200 * Double(abs((t + 44) % 288 - 144)) / 144 }

  /// What the planner says: its number, and the logarithm of the window's 99 % quantile over its median.
  private struct Advice {
    var replicas = 0, width = 0.0

    init(_ p: Planner) {
      replicas = p.replicas ?? 0
      if let window = p.windowForecast { width = log(window.upper99 / window.median) }
    }
  }

  /// Plays days on good values and then a fault of an hour; returns the replicas before and after it.
  private func replicas(through fault: Fault?, isRising: Bool, seed: UInt64) -> (before: Int, after: Int) {
    let (before, after) = play(through: fault, isRising: isRising, seed: seed)
    return (before.replicas, after.replicas)
  }

  private func play(through fault: Fault?, isRising: Bool, seed: UInt64) -> (before: Advice, after: Advice) {
    var dice = Dice(seed: seed)
    var p = Planner(service: "checkout", tickMilliseconds: 300_000)
    let oracle = Oracle(median: demand, sigma: 0.03, horizons: [1, 12, 288])
    let start = 4 * 288 + (isRising ? 120 : 260)
    var (before, last) = (Advice(p), 0.0)
    for t in 0..<start + 12 {
      var value: Double? = demand(t) * (1 + 0.02 * dice.normal())
      if t == start { before = Advice(p) }
      switch fault {
      case .missing where t >= start: value = nil
      case .zero where t >= start: value = 0
      case .standing where t >= start: value = last
      default: last = value ?? last
      }
      _ = p.advance(to: Tick(Int64(t)), forecasts: [oracle.forecast(at: t, observed: value)], objective: objective)
    }
    return (before, Advice(p))
  }

  @Test(arguments: [0, 1, 2])
  func `the margin widens while values are bad, as a random walk's`(number: Int) {
    let fault = Fault.allCases[number]
    let (before, after) = play(through: fault, isRising: true, seed: 63)
    let clean = play(through: nil, isRising: true, seed: 63).after
    // Twelve ticks without values where a window spans three: the root of five.
    #expect(after.width > 1.6 * clean.width, "\(fault): \(before) before, \(after) after, \(clean) on good values")
    #expect(after.width < 3.5 * clean.width, "\(fault): \(before) before, \(after) after, \(clean) on good values")
  }

  @Test(arguments: [0, 1, 2])
  func `an hour of bad values in a steep rise costs no replicas that the rise needs`(number: Int) {
    let fault = Fault.allCases[number]
    let clean = replicas(through: nil, isRising: true, seed: 61).after
    let (before, after) = replicas(through: fault, isRising: true, seed: 61)
    #expect(after >= clean, "\(fault): \(before) before, \(after) after, \(clean) on good values")
    #expect(after <= 2 * clean, "\(fault): the margin widens as a random walk, not without end")
  }

  @Test(arguments: [0, 1, 2])
  func `nothing is released in an hour of bad values while demand falls`(number: Int) {
    let fault = Fault.allCases[number]
    let (before, after) = replicas(through: fault, isRising: false, seed: 62)
    #expect(after >= before, "\(fault)")
  }
}

import Planning
import Testing
import Workloads

/// The detector on made-up series with known incidents, and the rules by which it is scored.
@Suite struct DetectorScoreTests {
  private func alarms(_ series: LabelledSeries) -> [Int] {
    var detector = SeriesDetector()
    return series.values.indices.filter { detector.take(series.values[$0], atSeconds: series.seconds[$0]).isAlarm }
  }

  @Test func `made-up series hold all kinds, are finite and the same for the same seed`() {
    let all = (0..<LabelledSeries.fullCount).map { LabelledSeries(number: $0, seed: 7) }
    #expect(all.count >= 200)
    #expect(Set(all.compactMap(\.incident)) == Set(IncidentKind.allCases))
    #expect(Set(all.map(\.background)) == Set(SeriesBackground.allCases))
    for series in all {
      #expect(series.values.count == series.seconds.count && series.values.allSatisfy(\.isFinite), "\(series.name)")
      #expect(series.onsets == series.onsets.sorted() && series.onsets.count == series.windows.count)
      for (onset, window) in zip(series.onsets, series.windows) { #expect(window.contains(onset)) }
    }
    #expect(LabelledSeries(number: 5, seed: 7) == all[5])
    #expect(LabelledSeries(number: 5, seed: 8) != all[5])
  }

  @Test(arguments: [UInt64(2), 5])
  func `most incidents are found, with few false alarms`(seed: UInt64) {
    var score = DetectionScore()
    for number in 0..<LabelledSeries.fullCount {
      let series = LabelledSeries(number: number, seed: seed)
      score.take(alarms: alarms(series), windows: series.windows, rows: series.values.count)
    }
    #expect(score.value > 60, "\(score)")
    #expect(score.found * 100 >= score.incidents * 75, "\(score)")
    #expect(score.falseAlarms <= 3 * LabelledSeries.fullCount, "\(score)")
  }

  @Test func `the rules give 100 for the first row of every window, 0 for silence, and less for late or false alarms`()
  {
    func value(_ alarms: [Int]) -> Double {
      var score = DetectionScore()
      score.take(alarms: alarms, windows: [400...499, 700...799], rows: 1000)
      return score.value
    }
    #expect(abs(value([400, 700]) - 100) < 1e-12)
    #expect(value([]) == 0 && value([100]) == 0)
    #expect(abs(value([200, 400, 700]) - (100 - 100 * 0.11 / 4)) < 1e-12)
    #expect(value([450, 700]) < 100 && value([499, 700]) < value([450, 700]))
    #expect(value([400, 450, 700]) == value([400, 700]))
    #expect(value([400, 501, 700]) > value([400, 690, 700]))
  }

  @Test func `a series that stops moving is an alarm although its values are ordinary`() {
    var values = (0..<3000).map { 50 + Double($0 * 7919 % 101) / 10 }
    for t in 2000..<2100 { values[t] = 55 }
    var detector = SeriesDetector()
    let found = values.enumerated().map { t, value in detector.take(value, atSeconds: Double(t) * 300).isAlarm }
    #expect(found[2000..<2048].contains(true))
  }
}

internal import Glibc
import Planning
import Testing

/// One series judged row by row, as `synfire detect` does.
@Suite struct DetectorTests {
  /// A daily curve of 1,500 hours with noise, one doubled value, a drop of 40 hours and a lasting step.
  private func series() -> [Double] {
    var state: UInt64 = 12_345
    return (0..<1500).map { t in
      state = (1_103_515_245 * state + 12_345) % (1 << 31)
      let noise = Double(state) / Double(1 << 31) - 0.5
      let value = 100 * (1 + 0.5 * sin(2 * Double.pi * Double(t % 24) / 24)) * (1 + 0.2 * noise)
      return if t == 900 { 2 * value } else if (1050..<1090).contains(t) { 60 } else { t >= 1200 ? value + 80 : value }
    }
  }

  private func judgements(_ values: [Double], everySeconds step: Double = 3600) -> [SeriesDetector.Judgement] {
    var detector = SeriesDetector()
    return values.enumerated().map { t, value in detector.take(value, atSeconds: Double(t) * step) }
  }

  @Test func `alarms and strengths of a reference series are those of an independent implementation`() {
    let found = judgements(series())
    let alarms = found.indices.filter { found[$0].isAlarm }
    #expect(alarms == [65, 147, 900, 1055, 1208])
    let wanted = [
      65: 0.888797, 147: 0.090685, 900: 6.528357, 1055: 0.381265, 1208: 0.000760, 50: -2.799109, 100: -0.556892,
      1060: 5.814197, 1200: -0.409654, 1210: 0.317821, 1499: -1.682960,
    ]
    for (row, strength) in wanted.sorted(by: { $0.key < $1.key }) {
      #expect(abs(found[row].strength - strength) < 2e-6, "row \(row): \(found[row].strength)")
    }
  }

  @Test func `what comes later changes no score before it`() {
    let values = series()
    let whole = judgements(values)
    for length in [1, 21, 50, 1000] {
      #expect(judgements(Array(values[..<length])) == Array(whole[..<length]))
    }
    #expect(judgements(Array(values[..<1000]) + Array(repeating: 1e9, count: 500))[..<1000] == whole[..<1000])
  }

  @Test func `a missing value scores 0 and teaches nothing`() {
    let values = series()
    var plain = SeriesDetector(), holed = SeriesDetector()
    for (t, value) in values.enumerated() {
      for missing in [Double.nan, .infinity, -.infinity] where t % 7 == 3 {
        #expect(holed.take(missing, atSeconds: Double(t) * 3600 - 10).score == 0)
      }
      #expect(holed.take(.nan, atSeconds: .nan).score == 0)
      #expect(plain.take(value, atSeconds: Double(t) * 3600) == holed.take(value, atSeconds: Double(t) * 3600))
    }
  }

  @Test func `a constant series has no alarm, and its first change is one at once`() {
    let found = judgements(Array(repeating: 7, count: 2000) + [7.5], everySeconds: 300)
    #expect(found.allSatisfy { !$0.isAlarm })
    var noisy = (0..<2000).map { 7 + 0.01 * Double($0 * 7919 % 101) }
    noisy.append(9)
    #expect(judgements(noisy, everySeconds: 300)[2000].isAlarm)
  }

  @Test(arguments: 0..<40) func `hostile series give scores from 0 to 1`(seed: Int) {
    var random = Numbers(state: UInt64(seed))
    let kind = seed % 8
    var (detector, seconds) = (SeriesDetector(), 0.0)
    for t in 0..<1500 {
      let u = random.unit()
      let value: Double =
        switch (kind, random.unit()) {
        case (_, 0..<0.02): [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude][Int(u * 6)]
        case (0, _): 1e308 * (2 * u - 1)
        case (1, _): 1e-300 * u
        case (2, _): 3
        case (3, _): exp(700 * (2 * u - 1))
        case (4, _): -Double(t) * 1e12
        case (5, _): t % 500 < 250 ? 0 : 1e200
        case (6, _): Double(t % 2) * .greatestFiniteMagnitude
        default: u
        }
      seconds += [0, 300, 300, -600, 1e9, 0.001, 1e15, -1e15][Int(random.unit() * (kind < 4 ? 3 : 8))]
      let judgement = detector.take(value, atSeconds: seconds)
      #expect((0...1).contains(judgement.score), "seed \(seed), row \(t): \(judgement)")
      #expect((-4...12).contains(judgement.strength), "seed \(seed), row \(t): \(judgement)")
    }
  }
}

/// Numbers in [0, 1) from a seed (SplitMix64).
struct Numbers {
  var state: UInt64

  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}

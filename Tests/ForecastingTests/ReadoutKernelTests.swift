import Basics
import Forecasting
import Foundation
import KernelTypes
import Kernels
import Testing
import Wire
import Workloads

/// Floats on a boundary of 64 bytes.
@safe
final class Aligned {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int, _ value: (Int) -> Float = { _ in 0 }) {
    self.count = count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * count + 64, alignment: 64)
    unsafe base = memory.bindMemory(to: Float.self, capacity: count)
    for i in 0..<count { unsafe base[i] = value(i) }
  }

  deinit { unsafe base.deallocate() }

  var values: [Float] { (0..<count).map { unsafe base[$0] } }
  var bits: [UInt32] { values.map(\.bitPattern) }
}

struct ReadoutKernelTests {
  private let orders = [1, 4, 15, 16, 17, 33, 101, 109]

  @Test func `every instruction set forecasts the same bits`() throws {
    var outcomes: [(quantiles: [[UInt64]], state: [UInt8])] = []
    for kernels in KernelTable.supported {
      var forecaster = try SlowForecaster(ticksPerDay: 24)
      forecaster.scratch = ReadoutScratch(kernels: kernels)
      var noise = Noise(seed: 31)
      var quantiles: [[UInt64]] = []
      for t in 0..<400 {
        let value = t % 41 == 7 ? nil : Double(10 + t % 24) * (1 + 0.1 * noise.normal())
        quantiles += SlowForecaster.bits(forecaster.step(value))
      }
      var writer = ByteWriter()
      forecaster.readout.snapshot(into: &writer)
      outcomes.append((quantiles, writer.bytes))
    }
    for outcome in outcomes.dropFirst() { #expect(outcome == outcomes[0]) }
  }

  /// Counts over the steps of a tick, and the constant.
  private func features(_ order: Int, _ length: Int, _ noise: inout Noise) -> [Float] {
    let own = (0..<order).map { $0 == order - 1 ? 1 : Float(Int(noise.uniform() * 51)) / 50 }
    return own + Array(repeating: 0, count: length - order)
  }

  @Test func `the covariance follows plain loops in double precision`() throws {
    for order in orders {
      let length = TriangleRows.paddedLength(order)
      let seed = UInt64(order)
      var noise = Noise(seed: seed)
      let cells = KernelTable.supported.map { _ in Aligned(TriangleRows.start(ofRow: order)) }
      for row in 0..<order { for own in cells { unsafe own.base[TriangleRows.start(ofRow: row) + row] = 1 } }
      for t in 0..<60 {
        let vectors = (0..<3).map { _ in features(order, length, &noise) }
        let old = cells[0].values
        var results: [[UInt32]] = []
        for (table, own) in zip(KernelTable.supported, cells) {
          let flat = vectors.flatMap { $0 }
          let (f, g, r) = (Aligned(flat.count) { flat[$0] }, Aligned(3 * length), Aligned(16))
          table.stepCovariance(
            unsafe CovarianceStep(
              order: order,
              adds: t % 9 != 4,
              forgetting: 0.9995,
              cells: own.base,
              features: f.base,
              gains: g.base,
              leverages: r.base,
              next: nil,
              nextLines: 0
            )
          )
          results.append(own.bits + g.bits + r.bits)
          if results.count == 1 {
            let plain = Self.plainStep(old, vectors, order: order, adds: t % 9 != 4)
            let most = plain.gains.joined().reduce(1e-6) { max($0, abs($1)) }
            var (gainError, cellError) = (0.0, 0.0)
            let (cells, gains) = (own.values, g.values)
            for i in 0..<order {
              for v in 0..<3 { gainError = max(gainError, abs(Double(gains[v * length + i]) - plain.gains[v][i])) }
              for column in 0...i {
                let cell = Double(cells[TriangleRows.start(ofRow: i) + column])
                cellError = max(cellError, abs(cell - plain.matrix[i][column]))
              }
            }
            #expect(gainError < 1e-5 * most, "order \(order), seed \(seed), step \(t)")
            #expect(cellError < 1e-5, "order \(order), seed \(seed), step \(t)")
          }
        }
        for result in results.dropFirst() { #expect(result == results[0], "order \(order), seed \(seed), step \(t)") }
      }
    }
  }

  /// z = P f, r = f·z, P -= z zᵀ / (1 / ε + r), ε = λ - (1 - λ) / r; then the new P times each vector.
  private static func plainStep(
    _ cells: [Float],
    _ vectors: [[Float]],
    order: Int,
    adds: Bool
  ) -> (matrix: [[Double]], gains: [[Double]]) {
    var matrix = (0..<order).map { row in
      (0..<order).map { column in
        Double(cells[TriangleRows.start(ofRow: max(row, column)) + min(row, column)])
      }
    }
    func product(_ f: [Float]) -> [Double] {
      matrix.map { row in (0..<order).reduce(0) { $0 + row[$1] * Double(f[$1]) } }
    }
    if adds {
      let z = product(vectors[0])
      let r = (0..<order).reduce(0) { $0 + z[$1] * Double(vectors[0][$1]) }
      let epsilon = 0.9995 - 0.0005 / r
      let c = 1 / (1 / epsilon + r)
      for row in 0..<order { for column in 0..<order { matrix[row][column] -= c * z[row] * z[column] } }
    }
    return (matrix, vectors.map(product))
  }

  /// A horizon of some order in double precision, in the plainest loops.
  private struct PlainHorizon {
    var (heads, headErrors): ([[Double]], [Double])
    var (offsets, logs, weights): ([[Double]], [[Double]], [[Double]])
    var (errors, shifts, scale): ([Double], [Double], Double)
    static let levels = SeriesForecast.levels
    static let experts = HorizonColumns.experts

    init(_ state: [Float], _ length: Int, _ order: Int) {
      func table(_ start: Int, _ rows: Int) -> [[Double]] {
        (0..<rows).map { row in (0..<7).map { Double(state[start + 8 * row + $0]) } }
      }
      heads = (0..<3).map { h in (0..<order).map { Double(state[HorizonColumns.weights + h * length + $0]) } }
      headErrors = (0..<3).map { Double(state[HorizonColumns.headErrors + $0]) }
      offsets = table(HorizonColumns.offsets, Self.experts)
      logs = table(HorizonColumns.fanLogs, Self.experts)
      weights = table(HorizonColumns.mixture, 2 * Self.experts)
      errors = (0..<Self.experts).map { Double(state[HorizonColumns.errors + $0]) }
      shifts = (0..<7).map { Double(state[HorizonColumns.shifts + $0]) }
      scale = Double(state[HorizonColumns.scale])
    }

    mutating func learn(
      _ f: [Float],
      _ g: [Float],
      _ points: [Double],
      _ prior: [Double],
      _ outer: [Double],
      _ lesson: HorizonLesson
    ) {
      let target = Double(lesson.target)
      for h in 0..<3 {
        let value = heads[h].indices.reduce(0) { $0 + heads[h][$1] * Double(f[$1]) }
        let error = target - Double(lesson.headBases[h]) - value
        let clip = 2.5 * headErrors[h]
        let share = min(Double(lesson.gainFactor), 1 / Double(lesson.leverage)) * max(-clip, min(clip, error))
        for i in heads[h].indices { heads[h][i] += share * Double(g[i]) }
        headErrors[h] += Double(lesson.headRate) * (min(abs(error), 3 * clip) - headErrors[h])
      }
      var fans: [[Double]] = []
      for i in 0..<Self.experts { fans.append((0..<7).map { points[i] + ($0 == 3 ? 0 : errors[i] * offsets[i][$0]) }) }
      for i in 0..<Self.experts { fans.append((0..<7).map { points[i] + exp(logs[i][$0]) * (prior[$0] - prior[3]) }) }
      scale += Double(lesson.scaleRate) * (abs(Double(lesson.median) - target) - scale)
      for q in 0..<7 {
        let level = Self.levels[q]
        let mixed = (0..<2 * Self.experts).reduce(0) { $0 + weights[$1][q] * fans[$1][q] }
        let slope = -2 * Double(lesson.mixtureRate) * ((target < mixed ? 1 : 0) - level)
        let raised = (0..<2 * Self.experts).map { k in
          weights[k][q] * exp(slope * max(-3, min(3, (fans[k][q] - mixed) / scale)))
        }
        let sum = raised.reduce(0, +)
        for k in raised.indices { weights[k][q] = (1 - 5e-5) * raised[k] / sum + 5e-5 / Double(raised.count) }
        guard q != 3 else { continue }
        let below = target < (q == 1 ? outer[0] : q == 5 ? outer[1] : mixed) + shifts[q] * scale ? 1.0 : 0
        shifts[q] += Double(lesson.shiftRate) * (level - below)
        for i in 0..<Self.experts {
          let isUnder = (target - points[i]) / errors[i] < offsets[i][q] ? 1.0 : 0
          offsets[i][q] += Double(lesson.offsetRate) * (level - isUnder)
          let step = Double(lesson.fanRate) * (level - (target < fans[Self.experts + i][q] ? 1 : 0))
          logs[i][q] = max(-3, min(3, logs[i][q] + (q > 3 ? step : -step)))
        }
      }
      for i in 0..<Self.experts {
        errors[i] += Double(lesson.errorRate) * (min(abs(target - points[i]), 8 * errors[i] + 1e-3) - errors[i])
      }
    }

    func difference(from state: [Float], _ length: Int) -> Double {
      let other = PlainHorizon(state, length, heads[0].count)
      func most(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } }
      return [
        most(Array(heads.joined()), Array(other.heads.joined())), most(headErrors, other.headErrors),
        most(Array(offsets.joined()), Array(other.offsets.joined())),
        most(Array(logs.joined()), Array(other.logs.joined())),
        most(Array(weights.joined()), Array(other.weights.joined())), most(errors, other.errors),
        most(shifts, other.shifts), abs(scale - other.scale),
      ].reduce(0, max)
    }
  }

  @Test(arguments: [101, 109]) func `a lesson follows plain loops in double precision`(order: Int) throws {
    let length = TriangleRows.paddedLength(order)
    var noise = Noise(seed: UInt64(order))
    func random(_ count: Int, _ scale: Double) -> [Float] {
      (0..<count).map { _ in Float(scale * noise.normal()) }
    }
    for round in 0..<20 {
      var start = [Float](repeating: 0, count: HorizonColumns.size(length: length))
      for row in 0..<2 * HorizonColumns.experts {
        for q in 0..<7 {
          start[HorizonColumns.mixture + 8 * row + q] = 1 / Float(2 * HorizonColumns.experts)
          guard row < HorizonColumns.experts, q != 3 else { continue }
          start[HorizonColumns.offsets + 8 * row + q] = Float(noise.normal())
          start[HorizonColumns.fanLogs + 8 * row + q] = Float(noise.normal())
        }
      }
      for i in 0..<HorizonColumns.experts { start[HorizonColumns.errors + i] = Float(0.2 + noise.uniform()) }
      for i in 0..<7 where i != 3 { start[HorizonColumns.shifts + i] = Float(0.1 * noise.normal()) }
      start[HorizonColumns.scale] = 0.7
      for i in 0..<3 { start[HorizonColumns.headErrors + i] = Float(0.1 + noise.uniform()) }
      for h in 0..<3 {
        for i in 0..<order { start[HorizonColumns.weights + h * length + i] = Float(0.1 * noise.normal()) }
      }
      let f = features(order, length, &noise)
      let g = random(order, 0.2) + Array(repeating: 0, count: length - order)
      let points = random(HorizonColumns.experts, 1)
      let (weights, biases) = (random(7 * 64, 0.2), random(7, 0.5))
      let prior = (0..<7).map { q in
        (0..<64).reduce(Double(biases[q])) { $0 + Double(weights[64 * q + $1]) * Double(f[$1]) }
      }.sorted()

      var states: [[UInt32]] = []
      for table in KernelTable.supported {
        let state = Aligned(start.count) { start[$0] }
        let (features, gain) = (Aligned(length) { f[$0] }, Aligned(length) { g[$0] })
        let (places, fans) = (
          Aligned(16) { $0 < points.count ? points[$0] : $0 == points.count ? -0.9 : 0.8 }, Aligned(16 * points.count)
        )
        let heads = Aligned(8 * 64) { $0 < weights.count ? weights[$0] : 0 }
        let bias = Aligned(16) { $0 < 7 ? biases[$0] : 0 }
        let lesson = unsafe HorizonLesson(
          target: 0.37,
          headBases: [0.2, -0.1, 0, 0],
          gain: gain.base,
          leverage: 0.4,
          gainFactor: 3,
          clip: 2.5,
          median: -0.2,
          headRate: 0.01,
          scaleRate: 0.002,
          mixtureRate: 0.06,
          shiftRate: 0.004,
          offsetRate: 0.006,
          fanRate: 0.02,
          errorRate: 0.02,
          uniformShare: 5e-5
        )
        let slice = unsafe HorizonSlice(
          length: length,
          priorLength: 64,
          priorWeights: heads.base,
          priorBiases: bias.base,
          features: features.base,
          state: state.base,
          points: places.base,
          fans: fans.base
        )
        table.learnHorizon(slice, lesson)
        states.append(state.bits)
        var plain = PlainHorizon(start, length, order)
        plain.learn(f, g, points.map { Double($0) }, prior, [-0.9, 0.8], lesson)
        #expect(plain.difference(from: state.values, length) < 3e-6, "order \(order), round \(round)")
        #expect(plain.difference(from: start, length) > 1e-3, "nothing was learned")
      }
      for state in states.dropFirst() { #expect(state == states[0], "order \(order), round \(round)") }
    }
  }

  @Test func `a series gets the same bits alone and among others`() throws {
    let configuration = try ForecastConfiguration(tickMilliseconds: 3_600_000)
    let names = (0..<70).map { SeriesName(service: "s\($0)", metric: "cpu") }
    func run(_ chosen: [Int]) throws -> [SeriesName: [SeriesForecast]] {
      let part = ForecastPart(configuration)
      for number in chosen { part.join(names[number], number: number, isHere: true) }
      var forecasts: [SeriesName: [SeriesForecast]] = [:]
      for t in 0..<80 {
        let values = names.indices.compactMap { i -> SeriesValue? in
          let value = 50 + 10 * CounterRandom(seed: 5, stream: UInt32(i)).uniform(UInt32(t))
          return (t + i) % 17 == 0 ? nil : SeriesValue(series: names[i], value: value)
        }
        try part.beginTick(
          SealedTick(tick: Tick(Int64(t)), lengthMilliseconds: 3_600_000, values: values, calendar: [])
        )
        _ = part.advance(half: 0)
        _ = part.advance(half: 1)
        for forecast in part.finishTick() { forecasts[forecast.series, default: []].append(forecast) }
      }
      return forecasts
    }
    let all = try run(Array(names.indices))
    #expect(all.count == 70)
    for number in [0, 33, 69] {
      let alone = try run([number])
      #expect(alone[names[number]] == all[names[number]])
    }
  }
}

import Forecasting
import Foundation
import Testing

private struct Vectors: Decodable {
  struct Checkpoint: Decodable {
    var t: Int
    var offset: Double
    var u: [Double]
    var counts: [UInt8]
    var quantiles: [[Double]]
  }
  var y: [Double?]
  var checkpoints: [Checkpoint]
}

@Suite struct VectorTests {
  @Test(.enabled(if: Shared.folder != nil, "the folder of shared reference material is not there"))
  func `inputs, spike counts and quantiles follow the reference`() throws {
    let folder = try #require(Shared.folder)
    let file = folder.appending(path: "forecasting/test_vectors.json")
    let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    let wanted = Dictionary(uniqueKeysWithValues: vectors.checkpoints.map { ($0.t, $0) })
    for (t, y) in vectors.y.enumerated() {
      let quantiles = forecaster.step(y)
      guard let check = wanted[t] else { continue }
      #expect(abs(forecaster.readout.offset / check.offset - 1) < 1e-9)
      for i in 0..<98 {
        #expect(abs(Double(forecaster.scratch.inputs[i]) - check.u[i]) < 2e-5, "input \(i) at tick \(t)")
      }
      #expect(forecaster.counts == check.counts, "counts at tick \(t)")
      let tolerance = t < 30 ? 1e-2 : 1e-3
      for j in 0..<3 {
        for q in 0..<7 {
          let (is_, should) = (quantiles[j][q], check.quantiles[j][q])
          #expect(abs(is_ - should) <= tolerance * abs(should), "quantile \(q) of horizon \(j) at tick \(t)")
        }
      }
    }
  }
}

import Forecasting
import Foundation
import Testing

private struct Vectors: Decodable {
  struct Checkpoint: Decodable {
    var t: Int
    var offset: Double
    var u: [Double]
    var counts: [UInt8]
  }
  var y: [Double?]
  var checkpoints: [Checkpoint]
}

@Suite struct VectorTests {
  @Test(.enabled(if: Shared.folder != nil, "the folder of shared reference material is not there"))
  func `inputs and spike counts follow the study's reference until a value is missing`() throws {
    let folder = try #require(Shared.folder)
    let file = folder.appending(path: "forecasting/test_vectors.json")
    let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    let wanted = Dictionary(uniqueKeysWithValues: vectors.checkpoints.map { ($0.t, $0) })
    var compared = 0
    // The own median stands in for a missing value, and it is another than the study's.
    for (t, y) in vectors.y.prefix(while: { $0 != nil }).enumerated() {
      _ = forecaster.step(y)
      guard let check = wanted[t] else { continue }
      #expect(abs(forecaster.readout.offset / check.offset - 1) < 1e-9)
      // What lies more than some ticks back is kept in half precision.
      for i in 0..<98 {
        #expect(abs(Double(forecaster.scratch.inputs[i]) - check.u[i]) < 3e-3, "input \(i) at tick \(t)")
      }
      let off = zip(forecaster.counts, check.counts).map { abs(Int($0) - Int($1)) }
      #expect(off.allSatisfy { $0 <= 1 } && off.reduce(0, +) <= 5, "counts at tick \(t): \(off)")
      compared += 1
    }
    #expect(compared == 6)
  }
}

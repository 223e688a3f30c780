import KernelTypes
import Kernels
import Testing

/// A covariance in sixteen bits a cell.
struct TriangleTests {
  /// Memory of a triangle on boundaries of 64 bytes.
  private struct Memory {
    let order: Int
    let cells, packed, scales, inverses: Aligned

    init(_ order: Int, _ value: (_ row: Int, _ column: Int) -> Float) {
      self.order = order
      let (count, length) = (TriangleRows.start(ofRow: order), TriangleRows.paddedLength(order))
      var values = [Float](repeating: 0, count: count)
      for row in 0..<order {
        for column in 0..<min(order, (row / 16 + 1) * 16) {
          values[TriangleRows.start(ofRow: row) + column] = value(row, column)
        }
      }
      cells = Aligned(count) { values[$0] }
      (packed, scales, inverses) = (Aligned(count / 2 + 1), Aligned(length) { _ in 1 }, Aligned(length))
    }

    var triangle: PackedTriangle {
      unsafe PackedTriangle(
        order: order,
        cells: cells.base,
        packed: UnsafeMutableRawPointer(packed.base).assumingMemoryBound(to: Int16.self),
        scales: scales.base,
        inverses: inverses.base
      )
    }
  }

  @Test(arguments: [1, 15, 16, 17, 48, 101, 109])
  func `cells are off by less than a unit of their row and column, and what is packed again stays`(order: Int) {
    var noise = Noise(seed: UInt64(order))
    let factors = (0..<order).map { _ in (0..<4).map { _ in Float(noise.normal()) * Float(0.01 + 30 * noise.uniform()) }
    }
    func product(_ row: Int, _ column: Int) -> Float {
      zip(factors[row], factors[column]).reduce(row == column ? 0.1 : 0) { $0 + $1.0 * $1.1 }
    }
    var outcomes: [[UInt32]] = []
    for kernels in KernelTable.supported {
      let memory = Memory(order, product)
      kernels.packTriangle(memory.triangle)
      let first = memory.packed.bits
      kernels.unpackTriangle(memory.triangle)
      let (values, scales) = (memory.cells.values, memory.scales.values)
      for row in 0..<order {
        let diagonal = product(row, row)
        #expect(scales[row] * scales[row] >= diagonal && scales[row] * scales[row] < 2.001 * diagonal)
        for column in 0..<min(order, (row / 16 + 1) * 16) {
          let error = abs(values[TriangleRows.start(ofRow: row) + column] - product(row, column))
          #expect(error <= 0.51 / 32767 * scales[row] * scales[column] + 1e-6 * abs(product(row, column)))
        }
      }
      kernels.packTriangle(memory.triangle)
      #expect(memory.packed.bits == first)
      outcomes.append(first + memory.scales.bits + values.map(\.bitPattern))
    }
    for outcome in outcomes.dropFirst() { #expect(outcome == outcomes[0]) }
  }

  @Test func `cells that are no numbers end nowhere but in numbers`() {
    for bad in [Float.nan, .infinity, -.infinity, 1e38, -1] {
      for kernels in KernelTable.supported {
        let memory = Memory(20) { $0 == $1 ? bad : 0.5 }
        kernels.packTriangle(memory.triangle)
        kernels.unpackTriangle(memory.triangle)
        #expect(memory.cells.values.allSatisfy { $0.isFinite })
      }
    }
  }
}

/// How new the shape of the last few rows is: the distance to the nearest of the shapes that were stored before.
///
/// A far shape is stored, a near one draws the stored one closer, as in adaptive resonance (Carpenter and Grossberg,
/// "ART 2", Applied Optics 1987).
struct ShapeMemory: Equatable, Sendable {
  /// Shapes stored; a new one then replaces the one that was not used for longest.
  static let capacity = 64
  /// A shape is far beyond so many mean distances.
  static let vigilance = 1.5
  /// How far a near shape draws the stored one, as a share of the difference.
  static let drawing = 0.05

  private let length: Int
  /// All shapes, one after the other.
  private var shapes: [Double] = []
  private var lastUse: [Int] = []
  private var meanDistance = 0.0

  /// Starts without shapes; each has so many rows.
  init(length: Int) { self.length = length }

  /// Returns the distance of a shape (the latest row first) to what was seen before, and learns it.
  ///
  /// - Complexity: O(`capacity` · length).
  mutating func take(_ shape: ArraySlice<Double>, row: Int) -> Double {
    var (best, nearest) = (Double.infinity, -1)
    for i in lastUse.indices {
      var distance = 0.0
      for (k, value) in shape.enumerated() { distance += abs(shapes[i * length + k] - value) }
      if distance < best { (best, nearest) = (distance, i) }
    }
    guard nearest >= 0 else {
      store(shape, row)
      return 0
    }
    if best > Self.vigilance * meanDistance {
      store(shape, row)
    } else {
      lastUse[nearest] = row
      for (k, value) in shape.enumerated() {
        shapes[nearest * length + k] += Self.drawing * (value - shapes[nearest * length + k])
      }
    }
    // One monstrous shape must not make all later ones seem near.
    let counted = row <= 20 ? best : min(best, 5 * meanDistance + 1e-9)
    meanDistance += max(1 / Double(row + 1), 0.002) * (counted - meanDistance)
    return best
  }

  private mutating func store(_ shape: ArraySlice<Double>, _ row: Int) {
    if lastUse.count < Self.capacity {
      shapes.append(contentsOf: shape)
      lastUse.append(row)
    } else if let oldest = lastUse.indices.min(by: { lastUse[$0] < lastUse[$1] }) {
      for (k, value) in shape.enumerated() { shapes[oldest * length + k] = value }
      lastUse[oldest] = row
    }
  }
}

/// The list to which kernels append the circuit indices of neurons that fire; it has room for every neuron of a step.
@safe
public struct SpikeList {
  /// The listed neurons.
  public let neurons: UnsafeMutablePointer<UInt32>
  /// How many there are.
  public var end: Int

  /// Goes on with a list.
  public init(_ neurons: UnsafeMutablePointer<UInt32>, end: Int) {
    unsafe self.neurons = neurons
    self.end = end
  }

  /// Adds a neuron.
  @inlinable @inline(__always)
  public mutating func append(_ neuron: UInt32) {
    unsafe neurons[end] = neuron
    end &+= 1
  }
}

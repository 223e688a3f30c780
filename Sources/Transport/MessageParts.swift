/// The parts of a received message in one buffer, reused from message to message.
public struct MessageParts: Equatable, Sendable {
  /// Parts beyond this number are counted but not kept; nothing in Synfire sends more than three.
  public static let mostParts = 8

  /// The number of parts that the message had.
  public private(set) var count = 0
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// Makes a buffer without parts.
  public init() {}

  /// The bytes of a part below `min(count, mostParts)`.
  public subscript(part: Int) -> ArraySlice<UInt8> { bytes[(part == 0 ? 0 : ends[part - 1])..<ends[part]] }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    count = 0
  }

  mutating func append(_ part: UnsafeRawBufferPointer) {
    count += 1
    guard count <= Self.mostParts else { return }
    unsafe bytes.append(contentsOf: part)
    ends.append(bytes.count)
  }
}

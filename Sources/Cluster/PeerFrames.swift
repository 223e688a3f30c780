internal import Basics
internal import Wire

/// The frames that one core sends and the spikes that it got, of two epochs: its peers are at most one apart.
///
/// Peers that need the same spikes get the same frame, written once. All memory is reused from epoch to epoch.
struct PeerFrames {
  /// The peers, ascending.
  let cores: [CoreID]
  private let positions: [Int]
  private let template: SpikeFrame.Header?
  /// Which of the frames each peer gets, and a peer that each frame is for.
  private var audienceOf: [Int] = []
  private var exampleOf: [CoreID] = []
  private var encoder = SpikeFrameEncoder()
  /// By parity of the epoch: which epoch, and its frames.
  private var sentEpochs: [Epoch?] = [nil, nil]
  private var sent: [[[UInt8]]] = [[], []]
  /// By parity of the epoch: the spikes of each peer.
  private var received: [[SpikeBatch]]

  /// Nobody.
  init() {
    (cores, positions, template, received) = ([], [], nil, [[], []])
  }

  /// The peers of an assignment; they may send before this core has loaded its program.
  init(_ assignment: Assignment, incarnation: Incarnation) {
    let list = assignment.peers.map(\.core)
    cores = list
    var positions = Array(repeating: -1, count: (list.map { Int($0.index) }.max() ?? -1) + 1)
    for (i, core) in list.enumerated() { positions[Int(core.index)] = i }
    self.positions = positions
    template = SpikeFrame.Header(
      run: assignment.run,
      mapHash: assignment.mapHash,
      generation: assignment.generation,
      incarnation: incarnation,
      source: assignment.core,
      epoch: assignment.epoch
    )
    received = Array(repeating: Array(repeating: SpikeBatch(steps: 0), count: list.count), count: 2)
  }

  /// Asks a program that was loaded which peers get the same frames.
  mutating func group(by program: any CoreProgram) {
    let numbers = cores.map { program.audience(of: $0) }
    let distinct = Set(numbers).sorted()
    audienceOf = numbers.map { number in distinct.firstIndex(of: number) ?? 0 }
    exampleOf = distinct.map { number in cores[numbers.firstIndex(of: number) ?? 0] }
    sent = Array(repeating: Array(repeating: [], count: distinct.count), count: 2)
    sentEpochs = [nil, nil]
  }

  /// What the frames of an epoch begin with.
  func header(_ epoch: Epoch) -> SpikeFrame.Header? {
    var header = template
    header?.epoch = epoch
    return header
  }

  /// Writes the frames of the epoch that was computed last.
  mutating func encode(_ epoch: Epoch, of program: any CoreProgram) {
    guard let header = header(epoch) else { return }
    let half = Int(epoch.index & 1)
    sentEpochs[half] = epoch
    for i in exampleOf.indices { encoder.encode(header, program.outgoing(to: exampleOf[i]), into: &sent[half][i]) }
  }

  /// The frame of the epoch that was computed last, for the peer at a position.
  func frame(_ epoch: Epoch, toPosition position: Int) -> [UInt8] { sent[Int(epoch.index & 1)][audienceOf[position]] }

  /// The frame of an epoch for a peer, if it is one and the frame is still there.
  func frame(_ epoch: Epoch, to core: CoreID) -> [UInt8]? {
    guard Int(core.index) < positions.count, positions[Int(core.index)] >= 0,
      sentEpochs[Int(epoch.index & 1)] == epoch
    else { return nil }
    return frame(epoch, toPosition: positions[Int(core.index)])
  }

  /// Keeps the spikes of a frame, and gives memory for the next one in return.
  mutating func keep(_ batch: inout SpikeBatch, _ epoch: Epoch, from core: CoreID) {
    guard Int(core.index) < positions.count, positions[Int(core.index)] >= 0 else { return }
    swap(&batch, &received[Int(epoch.index & 1)][positions[Int(core.index)]])
  }

  /// The spikes of an epoch, ascending by peer.
  func spikes(of epoch: Epoch) -> [SpikeBatch] { received[Int(epoch.index & 1)] }
}

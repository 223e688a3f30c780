public import Basics
public import Wire

extension CoreMachine {
  /// What happened.
  public enum Event: Sendable {
    indirect case control(ControlMessage)
    /// The program is loaded for a generation.
    case loaded(Generation)
    /// Epoch computed; the loop keeps the spikes until told to send and deliver them.
    case computed(Generation, Epoch)
    /// A frame came; its spikes stay with the loop, which stores them when told to keep them.
    case frame(SpikeFrame.Header)
    /// A peer misses this core's frame of an epoch.
    case resendRequested(by: CoreID, Generation, Epoch)
    /// The snapshot of an epoch is in the store, where it was to be written.
    case stored(Generation, Epoch, [PartBlob])
    /// Time passed.
    case timer
    /// The program refused something.
    case failed(Generation, String)
  }

  /// What the loop has to do, in order.
  public enum Action: Equatable, Sendable {
    /// Connect to the peers, drop all parts but those that are kept, load the others; answer `.loaded` or `.failed`.
    indirect case load(Assignment, keeping: Set<PartID>)
    case accept(ordinal: Int64, [UInt8])
    /// Simulate an epoch; answer `.computed`.
    case compute(Epoch)
    /// Send the spikes of the epoch that was computed to every peer.
    case sendFrames(Epoch)
    /// Send the spikes of an epoch (this one or the one before) to a peer once more.
    case sendFrame(Epoch, to: CoreID)
    /// Keep the spikes of the frame that was just handed over, for this epoch and peer.
    case keep(Epoch, from: CoreID)
    case askResend(Epoch, of: CoreID)
    /// Queue the spikes of an epoch: own ones and those kept, ascending by peer.
    case deliver(Epoch)
    /// Send `.output` of the boundary to the coordinator.
    case emitOutput(Epoch)
    /// Hold on to the state and write it to the store under a generation, or only take its checksums; answer `.stored`.
    case snapshot(Epoch, blobs: Generation?)
    indirect case send(ControlMessage)
    case exit(code: Int32, String)
  }

  /// Times after which a silent peer is asked again, and reported.
  public struct Patience: Sendable {
    /// Time until the first request to resend.
    public var resendNanoseconds: Int64 = 20_000_000
    /// Time until the coordinator hears of it, and again after as long.
    public var suspectNanoseconds: Int64 = 1_000_000_000
    /// Time until an acknowledgement is repeated that nobody answered.
    public var acknowledgeNanoseconds: Int64 = 1_000_000_000
    /// The usual times.
    public init() {}
  }
}

public import Basics
public import Wire

/// A program that becomes what its assignment describes: one core binary serves every kind of run.
public final class HostedProgram: CoreProgram {
  private var program: (any CoreProgram)?

  /// Makes a program that waits for its first assignment.
  public init() {}

  /// Makes the described program, or goes on with the one that keeps some of its parts, and loads the others.
  public func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) throws {
    if !kept.isEmpty, let program { return try program.load(assignment, blobs: blobs, keeping: kept) }
    program = nil
    let next: any CoreProgram =
      switch try ProgramDescription(decoding: assignment.program) {
      case .circuit(let job): CircuitProgram(job: job)
      case .capacity(let job): try CapacityProgram(job: job)
      }
    try next.load(assignment, blobs: blobs)
    program = next
  }

  /// Hands on an input.
  public func accept(ordinal: Int64, _ bytes: [UInt8]) throws { try program?.accept(ordinal: ordinal, bytes) }

  /// Simulates an epoch.
  public func compute(_ epoch: Epoch) throws { try program?.compute(epoch) }

  /// The spikes that a peer needs.
  public func outgoing(to core: CoreID) -> SpikeBatch { program?.outgoing(to: core) ?? SpikeBatch(steps: 0) }

  /// Which peers need the same spikes.
  public func audience(of core: CoreID) -> Int { program?.audience(of: core) ?? 0 }

  /// What needs no foreign spikes.
  public func prepareNext(after epoch: Epoch) throws { try program?.prepareNext(after: epoch) }

  /// Queues the spikes of an epoch.
  public func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) throws {
    try program?.deliver(epoch, foreign)
  }

  /// What the parts say.
  public func output(at epoch: Epoch) throws -> [PartOutput] { try program?.output(at: epoch) ?? [] }

  /// The state of the parts.
  public func snapshot(at epoch: Epoch) throws -> [PartSnapshot] { try program?.snapshot(at: epoch) ?? [] }

  /// Counts for the status display.
  public func count(into statistics: inout CoreStatistics) { program?.count(into: &statistics) }
}

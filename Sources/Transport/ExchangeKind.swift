public import Basics

/// How frames travel between the cores of a run.
public enum ExchangeKind: String, CaseIterable, Sendable {
  /// Shared memory between processes of one machine, ZeroMQ between machines.
  case auto
  /// Shared memory only; peers that it does not reach are refused.
  case sharedMemory = "shared-memory"
  /// ZeroMQ over Unix sockets.
  case ipc
  /// ZeroMQ over TCP.
  case tcp

  /// Whether an endpoint can be bound for this kind.
  public func fits(_ endpoint: String) -> Bool {
    switch self {
    case .auto, .sharedMemory: true
    case .ipc: endpoint.hasPrefix("ipc://")
    case .tcp: endpoint.hasPrefix("tcp://")
    }
  }

  /// Opens an exchange at a ZeroMQ endpoint, which serves whoever memory does not reach.
  ///
  /// - Returns: the exchange and, where memory cannot be shared although it was to be, why not.
  /// - Throws: `TransportError` when the endpoint cannot be bound, or memory is required and cannot be shared.
  public func open(
    endpoint: String,
    in context: MessageContext
  ) throws(TransportError) -> (exchange: any SpikeExchange, problem: SystemError?) {
    guard self == .auto || self == .sharedMemory else {
      return (try ZeroMQExchange(endpoint: endpoint, in: context), nil)
    }
    // Where the usual folder is missing or full, the folder of the sockets lies on this machine, too.
    var folders = [SharedMemoryExchange.usualFolder]
    if endpoint.hasPrefix("ipc:///"), let slash = endpoint.lastIndex(of: "/") {
      folders.append(String(endpoint[..<slash].dropFirst(6)))
    }
    var problem: SystemError?
    for folder in folders {
      do {
        let shared = try SharedFolder(folder)
        let isRequired = self == .sharedMemory
        return (try SharedMemoryExchange(shared, endpoint: endpoint, in: context, isRequired: isRequired), nil)
      } catch let error as SystemError {
        problem = problem ?? error
      } catch let error as TransportError {
        throw error
      } catch {}
    }
    if self == .sharedMemory, let problem { throw TransportError(problem) }
    return (try ZeroMQExchange(endpoint: endpoint, in: context), problem)
  }
}

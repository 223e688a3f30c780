internal import Basics
internal import Synchronization

/// Orders from one thread to another, in order; posting wakes whoever waits on the wake-up.
final class Mailbox<Order: Sendable>: Sendable {
  private let orders = Mutex<[Order]>([])
  let wakeup: Wakeup

  init(wakeup: Wakeup) { self.wakeup = wakeup }

  func post(_ order: Order) {
    // Inside the lock: a signal that came after its order was taken would never be cleared.
    orders.withLock {
      $0.append(order)
      wakeup.signal()
    }
  }

  /// Takes everything posted so far.
  func take() -> [Order] {
    orders.withLock { list in
      guard !list.isEmpty else { return [] }
      wakeup.clear()
      defer { list = [] }
      return list
    }
  }
}

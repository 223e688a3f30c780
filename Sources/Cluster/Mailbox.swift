public import Basics
internal import Synchronization

/// Orders from one thread to another, in order; posting wakes whoever waits on the wake-up.
public final class Mailbox<Order: Sendable>: Sendable {
  private let orders = Mutex<[Order]>([])
  private let most: Int
  /// What is signalled by posting.
  public let wakeup: Wakeup

  /// Makes an empty mailbox; `most` is how many orders may wait before `offer` declines.
  public init(wakeup: Wakeup, most: Int = 8192) { (self.wakeup, self.most) = (wakeup, most) }

  /// Posts an order of which there are never more than a few.
  public func post(_ order: Order) { _ = add(order, isBounded: false) }

  /// Posts an order that comes again when it is dropped; false when too many wait.
  public func offer(_ order: Order) -> Bool { add(order, isBounded: true) }

  private func add(_ order: Order, isBounded: Bool) -> Bool {
    // Inside the lock: a signal that came after its order was taken would never be cleared.
    orders.withLock {
      guard !isBounded || $0.count < most else { return false }
      $0.append(order)
      wakeup.signal()
      return true
    }
  }

  /// Takes everything posted so far.
  public func take() -> [Order] {
    orders.withLock { list in
      guard !list.isEmpty else { return [] }
      wakeup.clear()
      defer { list = [] }
      return list
    }
  }
}

internal import CLinux
internal import Synchronization

/// Ctrl-C and requests to terminate: either the process ends at once, or a loop is told and ends by itself.
public enum Interruption {
  private static let requests = Atomic<Int>(0)

  /// Makes Ctrl-C end the process at once with exit code 130.
  public static func endProcessOnInterrupt() { signal(SIGINT) { _ in _exit(130) } }

  /// From now on Ctrl-C and SIGTERM only set `isRequested`; a second one ends the process with exit code 130.
  public static func letLoopsEnd() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
  }

  /// Whether somebody asked the process to end.
  public static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// Waits, and returns false at once when somebody asks the process to end.
  public static func wait(milliseconds: Int64) -> Bool {
    let end = MonotonicClock.nowMilliseconds() + milliseconds
    // Short slices: a signal between the look at the flag and the wait, or on another thread, must not cost the whole wait.
    while !isRequested {
      let left = end - MonotonicClock.nowMilliseconds()
      guard left > 0 else { return true }
      _ = poll(nil, 0, CInt(min(left, 50)))
    }
    return false
  }
}

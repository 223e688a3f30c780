internal import Basics
internal import StateStore

/// The command lines of a cluster's processes.
extension FaultyShop {
  /// The store as processes of the cluster name it.
  var storeURL: String { "\(storeAddress)" }

  /// The shop's configuration.
  var configuration: String { folder.file("shop/shop.yaml") }

  /// The arguments of a coordinator.
  func coordinator(configuration: String? = nil, isSecond: Bool = false) -> [String] {
    let listen = isSecond ? "ipc://\(folder.file("control-2.sock"))" : controlEndpoint
    return [
      "coordinator", "--config", configuration ?? self.configuration, "--redis", storeURL, "--cores", "\(plan.cores)",
      "--listen", listen, "--query", "ipc://\(folder.file(isSecond ? "query-2.sock" : "query.sock"))",
      "--checkpoint-ticks", "\(plan.ticksPerCheckpoint)", "--standby", "--ends-with-parent",
    ] + (plan.stage == .copies ? ["--verify"] : [])
  }

  /// The arguments of a core; `spikes` is where it listens, by default as fits the stage.
  func core(_ place: Int, spikes: String? = nil) -> [String] {
    let usual = plan.stage == .hosts ? "tcp://127.0.0.1:*" : "ipc://\(folder.file("core-\(place).sock"))"
    let words = [
      "core", "--redis", storeURL, "--coordinator", controlEndpoint, "--place", "\(place)", "--ends-with-parent",
      "--spikes", spikes ?? usual,
    ]
    guard proxy != nil else { return words }
    return words + ["--exchange", "ipc", "--advertise", "ipc://\(folder.file("front-\(place).sock"))"]
  }

  private static let shop = [
    "demo", "shop", "--days", "\(days)", "--start", "2026-11-02T00:00:00Z", "--tick", "10 min", "--sample", "5 min",
  ]

  /// The arguments of what sends the shop's samples.
  var feedWords: [String] {
    Self.shop + ["--redis", storeURL, "--quiet"] + (plan.speed.map { ["--speed", "\($0)"] } ?? [])
  }

  /// Writes the shop's files.
  func write() throws {
    let written = try ChildProcess(
      plan.program,
      Self.shop + ["--files", folder.file("shop")],
      output: .appended(path: folder.file("feed.log"))
    )
    guard written.wait() == .exited(code: 0) else { throw ChaosError("the shop's files were not written") }
  }
}

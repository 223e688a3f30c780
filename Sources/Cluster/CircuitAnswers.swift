internal import Basics
internal import Documents
internal import Wire

/// Answers questions about the run of a circuit.
struct CircuitAnswers {
  private let circuit: String
  private let epochMilliseconds: Double
  private let startedMilliseconds = WallClock.nowMilliseconds()

  /// Answers about the run of a circuit of that name, with epochs of so many ms.
  init(circuit: String, epochMilliseconds: Double) {
    (self.circuit, self.epochMilliseconds) = (circuit, epochMilliseconds)
  }

  /// Returns the reply to a request; `dropped` is how many messages came that cannot be read.
  func answer(_ request: [UInt8], _ machine: CoordinatorMachine, dropped: Int) -> QueryReply {
    ClusterAnswers.reply(to: request, machine) { question in
      guard question?["query"]?.text == "status" else {
        let name = question?["query"]?.text ?? ""
        throw ClusterAnswers.Refusal(code: "bad_request", message: "the run of a circuit has no answer to '\(name)'")
      }
      return status(machine, dropped)
    }
  }

  private func status(_ machine: CoordinatorMachine, _ dropped: Int) -> JSONValue {
    let members = machine.memberViews
    return [
      "circuit": .string(circuit),
      "phase": .string(machine.phase.rawValue),
      "run": .string(String(machine.setup.run, radix: 16)),
      "generation": .integer(Int64(machine.generation.number)),
      "cores_ready": .integer(Int64(members.filter(\.isReady).count)),
      "cores_wanted": .integer(Int64(machine.wantedCores)),
      "spares": .integer(Int64(machine.cores.count - members.count)),
      "model_milliseconds": .number(Double(machine.gatheredEpoch.index) * epochMilliseconds),
      "until_milliseconds": .number(Double(machine.setup.lastEpoch.index) * epochMilliseconds),
      "epoch_committed": .integer(machine.committed.epoch.index),
      "recoveries": .integer(Int64(machine.recoveries)), "moves": .integer(Int64(machine.moves)),
      "redundancy": .string(machine.setup.redundancy.rawValue), "copies": .integer(Int64(machine.presentCopies)),
      "promotions": .integer(Int64(machine.promotions)), "divergences": .integer(Int64(machine.divergences)),
      "last_failure": machine.lastFailure.isEmpty ? .null : .string(machine.lastFailure),
      "messages_dropped": .integer(Int64(dropped)),
      "uptime_seconds": .integer((WallClock.nowMilliseconds() - startedMilliseconds) / 1000),
    ]
  }
}

import Basics
import Chaos
import Glibc

let usage = """
  usage: synfire-chaos [--faults N] [--seed S] [--only FAULT,…] [--logs FOLDER] [--list]

  Runs the demo shop and a circuit on real processes (redis-server, coordinator, cores, ZeroMQ), does N seeded faults to
  them (default 25), and compares every published tick and every record to a run without faults. --list only tells the
  faults, --logs keeps what the processes logged. Ends with 1 when anything differs or hangs.

  """

func fail(_ text: String) -> Never {
  StandardStream.error.write("synfire-chaos: \(text)\n\(usage)")
  exit(2)
}

var faults = 25
var seed: UInt64 = 1
var kinds = Fault.allCases
var logs: String?
var isListing = false
var words = CommandLine.arguments.dropFirst()[...]
while let word = words.popFirst() {
  switch word {
  case "--help", "-h":
    StandardStream.output.write(usage)
    exit(0)
  case "--list": isListing = true
  case "--faults":
    guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else {
      fail("--faults wants a number above 0")
    }
    faults = number
  case "--seed":
    guard let number = words.popFirst().flatMap({ UInt64($0) }) else { fail("--seed wants a number") }
    seed = number
  case "--logs":
    guard let folder = words.popFirst() else { fail("--logs wants a folder") }
    logs = folder
  case "--only":
    kinds = (words.popFirst() ?? "").split(separator: ",").map { name in
      guard let fault = Fault(rawValue: String(name)) else { fail("there is no fault '\(name)'; --list tells them") }
      return fault
    }
  default: fail("unknown option '\(word)'")
  }
}
if isListing {
  for fault in Fault.allCases { StandardStream.output.write("\(fault.rawValue)\t\(fault.summary)\n") }
  exit(0)
}
guard let own = CurrentProcess.programPath, let slash = own.lastIndex(of: "/") else { fail("/proc is not mounted") }
Interruption.letLoopsEnd()
let run = ChaosRun(program: String(own[..<slash]) + "/synfire", logs: logs) { StandardStream.error.write($0 + "\n") }
do {
  try run.perform(FaultList(faults: faults, seed: seed, among: kinds))
} catch {
  StandardStream.error.write("synfire-chaos: \(error)\n")
  exit(Interruption.isRequested ? 130 : 1)
}
StandardStream.output.write("seed \(seed)\n\(run.report.text)")
exit(run.report.isGood ? 0 : 1)

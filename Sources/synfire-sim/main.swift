import Basics
import Glibc
import Simulation
import StateStore

let usage = """
  usage: synfire-sim [--seed S] [--seeds N] [--mutant RULE] [--trace]

  Plays histories of a simulated cluster: N of them from seed S on (default: one from seed 1). Prints what broke, or what
  was survived. --mutant leaves out a rule of the protocol, to see that it is noticed:
  \(ProtocolRules.Rule.allCases.map(\.rawValue).joined(separator: ", "))

  """

func fail(_ text: String) -> Never {
  StandardStream.error.write("synfire-sim: \(text)\n\(usage)")
  exit(2)
}

var seed: UInt64 = 1
var seeds: UInt64 = 1
var rules = ProtocolRules.all
var isTraced = false
var words = CommandLine.arguments.dropFirst()[...]
while let word = words.popFirst() {
  switch word {
  case "--trace": isTraced = true
  case "--help", "-h":
    StandardStream.output.write(usage)
    exit(0)
  case "--seed", "--seeds":
    guard let text = words.popFirst(), let number = UInt64(text), number > 0 else {
      fail("\(word) wants a number above 0")
    }
    if word == "--seed" { seed = number } else { seeds = number }
  case "--mutant":
    guard let name = words.popFirst(), let rule = ProtocolRules.Rule(rawValue: name) else {
      fail("--mutant wants the name of a rule")
    }
    rules = ProtocolRules(without: rule)
  default: fail("unknown option '\(word)'")
  }
}

var faults: [String: Int] = [:]
var (events, broken, slowest) = (0, 0, Int64(0))
for s in seed..<seed + seeds {
  var plan = SimulatedCluster.Plan(seed: s)
  plan.rules = rules
  let cluster = SimulatedCluster(seed: s, plan: plan)
  if isTraced { cluster.trace = { StandardStream.output.write("\($0) ms  \($1)\n") } }
  let outcome = cluster.run()
  events += outcome.events
  slowest = max(slowest, outcome.recoveryMilliseconds)
  faults.merge(outcome.faults) { $0 + $1 }
  if let violation = outcome.violation {
    broken += 1
    StandardStream.output.write("seed \(s): \(violation)\n")
  }
}
for (name, count) in faults.sorted(by: { $0.key < $1.key }) { StandardStream.output.write("\(count)\t\(name)\n") }
StandardStream.output.write(
  "\(seeds) histories, \(events) events, \(faults.values.reduce(0, +)) faults, \(broken) broken; "
    + "the last one was done at most \(slowest) ms after the last fault\n"
)
exit(broken == 0 ? 0 : 1)

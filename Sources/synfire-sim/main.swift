import Basics
import Cluster
import Glibc
import Simulation
import StateStore

let usage = """
  usage: synfire-sim [--seed S] [--seeds N] [--standby | --verify] [--mutant RULE | --mutants] [--trace]

  Plays histories of a simulated cluster: N of them from seed S on (default: one from seed 1). Prints what broke, how often
  each promise was looked at, and what was survived. With --standby or --verify every part is on two cores. --mutant leaves
  out a rule of the protocol, to see that it is noticed; --mutants tells for each rule which of the N seeds is the first to
  notice, and fails where none does. The rules are:
  \(ProtocolRules.Rule.allCases.map(\.rawValue).joined(separator: ", "))

  """

func fail(_ text: String) -> Never {
  StandardStream.error.write("synfire-sim: \(text)\n\(usage)")
  exit(2)
}

var seed: UInt64 = 1
var seeds: UInt64 = 1
var rules = ProtocolRules.all
var redundancy = Redundancy.none
var (isTraced, triesAllMutants) = (false, false)
var words = CommandLine.arguments.dropFirst()[...]
while let word = words.popFirst() {
  switch word {
  case "--trace": isTraced = true
  case "--standby": redundancy = .standby
  case "--verify": redundancy = .verify
  case "--mutants": triesAllMutants = true
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

func plan(_ seed: UInt64, _ rules: ProtocolRules, _ redundancy: Redundancy) -> SimulatedCluster.Plan {
  var plan = SimulatedCluster.Plan(seed: seed, redundancy: redundancy)
  plan.rules = rules
  return plan
}

func play(_ plan: SimulatedCluster.Plan, _ seed: UInt64, traced isTraced: Bool) -> SimulatedCluster.Outcome {
  let cluster = SimulatedCluster(seed: seed, plan: plan)
  if isTraced { cluster.trace = { StandardStream.output.write("\($0) ms  \($1)\n") } }
  return cluster.run()
}

if triesAllMutants {
  var unnoticed = 0
  for rule in ProtocolRules.Rule.allCases {
    var noticed: (seed: UInt64, what: String)?
    for s in seed..<seed + seeds where noticed == nil {
      noticed = play(plan(s, ProtocolRules(without: rule), redundancy), s, traced: isTraced).violation.map { (s, $0) }
    }
    if noticed == nil { unnoticed += 1 }
    StandardStream.output.write("\(noticed.map { "\($0.seed)" } ?? "none")\t\(rule.rawValue)\t\(noticed?.what ?? "")\n")
  }
  exit(unnoticed == 0 ? 0 : 1)
}

var (faults, checks): ([String: Int], [String: Int]) = ([:], [:])
var (events, broken, slowest) = (0, 0, Int64(0))
for s in seed..<seed + seeds {
  let outcome = play(plan(s, rules, redundancy), s, traced: isTraced)
  events += outcome.events
  slowest = max(slowest, outcome.recoveryMilliseconds)
  faults.merge(outcome.faults) { $0 + $1 }
  checks.merge(outcome.checks) { $0 + $1 }
  if let violation = outcome.violation {
    broken += 1
    StandardStream.output.write("seed \(s): \(violation)\n")
  }
}
for (kind, counts) in [("fault", faults), ("promise", checks)] {
  for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
    StandardStream.output.write("\(kind)\t\(count)\t\(name)\n")
  }
}
StandardStream.output.write(
  "\(seeds) histories, \(events) events, \(faults.values.reduce(0, +)) faults, \(broken) broken; "
    + "the last one was done at most \(slowest) ms after the last fault\n"
)
exit(broken == 0 ? 0 : 1)

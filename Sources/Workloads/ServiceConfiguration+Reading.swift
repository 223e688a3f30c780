internal import Basics
public import Documents

extension ServiceConfiguration {
  /// Reads a configuration file (YAML; JSON is a subset).
  ///
  /// Keys that are not there keep their default. The settings under `"*"` hold for every service that is not named,
  /// and for what a named service does not say.
  ///
  /// - Throws: the first thing that is wrong, with file and line: an unknown key (and the nearest right one), a value
  ///   without its unit or out of range, a tick that does not divide a day, horizons that do not ascend, a call
  ///   between services that are not there.
  public static func read(bytes: [UInt8], file: String) throws(DocumentError) -> ServiceConfiguration {
    let root = try parse(bytes, file: file)
    var configuration = ServiceConfiguration()
    var reader = try MappingReader(root, "the configuration")
    try configuration.readClock(&reader)
    if let node = reader.take("chip") { configuration.chip = try node.name("chip") }
    let services = reader.take("services")
    if let services { try configuration.readServices(services) }
    if let node = reader.take("calls") { try configuration.readCalls(node, services: services) }
    if let node = reader.take("events") { configuration.eventsPath = try node.string() }
    if let node = reader.take("prior") { configuration.priorPath = try node.string() }
    try reader.finish()
    return configuration
  }

  /// Parses the file, and says what a bare star, an alias in YAML, should have been.
  private static func parse(_ bytes: [UInt8], file: String) throws(DocumentError) -> Node {
    do {
      return try YAML.parse(bytes, file: file)
    } catch {
      guard error.message.contains("alphabetic or numeric character") else { throw error }
      let message = error.message + "; the star that stands for all services must be in quotes: \"*\""
      throw DocumentError(file: error.file, line: error.line, message: message)
    }
  }

  private mutating func readClock(_ reader: inout MappingReader) throws(DocumentError) {
    if let node = reader.take("tenant") {
      tenant = try node.name("tenant")
      guard tenant.utf8.allSatisfy({ $0 < 128 && (Character(UnicodeScalar($0)).isLetter || isDigitOrMark($0)) }) else {
        throw node.error("tenant: only letters, digits, '-', '_' and '.' may stand in it, found '\(tenant)'")
      }
    }
    if let node = reader.take("clock") { clock = try node.choice("clock") }
    if let node = reader.take("tick") {
      tickMilliseconds = try node.milliseconds("tick", in: 1_000...21_600_000)
      guard Self.dayMilliseconds % tickMilliseconds == 0 else {
        let near = Self.nearestDivisorOfDay(to: tickMilliseconds)
        throw node.error("tick: \(try node.string()) does not divide a day; the nearest that does is \(near)")
      }
      horizonTicks = Self.defaultHorizonTicks(tickMilliseconds: tickMilliseconds)
      sampleMilliseconds = min(sampleMilliseconds, tickMilliseconds)
    }
    if let node = reader.take("sample") {
      sampleMilliseconds = try node.milliseconds("sample", in: 100...21_600_000)
      guard sampleMilliseconds <= tickMilliseconds else {
        throw node.error("sample: \(try node.string()) is longer than a tick (\(tickMilliseconds) ms)")
      }
    }
    if let node = reader.take("grace") { graceMilliseconds = try node.milliseconds("grace", in: 0...3_600_000) }
    if let node = reader.take("horizons") { horizonTicks = try readHorizons(node) }
  }

  private func isDigitOrMark(_ byte: UInt8) -> Bool { (48...57).contains(byte) || "-_.".utf8.contains(byte) }

  /// The divisor of a day nearest to a time, with its unit; one is never further away than the time itself.
  private static func nearestDivisorOfDay(to milliseconds: Int64) -> String {
    var distance: Int64 = 0
    while true {
      for near in [milliseconds - distance, milliseconds + distance] where near > 0 && dayMilliseconds % near == 0 {
        return near % 1000 == 0 ? "\(near / 1000) s" : "\(near) ms"
      }
      distance += 1
    }
  }

  private func readHorizons(_ node: Node) throws(DocumentError) -> [Int] {
    let nodes = try node.sequence()
    guard (1...6).contains(nodes.count) else {
      throw node.error("horizons: one to six are wanted, found \(nodes.count)")
    }
    var horizons: [Int] = []
    for entry in nodes {
      let ticks = try readHorizon(entry)
      if let last = horizons.last, last >= ticks {
        throw entry.error("horizons: they must ascend, but \(try entry.string()) is not beyond the one before it")
      }
      horizons.append(ticks)
    }
    return horizons
  }

  private func readHorizon(_ node: Node) throws(DocumentError) -> Int {
    let text = try node.string()
    let words = text.split(separator: " ")
    let ticks: Int
    if words.count == 2, words[1] == "tick" || words[1] == "ticks", let count = Int(words[0]) {
      ticks = count
    } else if let count = Int(text) {
      throw node.error("horizons: \(count) has no unit; write '\(count) ticks' or a time such as '10 min'")
    } else {
      let time = try node.milliseconds("horizons", in: 1...(Int64.max / 2))
      guard time % tickMilliseconds == 0 else {
        throw node.error("horizons: \(text) is not a whole number of ticks of \(tickMilliseconds) ms")
      }
      ticks = Int(time / tickMilliseconds)
    }
    guard (1...ticksPerDay).contains(ticks) else {
      throw node.error("horizons: \(text) is not between one tick and one day (\(ticksPerDay) ticks)")
    }
    return ticks
  }

  private mutating func readServices(_ node: Node) throws(DocumentError) {
    let entries = try node.mapping()
    if let all = entries.first(where: { $0.key == "*" }) {
      defaults = try ServiceSettings.read(all.value, "services: \"*\"", inheriting: ServiceSettings())
    }
    for entry in entries where entry.key != "*" {
      if let problem = NameRule.problem(with: entry.key) {
        throw DocumentError(file: node.file, line: entry.line, message: "services: a name \(problem)")
      }
      services[entry.key] = try ServiceSettings.read(entry.value, "service \(entry.key)", inheriting: defaults)
    }
  }

  /// Reads the call graph.
  ///
  /// Where `services` stands and has no `"*"`, both ends of a call must be named there: that catches misspelt ones.
  private mutating func readCalls(_ node: Node, services: Node?) throws(DocumentError) {
    let entries = try services?.mapping() ?? []
    let isOpen = entries.isEmpty || entries.contains { $0.key == "*" }
    var seen: Set<Call> = []
    for pair in try node.sequence() {
      let ends = try pair.strings()
      guard ends.count == 2 else { throw pair.error("calls: [caller, callee] is wanted, found \(ends.count) names") }
      for end in ends {
        if end == "*" { throw pair.error("calls: \"*\" is not a service; name the one that is meant") }
        if let problem = NameRule.problem(with: end) { throw pair.error("calls: a name \(problem)") }
        guard isOpen || self.services[end] != nil else {
          let hint = Spelling.hint(for: end, among: self.services.keys)
          throw pair.error("calls: '\(end)' is not under services, and no \"*\" is there\(hint)")
        }
      }
      guard ends[0] != ends[1] else { throw pair.error("calls: '\(ends[0])' cannot call itself") }
      guard seen.insert(Call(caller: ends[0], callee: ends[1])).inserted else {
        throw pair.error("calls: [\(ends[0]), \(ends[1])] stands here twice")
      }
    }
    calls = seen.sorted {
      $0.caller != $1.caller ? $0.caller.precedes($1.caller) : $0.callee.precedes($1.callee)
    }
  }
}

import Documents
import Testing

extension ProcessTests {
  /// The content of answers about advice, from a running cluster that was told a day of the shop.
  @Suite struct AdviceTests {
    private func ask(_ words: String...) throws -> Ran {
      try #require(try Undisturbed.run.get().answers[words.joined(separator: " ")])
    }

    private func json(_ ran: Ran) throws -> JSONValue {
      #expect(ran.code == 0, "\(ran.error)")
      return ran.json
    }

    private func number(_ value: JSONValue, _ key: String) throws -> Double {
      try #require(value[key]?.double, "\(key) in \(value.json())")
    }

    /// Expects that the parts of an answer add up to its total to the last bit.
    private func expectSum(_ answer: JSONValue) throws {
      let parts = answer["parts"]?.elements ?? []
      #expect(!parts.isEmpty)
      let sum = try parts.reduce(0) { try $0 + number($1, "replicas") }
      #expect(try sum == number(answer, "total"))
    }

    @Test func `explain gives parts that add up to the replicas, and what CPU and memory rest on`() throws {
      let answer = try json(ask("explain", "gateway"))
      try expectSum(answer)
      #expect(try number(answer, "total") == number(answer, "replicas"))
      #expect(try number(answer, "memory_request_bytes") > 100e6, "a replica of the gateway has at least 120 MB")
      #expect(answer["memory_request_because"]?.text?.isEmpty == false)
      #expect(answer["cpu_request_because"]?.text?.isEmpty == false)
      let recommended = try json(ask("recommend", "gateway")).elements.first ?? .null
      #expect(try number(recommended, "replicas") == number(answer, "replicas"))
      let unknown = try ask("explain", "gatewax")
      #expect(unknown.code == 3)
      #expect(unknown.error.contains("did you mean 'gateway'?"))
    }

    @Test func `twice the traffic needs about twice the replicas, and fewer hosts cap them`() throws {
      let same = try json(ask("whatif", "gateway", "--traffic", "1"))
      let double = try json(ask("whatif", "gateway", "--traffic", "+100%"))
      for answer in [same, double] {
        try expectSum(answer)
        #expect(try number(answer, "total") == number(answer, "replicas_then"))
      }
      #expect(try number(same, "replicas_now") == number(double, "replicas_now"), "a question changes nothing")
      let (once, twice) = (try number(same, "demand_then"), try number(double, "demand_then"))
      #expect((1.9...2.1).contains(twice / once), "\(once) and \(twice) requests/s")
      #expect(try number(double, "replicas_then") > number(same, "replicas_then"))

      let capped = try json(ask("whatif", "gateway", "--traffic", "+100%", "--replicas-at-most", "5"))
      #expect(try number(capped, "replicas_then") <= 5)
      try expectSum(capped)
      let careful = try json(ask("whatif", "gateway", "--traffic", "+100%", "--target", "0.35"))
      #expect(
        try number(careful, "replicas_then") > number(double, "replicas_then"),
        "half the utilisation to plan for"
      )
    }

    @Test func `an event that is not in the calendar asks for its replicas`() throws {
      let answer = try json(
        ask(
          "whatif",
          "gateway",
          "--event",
          "flash",
          "--start",
          "2026-11-03T00:00:00Z",
          "--end",
          "2026-11-03T02:00:00Z",
          "--expected-uplift",
          "3"
        )
      )
      try expectSum(answer)
      #expect(try number(answer, "demand_then") > 2 * number(answer, "demand_now"))
      let parts = answer["parts"]?.elements ?? []
      #expect(parts.contains { $0["part"]?.text == "event" && ($0["because"]?.text ?? "").contains("flash") })
      let unknown = try ask("whatif", "gateway", "--cancel", "nothing")
      #expect(unknown.code == 3)
      #expect(unknown.error.contains("no event 'nothing' is announced for 'gateway'"))
    }

    @Test func `the scorecard has shares, errors and three fleets that played the same minutes`() throws {
      let all = try json(ask("scorecard"))
      #expect(all["forecasts"]?.elements.count == 14)
      let own = try json(ask("scorecard", "gateway"))
      let forecast = try #require(own["forecasts"]?.elements.first)
      #expect((0.5...1).contains(try number(forecast, "coverage80")))
      #expect((0.8...1).contains(try number(forecast, "below95")))
      #expect((0.001...0.3).contains(try number(forecast, "relative_error")))
      #expect((0...1).contains(try number(forecast, "windows_exceeded")))
      let fleets = own["fleets"]?.elements ?? []
      #expect(fleets.map { $0["policy"]?.text } == ["synfire", "hpa", "last-week"])
      for fleet in fleets {
        #expect(try number(fleet, "replica_hours") > 24, "at least two replicas for most of a day")
        #expect(try number(fleet, "minutes") == number(fleets[0], "minutes"))
      }
    }
  }
}

import Cluster
import Testing
import Wire
import Workloads

struct CapacityJobTests {
  @Test func `a job carries the prior to the cores, and another prior is another program`() throws {
    let calls = [Call(caller: "gateway", callee: "cart")]
    func program(_ prior: [UInt8]) -> [UInt8] {
      let job = CapacityJob(
        tickMilliseconds: 60_000,
        horizons: [1, 60, 1440],
        calls: calls,
        parts: 64,
        hasProjections: true,
        prior: prior
      )
      return ProgramDescription.capacity(job).encoded()
    }
    guard case .capacity(let job) = try ProgramDescription(decoding: program([1, 2, 3])) else {
      Issue.record("another kind of program")
      return
    }
    #expect(job.prior == [1, 2, 3] && job.calls == calls)
    #expect(program([1, 2, 3]) != program([]) && program([1, 2, 3]) != program([1, 2, 4]))
    let bytes = program([1, 2, 3])
    #expect(throws: WireError.self) { try ProgramDescription(decoding: Array(bytes.dropLast())) }
  }
}

import Basics
import Testing

struct ProcessIdentityTests {
  @Test func `a process is known while it runs, and known to have ended afterwards`() throws {
    let own = try #require(ProcessIdentity.current)
    #expect(ProcessIdentity(own.text) == own)
    #expect(!own.hasEnded)
    #expect(ProcessIdentity("no such line") == nil)
    // A number that was given to another process since, and one of another world.
    let words = own.text.split(separator: " ").map(String.init)
    #expect(ProcessIdentity("\(words[0]) \(words[1]) 1")?.hasEnded == true)
    #expect(ProcessIdentity("another/machine \(words[1]) \(words[2])")?.hasEnded == false)
    #expect(ProcessIdentity("another/machine 999999999 1")?.hasEnded == false)
    #expect(ProcessIdentity("\(words[0]) 999999999 1")?.hasEnded == true)
  }
}

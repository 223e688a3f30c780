import Basics
import Foundation
import Testing
import Transport

struct MessageSocketTests {
  let folder = Folder()

  @Test func `a message of several parts arrives whole and in order`() throws {
    let context = try MessageContext()
    let pull = try MessageSocket(.pull, in: context)
    let push = try MessageSocket(.push, in: context)
    try push.connect(try pull.bind("tcp://127.0.0.1:*"))
    let big = (0..<100_000).map { UInt8($0 & 255) }
    _ = try eventually { try push.send([[1, 2], [], big]) ? true : nil }
    var message = MessageParts()
    #expect(try eventually { try pull.receive(into: &message) ? true : nil } == true)
    #expect(message.count == 3)
    #expect(message[0] == [1, 2])
    #expect(message[1].isEmpty)
    #expect(Array(message[2]) == big)
    #expect(try !pull.receive(into: &message))
  }

  @Test func `a wildcard port is resolved, and a taken one is an error that says so`() throws {
    let context = try MessageContext()
    let first = try MessageSocket(.router, in: context)
    let endpoint = try first.bind("tcp://127.0.0.1:*")
    #expect(endpoint.hasPrefix("tcp://127.0.0.1:") && !endpoint.hasSuffix("*"))
    #expect {
      _ = try MessageSocket(.router, in: context).bind(endpoint)
    } throws: { error in
      "\(error)"
        == "bind \(endpoint): Address already in use; the port is taken; end the process that holds it "
        + "(ss -ltnp shows it) or choose another port"
    }
  }

  @Test func `IPv6 works`() throws {
    let context = try MessageContext()
    let pull = try MessageSocket(.pull, in: context)
    let push = try MessageSocket(.push, in: context)
    try push.connect(try pull.bind("tcp://[::1]:*"))
    _ = try eventually { try push.send([[7]]) ? true : nil }
    var message = MessageParts()
    #expect(try eventually { try pull.receive(into: &message) ? true : nil } == true)
  }

  @Test func `a Unix socket that a living process serves is not taken from it`() throws {
    let context = try MessageContext()
    let first = try MessageSocket(.router, in: context)
    let endpoint = try first.bind(folder.ipc("a"))
    #expect {
      _ = try MessageSocket(.router, in: context).bind(endpoint)
    } throws: { error in
      (error as? TransportError)?.hint == "another process listens there; end it or choose another run directory"
    }
    // The first still works.
    let dealer = try MessageSocket(.dealer, in: context)
    try dealer.connect(endpoint)
    _ = try dealer.send([[5]])
    var message = MessageParts()
    #expect(try eventually { try first.receive(into: &message) ? true : nil } == true)
  }

  @Test func `a socket file that a dead process left is replaced`() throws {
    // A bound and closed socket leaves its file behind.
    let path = folder.path + "/a"
    let child = try ChildProcess(
      "python3",
      ["-c", "import socket; socket.socket(socket.AF_UNIX).bind('\(path)')"]
    )
    #expect(child.wait() == .exited(code: 0))
    #expect(FileManager.default.fileExists(atPath: path))
    #expect(try MessageSocket(.router, in: try MessageContext()).bind("ipc://\(path)") == "ipc://\(path)")
  }

  @Test func `a path of 107 bytes works and one of 108 is refused with its length`() throws {
    let context = try MessageContext()
    let longest = folder.path + "/" + String(repeating: "x", count: 106 - folder.path.utf8.count)
    _ = try MessageSocket(.router, in: context).bind("ipc://\(longest)")
    #expect {
      _ = try MessageSocket(.router, in: context).bind("ipc://\(longest)y")
    } throws: { error in
      (error as? TransportError)?.hint
        == "the path of a Unix socket has at most 107 bytes, this one has 108; choose a shorter run directory"
    }
  }

  @Test(
    arguments: [
      ("ipc:///no/such/folder/a", "the directory does not exist; create it first"),
      ("tcp://203.0.113.7:7700", "no interface of this machine has this address; ip addr shows what there is"),
      ("tcp://nosuchdevice:7700", "no interface of this machine has this address; ip addr shows what there is"),
      ("udp-ish", "an endpoint is ipc:///path/to/socket, tcp://host:port or, to let the system choose, tcp://host:*"),
      ("http://127.0.0.1:80", "use ipc:// on one machine, tcp:// between machines"),
    ]
  ) func `an endpoint that cannot be bound is an error with what to do`(endpoint: String, hint: String) throws {
    let socket = try MessageSocket(.router, in: try MessageContext())
    #expect {
      _ = try socket.bind(endpoint)
    } throws: { error in
      let error = error as? TransportError
      return error?.operation == "bind \(endpoint)" && error?.hint == hint
    }
  }

  @Test func `an endpoint that cannot be connected and an identity too long are errors`() throws {
    let context = try MessageContext()
    #expect(throws: TransportError.self) { try MessageSocket(.dealer, in: context).connect("nonsense") }
    var options = SocketOptions()
    options.identity = [UInt8](repeating: 1, count: 256)
    #expect(throws: TransportError.self) { _ = try MessageSocket(.dealer, in: context, options: options) }
  }

  @Test func `the descriptor of a socket becomes readable and readiness says for what`() throws {
    let context = try MessageContext()
    let pull = try MessageSocket(.pull, in: context)
    let endpoint = try pull.bind(folder.ipc("a"))
    let push = try MessageSocket(.push, in: context)
    var poller = Poller()
    poller.watch(try pull.descriptor())
    #expect(try !pull.readiness().canReceive)
    try push.connect(endpoint)
    _ = try eventually { try push.readiness().canSend ? true : nil }
    #expect(try push.send([[1]]))
    // Edge-triggered: after each edge readiness is asked, until it says yes.
    _ = try eventually { () -> Bool? in
      _ = try poller.wait(timeoutMilliseconds: 100)
      return try pull.readiness().canReceive ? true : nil
    }
    var message = MessageParts()
    #expect(try pull.receive(into: &message))
    #expect(try !pull.readiness().canReceive)
  }

  @Test func `nobody connected and a disconnected endpoint take no message`() throws {
    let context = try MessageContext()
    let push = try MessageSocket(.push, in: context)
    #expect(try !push.send([[1], [2]]))
    try push.connect(folder.ipc("later"))
    #expect(try push.send([[1], [2]]))
    try push.disconnect(folder.ipc("later"))
    #expect(try !push.send([[1], [2]]))
    #expect(throws: TransportError.self) { try push.disconnect(folder.ipc("never")) }
  }

  @Test func `a message above the limit disconnects its sender and nothing else`() throws {
    let context = try MessageContext()
    var options = SocketOptions()
    options.largestMessageBytes = 1000
    let pull = try MessageSocket(.pull, in: context, options: options)
    let endpoint = try pull.bind(folder.ipc("a"))
    let push = try MessageSocket(.push, in: context)
    try push.connect(endpoint)
    _ = try push.send([[UInt8](repeating: 1, count: 1001)])
    _ = try push.send([[UInt8](repeating: 2, count: 1000)])
    // The first breaks the connection; what follows on a new one arrives.
    var message = MessageParts()
    let found = try eventually { () -> Bool? in
      if try pull.receive(into: &message) { return true }
      _ = try push.send([[UInt8](repeating: 2, count: 1000)])
      return nil
    }
    #expect(found == true)
    #expect(Array(message[0]) == [UInt8](repeating: 2, count: 1000))
  }

  @Test func `a message of more parts than anybody sends is counted, not kept`() throws {
    let context = try MessageContext()
    let pull = try MessageSocket(.pull, in: context)
    let push = try MessageSocket(.push, in: context)
    try push.connect(try pull.bind(folder.ipc("a")))
    _ = try push.send(Array(repeating: [9], count: 1000))
    var message = MessageParts()
    #expect(try eventually { try pull.receive(into: &message) ? true : nil } == true)
    #expect(message.count == 1000)
    #expect(message[MessageParts.mostParts - 1] == [9])
  }
}

internal import Basics
internal import Foundation
import Testing

private let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

/// Runs a script of the repository with a stand-in for `synfire` that tells its arguments and waits.
private func script(
  _ name: String,
  _ arguments: [String],
  _ folder: TemporaryFolder,
  environment: [String: String] = [:]
) throws -> (code: Int32, output: String) {
  try folder.write("synfire", "#!/bin/sh\necho \"synfire $*\"\nexec sleep 60\n")
  try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("synfire"))
  let output = folder.path("output-\(UUID().uuidString)")
  let child = try ChildProcess(
    "/bin/bash",
    [repository.appending(path: name).path] + arguments,
    environment: ["SYNFIRE": folder.path("synfire")].merging(environment) { $1 },
    output: .appended(path: output)
  )
  defer { child.stop() }
  guard case .exited(let code) = child.wait(timeoutMilliseconds: 30_000) else { return (-1, "it did not end") }
  return (code, try String(contentsOfFile: output, encoding: .utf8))
}

struct LaunchScriptTests {
  @Test func `local.sh starts a coordinator and cores, tells of them, and ends them by pid`() throws {
    let folder = try TemporaryFolder()
    let state = folder.path("c")
    let words = ["start", "--cores", "2", "--redis", "redis://h:1", "--dir", state, "--", "--config", "a b.yaml"]
    let started = try script("cluster/local.sh", words, folder)
    defer { _ = try? script("cluster/local.sh", ["stop", "--dir", state], folder) }
    #expect(started.code == 0)
    let status = try script("cluster/local.sh", ["status", "--dir", state], folder)
    #expect(
      status.output.split(separator: "\n").map { $0.prefix(21) }.map(String.init) == [
        "coordinator    runs  ", "core-0         runs  ", "core-1         runs  ",
      ]
    )
    let log = try String(contentsOfFile: "\(state)/coordinator.log", encoding: .utf8)
    #expect(
      log
        == "synfire coordinator --redis redis://h:1 --listen ipc://\(state)/control.sock --cores 2 --config a b.yaml\n"
    )
    let again = try script("cluster/local.sh", words, folder)
    #expect(again.code == 1)
    #expect(again.output.contains("coordinator already runs"))
    #expect(try script("cluster/local.sh", ["stop", "--dir", state], folder).code == 0)
    let after = try script("cluster/local.sh", ["status", "--dir", state], folder)
    #expect(after.code == 3)
  }

  @Test func `ssh.sh prints its commands and passes the environment on`() throws {
    let folder = try TemporaryFolder()
    try folder.write("hosts", "# hosts\na.example 2\n\nme@b   # one\n")
    let words = [folder.path("hosts"), "--redis", "redis://r:6379", "--listen", "tcp://c:7700", "--dry-run"]
    let found = try script("cluster/ssh.sh", words, folder, environment: ["SYNFIRE_TENANT": "my shop"])
    #expect(found.code == 0)
    let lines = found.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0].contains("coordinator --redis redis://r:6379 --listen tcp://c:7700 --cores 3"))
    #expect(lines[1].hasPrefix("ssh -tt -o BatchMode=yes"))
    #expect(lines[1].contains(" a.example "))
    #expect(lines[1].contains("SYNFIRE_TENANT=my"))
    #expect(lines[3].contains(" me@b "))
  }

  @Test(arguments: [
    (["--redis", "redis://r:1", "--listen", "tcp://c:1"], "a.example two", Int32(1), "hosts:1: 'two' is not a number"),
    (
      ["--redis", "redis://r:1", "--listen", "tcp://c:1"], "-oProxyCommand=x", 1,
      "hosts:1: '-oProxyCommand=x' is not a host"
    ),
    (["--redis", "unix:///r", "--listen", "tcp://c:1"], "a", 2, "hosts cannot reach a Unix socket"),
    (["--redis", "redis://r:1", "--listen", "ipc:///c"], "a", 2, "--listen tcp://ADDRESS:PORT is missing"),
    (["--redis", "redis://r:1", "--listen", "tcp://c:1"], "# nobody", 1, "names no host"),
    // Sentinels may be named instead of a server.
    (["--redis", "sentinel://r:1,s:1/n", "--listen", "tcp://c:1"], "# nobody", 1, "names no host"),
    (["--cores", "2"], "a", 2, "unknown option '--cores'"),
  ])
  func `ssh.sh refuses what cannot work`(options: [String], hosts: String, code: Int32, message: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("hosts", hosts + "\n")
    let found = try script("cluster/ssh.sh", [folder.path("hosts"), "--dry-run"] + options, folder)
    #expect(found.code == code)
    #expect(found.output.contains(message))
  }
}

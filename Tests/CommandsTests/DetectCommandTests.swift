internal import Commands
internal import Foundation
import Testing

struct DetectCommandTests {
  /// A folder that goes away with the value.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "synfire-\(UUID().uuidString)")
    var path: String { url.path }

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }

    func read(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: url.appending(path: name)), as: UTF8.self)
    }
  }

  private func rows(_ count: Int) -> [String] {
    (0..<count).map { t in
      let time = Date(timeIntervalSince1970: 1_700_006_400 + Double(t) * 300).ISO8601Format()
      let noise = Double(t * 7919 % 1000) / 1000
      let value = 100 + 30 * sin(Double(t) / 45.8) + noise + (t == 700 ? 200 : 0)
      return time.replacing("T", with: " ").replacing("Z", with: "") + "," + (t % 50 == 9 ? "" : "\(value)")
    }
  }

  private func text(_ rows: [String]) -> String { "timestamp,value\n" + rows.map { $0 + "\n" }.joined() }

  private func detect(_ arguments: String...) -> (code: ExitCode, output: String, error: String) {
    run(CommandRegistry.all, ["detect"] + arguments)
  }

  @Test func `each row comes back with its score, and a spike is an alarm`() throws {
    let folder = try Folder()
    let rows = rows(900)
    try folder.write(text(rows), to: "cpu.csv")
    let result = detect("\(folder.path)/cpu.csv", "--out", "\(folder.path)/new/scores", "-o", "csv")
    #expect(result.code == .done, "\(result.error)")
    #expect(result.output.contains("cpu.csv,900,18,"))
    let lines = try folder.read("new/scores/cpu.csv").split(separator: "\n")
    #expect(lines.first == "timestamp,value,anomaly_score")
    #expect(lines.count == 901)
    for (row, line) in zip(rows, lines.dropFirst()) { #expect(line.hasPrefix(row + ",")) }
    let scores = lines.dropFirst().map { Double($0.split(separator: ",").last ?? "") ?? -1 }
    #expect(scores[700] > 0.9)
    #expect(scores[9] == 0 && scores.allSatisfy { (0...1).contains($0) })
  }

  @Test func `a file that is cut off gives the same scores up to there`() throws {
    let folder = try Folder()
    try folder.write(text(rows(900)), to: "whole.csv")
    try folder.write(text(Array(rows(900)[..<600])), to: "cut.csv")
    let files = ["whole.csv", "cut.csv"].map { "\(folder.path)/\($0)" }
    #expect(detect(files[0], files[1], "--out", "\(folder.path)/out", "--quiet").code == .done)
    let (whole, cut) = (try folder.read("out/whole.csv"), try folder.read("out/cut.csv"))
    #expect(whole.hasPrefix(cut))
  }

  @Test func `what is missing or broken is told with line and exit code, and nothing is written`() throws {
    let folder = try Folder()
    let good = "\(folder.path)/good.csv"
    try folder.write(text(rows(3)), to: "good.csv")
    func failure(_ body: String) throws -> String {
      try folder.write(body, to: "bad.csv")
      let result = detect(good, "\(folder.path)/bad.csv", "--out", "\(folder.path)/out")
      #expect(result.output == "" && result.code != .done)
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/out"))
      return result.error
    }
    #expect(try failure("timestamp,value\n2026-01-01 00:00:00,1\nyesterday,2\n").contains("bad.csv:3"))
    #expect(try failure("timestamp,value\n2026-01-01 00:00:00,many\n").contains("bad.csv:2"))
    #expect(try failure("timestamp,value\n2026-01-01 00:00:00\n").contains("bad.csv:2"))
    #expect(try failure("time,value\n").contains("timestamp"))
    #expect(try failure("").contains("empty"))
    #expect(detect("\(folder.path)/none.csv", "--out", "\(folder.path)/out").code == .notFound)
    #expect(detect(good, "--out", folder.path).code == .usage)
    #expect(detect(good, "\(folder.path)/../\(folder.url.lastPathComponent)/good.csv", "--out", "x").code == .usage)
    #expect(detect(good).code == .usage)
    #expect(try folder.read("good.csv") == text(rows(3)))
  }
}

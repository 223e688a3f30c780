internal import Basics
internal import Commands
internal import Documents
internal import Foundation
import Testing

/// A command that shows one table.
struct ShowCommand: Command {
  static let name = "show"
  static let summary = "Shows."
  static let fields: [Field<Self>] = []

  static var table: Table {
    var table = Table([
      Table.Column("service"), Table.Column("cpu_cores", title: "CPU", unit: "cores"),
      Table.Column("memory_bytes", title: "MEMORY"), Table.Column("note", isWideOnly: true),
    ])
    table.append([.text("checkout"), .number(0.1 + 0.2), .bytes(536_870_912), .text("a, \"b\"")])
    table.append([.text("über\u{1B}[31m"), .number(12), .none, .text("true").mood(.good)])
    return table
  }

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(Self.table)
    return .done
  }
}

/// A command that shows facts, a table and a note.
struct TellCommand: Command {
  static let name = "tell"
  static let summary = "Tells."
  static let fields: [Field<Self>] = []
  func run(in context: CommandContext) throws -> ExitCode {
    var report = Report()
    report.add("model_time_ms", title: "model time", .duration(milliseconds: 1000))
    report.add("spikes", .count(42))
    report.add("populations", heading: "Populations", ShowCommand.table)
    report.notes.append("all done")
    try context.show(report)
    return .done
  }
}

private func shown(_ arguments: String..., environment: [String: String] = [:], columns: Int? = nil) -> String {
  run([ShowCommand.self, TellCommand.self], arguments, environment: environment, columns: columns).output
}

struct OutputTests {
  @Test func `a table is aligned, with numbers to the right and control characters made visible`() {
    #expect(
      shown("show") == """
        SERVICE         CPU (cores)  MEMORY
        checkout                0.3  512 Mi
        über\\u{1b}[31m           12       -

        """
    )
    #expect(shown("show", "--no-headers").hasPrefix("checkout"))
    #expect(shown("show", "-o", "wide").contains("NOTE"))
  }

  @Test func `a line never wraps where cutting text can help`() {
    let lines = shown("show", "-o", "wide", columns: 46).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 46 + 30 })
    #expect(shown("show", columns: 32).contains("über\\u{1b}…"))
  }

  @Test func `colour is for terminals only`() {
    #expect(shown("show", columns: 200).contains("\u{1B}[1mSERVICE\u{1B}[0m"))
    #expect(!shown("show").contains("\u{1B}"))
    #expect(!shown("show", environment: ["NO_COLOR": "1"], columns: 200).contains("\u{1B}"))
    #expect(!shown("show", "--no-color", columns: 200).contains("\u{1B}"))
    #expect(shown("show", "-o", "wide", columns: 200).contains("\u{1B}[32mtrue\u{1B}[0m"))
  }

  @Test func `CSV follows RFC 4180 and keeps every bit of a number`() {
    #expect(
      shown("show", "-o", "csv")
        == "service,cpu_cores,memory_bytes,note\r\ncheckout,0.30000000000000004,536870912,\"a, \"\"b\"\"\"\r\n"
        + "über\u{1B}[31m,12,,true\r\n"
    )
  }

  @Test func `JSON has the names in the order of the columns`() throws {
    let text = shown("show", "-o", "json")
    #expect(
      text == """
        [
          {
            "service": "checkout",
            "cpu_cores": 0.30000000000000004,
            "memory_bytes": 536870912,
            "note": "a, \\"b\\""
          },
          {
            "service": "über\\u001b[31m",
            "cpu_cores": 12,
            "memory_bytes": null,
            "note": "true"
          }
        ]

        """
    )
    #expect(try JSONValue(parsing: text).elements[0]["cpu_cores"]?.double == 0.1 + 0.2)
  }

  @Test func `YAML reads back to the same values`() throws {
    let text = shown("tell", "-o", "yaml")
    #expect(text.hasPrefix("model_time_ms: 1000\nspikes: 42\npopulations:\n  - service: checkout\n    cpu_cores: 0.3"))
    let root = try YAML.parse(Array(text.utf8), file: "out").mapping()
    let rows = try root[2].value.sequence()
    #expect(try rows[0].mapping()[3].value.string() == "a, \"b\"")
    #expect(try rows[1].mapping()[0].value.string() == "über\u{1B}[31m")
    #expect(try rows[1].mapping()[3].value == Node(.scalar("true", quoted: true), file: "out", line: 11))
  }

  @Test func `a report shows facts, then tables, then notes`() {
    #expect(
      shown("tell") == """
        model time  1 s
        spikes      42

        Populations
        \(shown("show"))
        all done

        """
    )
    #expect(shown("tell", "-o", "csv") == shown("show", "-o", "csv"))
    #expect(
      shown("tell", "-o", "json").hasPrefix("{\n  \"model_time_ms\": 1000,\n  \"spikes\": 42,\n  \"populations\": [\n")
    )
  }

  @Test func `a result that nobody takes is a failure`() {
    let console = Console(output: { _ in false }, error: { _ in })
    #expect(CommandLineTool([ShowCommand.self]).run(["show"], environment: [:], console: console) == .failed)
  }

  @Test(arguments: [
    (0, "0"), (1, "1"), (-2.5, "-2.5"), (1234.5678, "1235"), (0.000123456, "0.0001235"), (1.5e-7, "1.5e-7"),
    (2e20, "2e20"), (99.995, "100"), (9.99999e-5, "0.0001"), (99_999, "99999"), (999.96, "1000"), (.infinity, "inf"),
  ])
  func `numbers are shown with few digits`(value: Double, text: String) {
    #expect(NumberText.significant(value) == text)
  }

  @Test func `sizes, times and quantities carry a fitting unit`() {
    #expect(NumberText.bytes(1023) == "1023 B")
    #expect(NumberText.bytes(1_610_612_736) == "1.5 Gi")
    #expect(NumberText.duration(milliseconds: 0.025) == "25 us")
    #expect(NumberText.duration(milliseconds: 90_000) == "90 s")
    #expect(NumberText.duration(milliseconds: 9_000_000) == "2.5 h")
    #expect(NumberText.fixed(-0.004, places: 2) == "0.00")
    #expect(NumberText.fixed(2.345, places: 1) == "2.3")
    #expect(NumberText.quantity(604_800_000, .time) == "7 d")
    #expect(NumberText.quantity(1.5, .time) == "1.5 ms")
  }
}

struct ProgressTests {
  @Test func `progress shows after two seconds, on a terminal only, and leaves nothing behind`() {
    let transcript = Transcript()
    let write = transcript.console(columns: 80).error
    var bar = ProgressBar("replaying", total: 1000, unit: "samples", columns: 80, now: 0, write: write)
    bar.update(100, now: 1900)
    #expect(transcript.error == "")
    bar.update(500, now: 2500)
    #expect(transcript.error.contains("replaying ████████████"))
    #expect(transcript.error.contains(" 50 %  200 samples/s  2.5 s left"))
    let length = transcript.error.count
    bar.update(510, now: 2550)
    #expect(transcript.error.count == length)
    bar.finish()
    #expect(transcript.error.hasSuffix("\r\u{1B}[K"))

    let quiet = Transcript()
    var silent = ProgressBar("x", total: 1, unit: "s", columns: nil, now: 0, write: quiet.console().error)
    silent.update(1, now: 9000)
    silent.finish()
    #expect(quiet.error == "")
  }
}

struct PlotTests {
  @Test func `a spark line has one block per value and a gap where one is missing`() {
    #expect(SparkLine.text([0, 1, nil, 4, 8, .nan, 7]) == "▁▂ ▅█ █")
    #expect(SparkLine.text([3, 3]) == "▅▅")
    #expect(SparkLine.text([nil]) == " ")
    #expect(SparkLine.resampled([1, 3, nil, nil, 5, 7], to: 3) == [2, nil, 6])
  }

  @Test func `a text plot shows what was measured, the median and the band`() {
    let points: [TextPlot.Point] =
      [0, 10, 20, 30].map { TextPlot.Point(observed: $0) }
      + [25, 20].map { TextPlot.Point(median: $0, band: $0 - 15...$0 + 15) }
    #expect(
      TextPlot(points, height: 5, ends: ("-4", "+2")).text()
        == """
        40 ┤    ░░
           │   •─░
        20 ┤  • ░─
           │ •  ░░
         0 ┤•
           └──────
            -4  +2

        """
    )
  }

  @Test func `ticks stand at round values`() {
    #expect(Scale(covering: 0...1).ticks == [0, 0.2, 0.4, 0.6, 0.8, 1])
    #expect(Scale(covering: -3...97, ticks: 4).ticks == [0, 25, 50, 75])
    #expect(Scale(covering: 3...97, ticks: 4, snaps: true).bounds == 0...100)
    #expect(Scale(covering: 2...3000, kind: .logarithmic, snaps: true).ticks == [1, 10, 100, 1000, 10000])
    let day = Scale(covering: 0...8.64e7, kind: .time, ticks: 4)
    #expect(day.ticks.map(day.label) == ["01-01", "06:00", "12:00", "18:00", "01-02"])
    let week = Scale(covering: 0...6.048e8, kind: .time, ticks: 4)
    #expect(week.ticks.map(week.label) == ["01-01", "01-03", "01-05", "01-07"])
    #expect(Scale(covering: 5...5).ticks.contains(5))
    #expect(Scale(covering: 1e15...1e15 + 0.25).ticks.count < 10)
  }

  @Test func `values that are missing or all alike make a plot too`() {
    #expect(TextPlot([TextPlot.Point(observed: .nan), TextPlot.Point()]).text() == "")
    let points = [TextPlot.Point(observed: .nan, median: 3), TextPlot.Point(observed: 3)]
    #expect(TextPlot(points, height: 4).text().contains("─•"))
    var plot = SVGPlot("", x: SVGPlot.Axis("x"), y: SVGPlot.Axis("y", kind: .logarithmic))
    #expect(plot.svg().hasSuffix("</svg>\n"))
    plot.add("<a & b>", .dots, x: [1, 2, 3], y: [0, -.infinity, .nan])
    plot.add("", .band(upper: [1]), x: [1], y: [1])
    #expect(plot.svg().contains("&lt;a &amp; b&gt;"))
    #expect(!plot.svg().contains("nan"))
    #expect(!plot.svg().contains("inf"))
  }

  @Test func `a picture is the one that was looked at`() throws {
    let hours = (0..<72).map { Double($0) }
    func wave(_ t: Double) -> Double { 400 + 220 * sin((t - 9) / 24 * 2 * .pi) + 90 * sin(t / 12 * 2 * .pi) }
    let start = 1_764_115_200_000.0
    var plot = SVGPlot(
      "Requests of checkout & payment",
      x: SVGPlot.Axis("UTC", kind: .time),
      y: SVGPlot.Axis("requests per second", covering: 0...1)
    )
    let past = hours.prefix(48).map { start + $0 * 3.6e6 }, ahead = hours.suffix(25).map { start + $0 * 3.6e6 }
    let middle = hours.suffix(25).map(wave)
    plot.add("10–90 %", .band(upper: middle.map { $0 * 1.15 }), x: ahead, y: middle.map { $0 * 0.85 }, colour: 1)
    plot.add("forecast", .line(isDashed: true), x: ahead, y: middle, colour: 1)
    plot.add(
      "measured",
      x: past,
      y: hours.prefix(48).map { $0 == 20 ? .nan : wave($0) + 25 * cos($0 * 1.7) },
      colour: 0
    )
    plot.mark(start + 47 * 3.6e6, "now")
    try expectGolden(plot.svg(), "plot-forecast.svg")

    var scaling = SVGPlot(
      "Time per epoch over the number of cores",
      x: SVGPlot.Axis("cores", kind: .logarithmic, ticks: [2, 4, 8, 16]),
      y: SVGPlot.Axis("microseconds", kind: .logarithmic),
      size: (520, 360)
    )
    scaling.add("ZeroMQ", .dottedLine, x: [2, 4, 8, 16], y: [27, 135, 610, 1900])
    scaling.add("shared memory", .dottedLine, x: [2, 4, 8, 16], y: [9, 12, 42, 130])
    try expectGolden(scaling.svg(), "plot-scaling.svg")
  }
}

/// Compares a text with a golden file; `SYNFIRE_RECORD=1` writes the file instead.
func expectGolden(_ text: String, _ name: String, file: String = #filePath) throws {
  let golden = URL(filePath: file).deletingLastPathComponent().appending(path: "../Golden/\(name)")
  if ProcessInfo.processInfo.environment["SYNFIRE_RECORD"] == "1" {
    try text.write(to: golden, atomically: true, encoding: .utf8)
  }
  let kept = try String(contentsOf: golden, encoding: .utf8)
  #expect(text == kept, "Tests/Golden/\(name) differs; look at the new one and record it with SYNFIRE_RECORD=1")
}

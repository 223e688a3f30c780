internal import Commands
internal import Foundation
import Testing

struct BacktestCommandTests {
  /// A data folder that goes away with the value.
  private final class DataFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "synfire-\(UUID().uuidString)")
    var path: String { url.path }

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }

    func read(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: url.appending(path: name)), as: UTF8.self)
    }
  }

  /// Three series, hourly and half-hourly, of so many values each, with origins up to the last value.
  private func folder(values count: Int) throws -> DataFolder {
    let folder = try DataFolder()
    var (values, events) = ("series_id,timestamp,value\n", "series_id,start,end,name,kind,known_in_advance\n")
    let series = [("a", 3600), ("b", 1800), ("c", 3600)]
    for (i, (id, seconds)) in series.enumerated() {
      for t in 0..<count {
        let time = Date(timeIntervalSince1970: 1_700_006_400 + Double(t * seconds)).ISO8601Format()
        let noise = Double((t * 7919 + i * 104_729) % 1000) / 1000
        let text = (t + i) % 53 == 9 ? "" : "\(100 + 50 * sin(Double(t * seconds) / 13_751) + 10 * noise)"
        values += "\(id),\(time),\(text)\n"
      }
    }
    events += "b,2023-11-17T00:00:00Z,2023-11-18T00:00:00Z,sale,campaign,1\n"
    try folder.write(values, to: "values.csv")
    try folder.write(events, to: "events.csv")
    try folder.write("series_id,cadence_s,season_day\na,3600,24\nb,1800,48\nc,3600,24\n", to: "series.csv")
    let origins = [("c", 149), ("a", 60), ("b", 100), ("a", 149), ("b", 149), ("c", 150), ("a", 199)]
    let lines = origins.filter { $0.1 < count }.map { "\($0.0),\($0.1),x\n" }
    try folder.write("series_id,origin,origin_time\n" + lines.joined(), to: "origins.csv")
    return folder
  }

  private func backtest(
    _ folder: DataFolder,
    out: String = "out.csv",
    _ more: String...
  ) -> (code: ExitCode, output: String, error: String) {
    run(CommandRegistry.all, ["backtest", "--data", folder.path, "--out", "\(folder.path)/\(out)"] + more)
  }

  @Test func `forecasts come in the order of the origins, the same bytes for any number of threads`() throws {
    let folder = try folder(values: 200)
    let result = backtest(folder, "-o", "csv")
    #expect(result.code == .done, "\(result.error)")
    #expect(result.output.contains("forecasts,21\r\n"))
    let text = try folder.read("out.csv")
    let lines = text.split(separator: "\n")
    #expect(lines.first == "series_id,origin,h,q10,q50,q90,q99,q995")
    #expect(
      lines.dropFirst().prefix(9).map { $0.split(separator: ",").prefix(3).joined(separator: ",") } == [
        "c,149,1", "c,149,12", "c,149,24", "a,60,1", "a,60,12", "a,60,24", "b,100,1", "b,100,12", "b,100,48",
      ]
    )
    for line in lines.dropFirst() {
      let quantiles = line.split(separator: ",").suffix(5).compactMap { Double($0) }
      #expect(quantiles.count == 5 && quantiles == quantiles.sorted() && quantiles[1] > 20 && quantiles[1] < 250)
    }
    for cores in ["2", "8"] {
      #expect(backtest(folder, out: "more.csv", "--cores", cores, "--quiet").code == .done)
      #expect(try folder.read("more.csv") == text)
    }
  }

  @Test func `a folder that is cut off gives the same rows up to there`() throws {
    let (whole, cut) = (try folder(values: 200), try folder(values: 150))
    #expect(backtest(whole).code == .done)
    #expect(backtest(cut).code == .done)
    let rows = try cut.read("out.csv").split(separator: "\n")
    #expect(rows.count == 1 + 5 * 3)
    #expect(try whole.read("out.csv").split(separator: "\n").prefix(rows.count) == rows[...])
  }

  @Test func `what is missing or broken is told with its exit code, and nothing is written`() throws {
    let folder = try folder(values: 60)
    func failure(_ result: (code: ExitCode, output: String, error: String)) -> String {
      #expect(result.output == "")
      return "\(result.code): \(result.error)"
    }
    #expect(
      failure(backtest(folder, out: "no/out.csv")).contains("notFound: synfire backtest: --out: there is no folder")
    )
    let nowhere = run(CommandRegistry.all, ["backtest", "--data", "\(folder.path)/no", "--out", "x.csv"])
    #expect(failure(nowhere).hasPrefix("notFound: synfire backtest: there is no folder '\(folder.path)/no'"))
    #expect(failure(run(CommandRegistry.all, ["backtest", "--out", "x.csv"])).contains("--data"))
    try folder.write("series_id,origin,origin_time\na,60,x\n", to: "origins.csv")
    #expect(failure(backtest(folder)).contains("failed: synfire backtest: \(folder.path)/origins.csv:2"))
    try FileManager.default.removeItem(at: folder.url.appending(path: "origins.csv"))
    #expect(failure(backtest(folder)).contains("notFound: synfire backtest: there is no origins.csv in"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/out.csv"))
  }
}

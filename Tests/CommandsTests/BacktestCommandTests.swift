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

  private func fit(_ folder: DataFolder, _ more: String...) -> (code: ExitCode, output: String, error: String) {
    run(CommandRegistry.all, ["prior", "fit", "--data", folder.path, "--out", "\(folder.path)/prior.json"] + more)
  }

  @Test func `a fitted prior is taken by a backtest, which says whether it helps`() throws {
    let folder = try folder(values: 200)
    let result = fit(folder)
    #expect(result.code == .done, "\(result.error)")
    #expect(result.output.contains("ticks learned from"))
    let prior = try folder.read("prior.json")
    let plain = backtest(folder)
    let compared = backtest(folder, out: "fitted.csv", "--prior", "\(folder.path)/prior.json")
    #expect(compared.code == .done, "\(compared.error)")
    #expect(compared.output.contains("With this prior and with the one inside the program"))
    #expect(compared.output.contains("this prior "))
    #expect(!plain.output.contains("this prior ") && plain.output.contains("error, next tick"))
    #expect(try folder.read("fitted.csv") != folder.read("out.csv"))
    // Nothing after the first origin of a series is learned from.
    let later = try self.folder(values: 200)
    let lines = try later.read("values.csv").split(separator: "\n").map(String.init)
    let changed = lines.enumerated().map { k, line in
      (152...201).contains(k - 400) ? line.split(separator: ",").prefix(2).joined(separator: ",") + ",7" : line
    }
    try later.write(changed.joined(separator: "\n") + "\n", to: "values.csv")
    #expect(fit(later).code == .done)
    #expect(try later.read("prior.json") == prior)
    // Without origins everything is.
    try FileManager.default.removeItem(at: folder.url.appending(path: "origins.csv"))
    #expect(fit(folder, "--passes", "1").code == .done)
    #expect(try folder.read("prior.json") != prior)
  }

  @Test func `a fit says what it lacks`() throws {
    let short = try folder(values: 60)
    #expect(fit(short).error.contains("none of the 3 series has 3 days of values"))
    #expect(!FileManager.default.fileExists(atPath: "\(short.path)/prior.json"))
    #expect(fit(short, "--from", "\(short.path)/no.json").code == .notFound)
    #expect(fit(short, "--from", "\(short.path)/values.csv").error.contains("values.csv: it is not a prior"))
    #expect(backtest(short, "--prior", "\(short.path)/series.csv").error.contains("series.csv: it is not a prior"))
    #expect(fit(short, "--passes", "0").code == .usage)
    try FileManager.default.removeItem(at: short.url.appending(path: "series.csv"))
    #expect(fit(short).error.contains("there is no series.csv in"))
  }

  @Test func `a configuration names a prior, and a wrong one is told`() throws {
    let folder = try folder(values: 200)
    #expect(fit(folder).code == .done)
    try folder.write("tenant: shop\ntick: 1 h\nprior: prior.json\n", to: "shop.yaml")
    let checked = run(CommandRegistry.all, ["check", "\(folder.path)/shop.yaml"])
    #expect(checked.code == .done && checked.output.contains("prior.json"), "\(checked.error)")
    try folder.write("{}", to: "prior.json")
    let refused = run(CommandRegistry.all, ["check", "\(folder.path)/shop.yaml"])
    #expect(refused.code == .failed && refused.error.contains("prior.json: it is not a prior"))
  }
}

import Basics
import Documents
import Foundation
import Interchange
import Testing
import Workloads

struct BacktestFolderTests {
  private static let series = "series_id,cadence_s,n,season_day\na,3600,3,24\n\"b,c\",1800,2,48\n"
  private static let values = """
    series_id,timestamp,value
    a,2024-01-01T00:00:00Z,1.5
    a,2024-01-01T01:00:00Z,
    "b,c",2024-01-01T00:10:00Z,7
    a,2024-01-01T02:00:00Z,-2e3
    "b,c",2024-01-01T00:40:00Z,8

    """
  private static let events = """
    series_id,start,end,name,kind,known_in_advance
    a,2024-01-01T01:30:00Z,2024-01-01T04:00:00Z,sale,campaign,1
    a,2023-12-01T00:00:00Z,2024-01-01T01:00:00Z,early,holiday,1
    "b,c",2024-01-01T00:00:00Z,2024-01-02T00:00:00Z,incident,incident,0

    """
  private static let origins = "series_id,origin,origin_time\n\"b,c\",1,x\na,2,x\na,0,x\n"

  /// Writes files into a fresh folder and gives its path to the body.
  private func withFolder<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "synfire-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    return try body(folder.path)
  }

  private static let files = [
    "series.csv": series, "values.csv": values, "events.csv": events, "origins.csv": origins,
  ]

  @Test func `a folder is read with interleaved series, gaps and known events`() throws {
    let folder = try withFolder(Self.files) { try BacktestFolder(path: $0) }
    #expect(folder.series.map(\.id) == ["a", "b,c"])
    #expect(folder.series[0].values == [1.5, nil, -2000])
    #expect(folder.series[1].values == [7, 8])
    #expect(folder.series.map(\.ticksPerDay) == [24, 48])
    #expect(folder.series[0].start.rfc3339 == "2024-01-01T00:00:00Z")
    #expect(folder.series[0].events == [0..<1, 2..<4])
    #expect(folder.series[1].events.isEmpty)
    #expect(folder.origins == [.init(series: 1, tick: 1), .init(series: 0, tick: 2), .init(series: 0, tick: 0)])
  }

  @Test func `a packed file comes before a plain one, and events may be absent`() throws {
    var files = Self.files
    files["events.csv"] = nil
    files["origins.csv"] = "nonsense"
    try withFolder(files) { path in
      try Data(GzipTests.packed).write(to: URL(filePath: "\(path)/origins.csv.gz"))
      // The packed origins name tick 20, which is not there.
      let error = #expect(throws: DocumentError.self) { try BacktestFolder(path: path) }
      #expect(error?.file == "\(path)/origins.csv.gz")
      #expect(error?.line == 2)
      #expect(error?.message == "origin 20: 'a' has values 0 to 2")
    }
  }

  static let faults: [(file: String, text: String, line: Int, says: String)] = [
    ("values.csv", "series_id,timestamp\n", 1, "value"),
    ("values.csv", "series_id,timestamp,value\na,2024-01-01T00:00:00Z,1\na,2024-01-01T03:00:00Z,2\n", 3, "01:00:00Z"),
    ("values.csv", "series_id,timestamp,value\na,yesterday,1\n", 2, "yesterday"),
    ("values.csv", "series_id,timestamp,value\na,2024-01-01T00:00:00Z,nan\n", 2, "nan"),
    ("values.csv", "series_id,timestamp,value\nz,2024-01-01T00:00:00Z,1\n", 2, "series.csv"),
    ("series.csv", "series_id,cadence_s\na,7\n", 2, "divide a day"),
    ("series.csv", "series_id,cadence_s,season_day\na,300,24\n", 2, "288"),
    ("series.csv", "series_id,cadence_s\na,300\na,300\n", 3, "twice"),
    ("events.csv", "series_id,start,end,known_in_advance\nz,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,1\n", 2, "'z'"),
    ("origins.csv", "series_id,origin\na,3\n", 2, "0 to 2"),
    ("origins.csv", "series_id,origin\na,-1\n", 2, "-1"),
    ("origins.csv", "series_id,origin\nz,1\n", 2, "'z'"),
  ]

  @Test(arguments: faults.indices)
  func `a fault is told with file and line`(index: Int) throws {
    let fault = Self.faults[index]
    var files = Self.files
    files[fault.file] = fault.text
    try withFolder(files) { path in
      let error = #expect(throws: DocumentError.self) { try BacktestFolder(path: path) }
      #expect(error?.file == "\(path)/\(fault.file)")
      #expect(error?.line == fault.line)
      #expect(error?.message.contains(fault.says) == true, "\(error?.message ?? "")")
    }
  }

  @Test(arguments: ["values.csv", "series.csv", "origins.csv"])
  func `a missing file is named`(name: String) throws {
    var files = Self.files
    files[name] = nil
    try withFolder(files) { path in
      let error = #expect(throws: DocumentError.self) { try BacktestFolder(path: path) }
      #expect(error?.file == "\(path)/\(name).gz")
    }
  }

  @Test func `forecasts are written in the order of the origins, then of the horizons`() throws {
    let folder = try withFolder(Self.files) { try BacktestFolder(path: $0) }
    let rows: [(horizon: Int, quantiles: [Double])] = [(1, [0.1, 0.25, 1e-9, 2, 3]), (12, [1, 2, 3, 4, 5.5])]
    let bytes = folder.forecastFile([rows, rows, rows])
    #expect(
      String(decoding: bytes, as: UTF8.self) == """
        series_id,origin,h,q10,q50,q90,q99,q995
        "b,c",1,1,0.1,0.25,1e-09,2.0,3.0
        "b,c",1,12,1.0,2.0,3.0,4.0,5.5
        a,2,1,0.1,0.25,1e-09,2.0,3.0
        a,2,12,1.0,2.0,3.0,4.0,5.5
        a,0,1,0.1,0.25,1e-09,2.0,3.0
        a,0,12,1.0,2.0,3.0,4.0,5.5

        """
    )
  }
}

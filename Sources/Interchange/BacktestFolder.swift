public import Documents
public import Workloads

internal import Basics
internal import FoundationEssentials

/// The data folder of a backtest: recorded series and the origins at which forecasts are wanted.
///
/// Files: `values.csv` (series_id, timestamp, value), `series.csv` (series_id, cadence_s, season_day, entity, …), `events.csv`
/// (series_id, start, end, name, kind, known_in_advance; may be absent), `origins.csv` (series_id, origin, …); each may be
/// packed as `.csv.gz`. An empty value is a missing one. Events that were not known in advance are left out.
public struct BacktestFolder: Equatable, Sendable {
  /// A forecast wanted: after which value of which series.
  public struct Origin: Equatable, Sendable {
    /// Index of the series in `series`.
    public var series: Int
    /// Index of the last value that may be used.
    public var tick: Int
    /// Names an origin.
    public init(series: Int, tick: Int) { (self.series, self.tick) = (series, tick) }
  }

  /// The series in the order in which their values begin.
  public var series: [RecordedSeries]
  /// The origins in file order.
  public var origins: [Origin]

  /// Reads a folder; its origins may be missing where they are not needed.
  ///
  /// - Throws: `DocumentError` that names file and line: a file or column that is missing, a value that is no number, a
  ///   gap in the grid, a cadence that does not divide the day, a series or origin that is not there.
  public init(path: String, needsOrigins: Bool = true) throws(DocumentError) {
    let folder = Folder(path: path)
    let meta = try Meta(folder.require("series.csv"))
    (series, origins) = ([], [])
    var indices: [String: Int] = [:]
    try readValues(folder.require("values.csv"), meta, &indices)
    if let events = try folder.table("events.csv") { try readEvents(events, indices) }
    if needsOrigins {
      try readOrigins(folder.require("origins.csv"), indices)
    } else if let table = try folder.table("origins.csv") {
      try readOrigins(table, indices)
    }
  }

  /// The series up to the first origin of each, whole where it has none: what may be learned before the first forecast.
  public var histories: [RecordedSeries] {
    var ends = series.map(\.values.count)
    for origin in origins { ends[origin.series] = min(ends[origin.series], origin.tick + 1) }
    return zip(series, ends).map { one, end in
      var history = one
      history.values = Array(one.values.prefix(end))
      return history
    }
  }

  private mutating func readValues(
    _ table: CSVTable,
    _ meta: Meta,
    _ indices: inout [String: Int]
  ) throws(DocumentError) {
    let (id, time, value) = (try table.require("series_id"), try table.require("timestamp"), try table.require("value"))
    var (last, current) = ("", 0)
    for row in table.rows {
      let name = table[row, id]
      let moment = try table.time(row, time)
      if name != last || series.isEmpty {
        if indices[name] == nil {
          guard let cadence = meta.cadences[name] else {
            throw table.error(row, "the series '\(name)' is not in series.csv")
          }
          indices[name] = series.count
          series.append(
            RecordedSeries(
              id: name,
              entity: meta.entities[name],
              start: moment,
              lengthMilliseconds: cadence,
              values: []
            )
          )
        }
        (last, current) = (name, indices[name] ?? 0)
      }
      let grid =
        series[current].start.milliseconds
        + Int64(series[current].values.count) * series[current].lengthMilliseconds
      guard moment.milliseconds == grid else {
        throw table.error(
          row,
          "timestamp: \(Timestamp(milliseconds: grid).rfc3339) is wanted, found \(moment.rfc3339); "
            + "the grid must be complete, with an empty value where one is missing"
        )
      }
      series[current].values.append(table.isEmpty(row, value) ? nil : try table.double(row, value))
    }
  }

  private mutating func readEvents(_ table: CSVTable, _ indices: [String: Int]) throws(DocumentError) {
    let (id, known) = (try table.require("series_id"), try table.require("known_in_advance"))
    let (start, end) = (try table.require("start"), try table.require("end"))
    for row in table.rows where try table.int(row, known) == 1 {
      guard let index = indices[table[row, id]] else {
        throw table.error(row, "the series '\(table[row, id])' has no values")
      }
      let first = series[index].tick(at: try table.time(row, start))
      let last = series[index].tick(at: try table.time(row, end))
      if first < last { series[index].events.append(first..<last) }
    }
    for index in series.indices { series[index].events.sort { $0.lowerBound < $1.lowerBound } }
  }

  private mutating func readOrigins(_ table: CSVTable, _ indices: [String: Int]) throws(DocumentError) {
    let (id, origin) = (try table.require("series_id"), try table.require("origin"))
    for row in table.rows {
      guard let index = indices[table[row, id]] else {
        throw table.error(row, "the series '\(table[row, id])' has no values")
      }
      let tick = try table.int(row, origin)
      guard series[index].values.indices.contains(tick) else {
        throw table.error(
          row,
          "origin \(tick): '\(series[index].id)' has values 0 to \(series[index].values.count - 1)"
        )
      }
      origins.append(Origin(series: index, tick: tick))
    }
  }

  /// Returns the lines of a forecast file: header, then for each origin its rows in ascending order of horizon.
  ///
  /// `forecasts` has per origin, in the order of `origins`, the horizons in ticks with their quantiles .1, .5, .9, .99, .995. Numbers
  /// are the shortest that read back to the same double.
  public func forecastFile(_ forecasts: [[(horizon: Int, quantiles: [Double])]]) -> [UInt8] {
    precondition(forecasts.count == origins.count)
    var text = "series_id,origin,h,q10,q50,q90,q99,q995\n"
    text.reserveCapacity(origins.count * 360)
    for (origin, rows) in zip(origins, forecasts) {
      let id = series[origin.series].id.csvCell
      for row in rows {
        text += "\(id),\(origin.tick),\(row.horizon)"
        for quantile in row.quantiles { text += ",\(quantile)" }
        text += "\n"
      }
    }
    return Array(text.utf8)
  }
}

/// The cadence of each series in ms, and its entity where one is named.
private struct Meta {
  var cadences: [String: Int64] = [:]
  var entities: [String: String] = [:]

  init(_ table: CSVTable) throws(DocumentError) {
    let (id, cadence) = (try table.require("series_id"), try table.require("cadence_s"))
    let (season, entity) = (table.column("season_day"), table.column("entity"))
    for row in table.rows {
      let seconds = try table.int(row, cadence)
      guard seconds > 0, seconds <= 3600, 86_400 % seconds == 0 else {
        throw table.error(row, "cadence_s: \(seconds) s; 1 to 3600 s that divide a day are possible")
      }
      if let season {
        let ticks = try table.int(row, season)
        guard ticks == 86_400 / seconds else {
          throw table.error(row, "season_day: a day has \(86_400 / seconds) ticks of \(seconds) s, found \(ticks)")
        }
      }
      guard cadences.updateValue(Int64(seconds) * 1000, forKey: table[row, id]) == nil else {
        throw table.error(row, "the series '\(table[row, id])' stands here twice")
      }
      if let entity, !table.isEmpty(row, entity) { entities[table[row, id]] = table[row, entity] }
    }
  }
}

/// Reads tables of a folder, packed or not.
private struct Folder {
  var path: String

  func table(_ name: String) throws(DocumentError) -> CSVTable? {
    for (file, isPacked) in [("\(path)/\(name).gz", true), ("\(path)/\(name)", false)]
    where FileManager.default.fileExists(atPath: file) {
      let bytes: [UInt8]
      do {
        bytes = try InputFile.bytes(of: file)
      } catch {
        throw DocumentError(file: file, line: 0, message: "it cannot be read: \(error)")
      }
      return try CSVTable(isPacked ? Gzip.unpack(bytes, file: file) : bytes, file: file)
    }
    return nil
  }

  func require(_ name: String) throws(DocumentError) -> CSVTable {
    guard let table = try table(name) else {
      throw DocumentError(file: "\(path)/\(name).gz", line: 0, message: "the file is missing, packed or not")
    }
    return table
  }
}

extension CSVTable {
  fileprivate func time(_ row: Int, _ column: Int) throws(DocumentError) -> Timestamp {
    guard let moment = Timestamp(rfc3339: self[row, column]) else {
      throw error(row, "\(header[column]): a time like 2026-11-25T00:54:27Z is wanted, found '\(self[row, column])'")
    }
    return moment
  }
}

extension RecordedSeries {
  /// The first tick that does not begin before a moment; 0 for moments before the first value.
  fileprivate func tick(at moment: Timestamp) -> Int {
    let offset = moment.milliseconds - start.milliseconds
    return offset <= 0 ? 0 : Int((offset + lengthMilliseconds - 1) / lengthMilliseconds)
  }
}

extension String {
  /// The text as a CSV cell, in quotes where it needs them.
  fileprivate var csvCell: String {
    guard utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }) else { return self }
    return "\"" + split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

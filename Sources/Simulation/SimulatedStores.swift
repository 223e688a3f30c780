internal import Basics
internal import StateStore
internal import Wire

/// The checkpoints of the server, over a connection.
final class RemoteCheckpointStore: CheckpointStore {
  private let connection: SimulatedConnection
  private let store: MemoryCheckpointStore

  init(_ connection: SimulatedConnection) {
    (self.connection, store) = (connection, connection.server.checkpoints)
  }

  func takeLease(nonce: UInt64, milliseconds: Int64) throws(StoreError) -> LeaseAnswer {
    try connection.write("taking of the lease") { [store] in store.takeLease(nonce: nonce, milliseconds: milliseconds) }
  }
  func renewLease(_ lease: Lease, milliseconds: Int64) throws(StoreError) -> Bool {
    try connection.write("renewal") { [store] in store.renewLease(lease, milliseconds: milliseconds) }
  }
  func releaseLease(_ lease: Lease) throws(StoreError) {
    try connection.write("release") { [store] in store.releaseLease(lease) }
  }
  func readRun() throws(StoreError) -> RunRecord? {
    try connection.read("read of the run") { [store] in store.readRun() }
  }
  func createRun(_ lease: Lease, _ record: RunRecord) throws(StoreError) -> RunRecord {
    try connection.write("creation") { [store] () throws(StoreError) in try store.createRun(lease, record) }
  }
  func raiseGeneration(_ lease: Lease, to generation: Generation) throws(StoreError) -> GenerationAnswer {
    try connection.write("raise") { [store] () throws(StoreError) in
      try store.raiseGeneration(lease, to: generation)
    }
  }
  func noteWanted(_ lease: Lease, _ wanted: WantedCores) throws(StoreError) {
    try connection.write("wish") { [store] () throws(StoreError) in try store.noteWanted(lease, wanted) }
  }
  func writeBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> UInt32 {
    try connection.write("write of \(place)") { [store] () throws(StoreError) in
      try store.writeBlob(bytes, at: place)
    }
  }
  func beginBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> Bool {
    try connection.write("write of \(place)") { [store] () throws(StoreError) in
      try store.beginBlob(bytes, at: place)
    }
  }
  func readBlob(at place: BlobPlace, crc: UInt32?) throws(StoreError) -> [UInt8] {
    try connection.read("read of \(place)") { [store] () throws(StoreError) in try store.readBlob(at: place, crc: crc) }
  }
  func commit(_ lease: Lease, _ request: CommitRequest) throws(StoreError) -> CommitAnswer {
    try connection.write("commit") { [store] in store.commit(lease, request) }
  }
  func collectGarbage(_ lease: Lease) throws(StoreError) -> Int {
    try connection.write("removal") { [store] () throws(StoreError) in try store.collectGarbage(lease) }
  }
}

/// Samples and ticks of the server, over a connection.
final class RemoteTickStore: TickStore, SampleStream, SampleSink, EventReader {
  private let connection: SimulatedConnection
  private let store: MemoryTickStore
  /// Called after a tick was sealed.
  var onSealed: (StoredTick) -> Void = { _ in }
  /// Called with what is put aside.
  var onRejected: ([MetricStream.Rejection]) -> Void = { _ in }
  var keptEntries = Int.max

  init(_ connection: SimulatedConnection) {
    (self.connection, store) = (connection, connection.server.ticks)
  }

  var isOpen: Bool { connection.isOpen }
  func reconnect() throws(StoreError) { try connection.reconnect() }

  func append(_ samples: [[StreamField]]) throws(StoreError) -> [EntryID] {
    try connection.write("XADD") { [store, server = connection.server] in
      store.append(samples, milliseconds: UInt64(max(0, server.wallMilliseconds)))
    }
  }
  func contains(_ place: EntryID) throws(StoreError) -> Bool {
    try connection.read("XRANGE") { [store] in store.contains(place) }
  }
  func createGroup() throws(StoreError) { try connection.write("XGROUP") {} }
  func readPending(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry] {
    try connection.write("XREADGROUP") { [store] () throws(StoreError) in
      try store.readPending(lease, after: place, count: count)
    }
  }
  func lastDelivered() throws(StoreError) -> EntryID {
    try connection.read("XINFO") { [store] in store.lastDelivered() }
  }
  func readNew(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]? {
    try connection.write("XREADGROUP") { [store] () throws(StoreError) in
      try store.readNew(lease, after: place, count: count)
    }
  }
  func reject(_ lease: Lease, _ rejections: [MetricStream.Rejection]) throws(StoreError) {
    guard !rejections.isEmpty else { return }
    onRejected(rejections)
    try connection.write("XACK") { [store] () throws(StoreError) in try store.reject(lease, rejections) }
  }
  func time() throws(StoreError) -> Int64 {
    try connection.read("TIME") { [server = connection.server] in server.wallMilliseconds }
  }
  func lastSealed() throws(StoreError) -> Int64? {
    try connection.read("read of ticks") { [store] in store.lastSealed() }
  }
  func seal(_ lease: Lease, _ tick: StoredTick, consuming samples: [EntryID]) throws(StoreError) -> SealAnswer {
    try connection.write("sealing") { [store, onSealed] () throws(StoreError) in
      let answer = try store.seal(lease, tick, consuming: samples)
      if answer == .sealed { onSealed(tick) }
      return answer
    }
  }
  func readTicks(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredTick] {
    try connection.read("read of ticks") { [store] in store.readTicks(from: ordinal, count: count) }
  }
  func publish(_ lease: Lease, _ publication: Publication) throws(StoreError) -> PublishAnswer {
    try connection.write("publication") { [store] () throws(StoreError) in try store.publish(lease, publication) }
  }
  func lastPublished() throws(StoreError) -> StoredPublication? {
    try connection.read("read") { [store] in store.lastPublished() }
  }
  func readPublished(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredPublication] {
    try connection.read("read") { [store] in store.readPublished(from: ordinal, count: count) }
  }
  func forecast(of service: String) throws(StoreError) -> [UInt8]? { nil }
  func plan() throws(StoreError) -> [UInt8]? { nil }
  func anomalies(count: Int) throws(StoreError) -> [StreamEntry] { [] }
  func version() throws(StoreError) -> Int64 { 0 }
  func all() throws(StoreError) -> (version: Int64, items: [EventStore.Item]) { (0, []) }
}

import Basics
import Circuits
import Cluster
import Foundation
import TestKit
import Testing
import Wire

@Suite struct RecordTests {
  private func circuit() -> Circuit {
    var circuit = CircuitLibrary.brunel(scale: 0.01)
    circuit.recorders = [.spikes(populations: [0, 1], file: "spikes.csv")]
    return circuit
  }

  private func output(_ batch: SpikeBatch, from first: Int64) -> CircuitOutput {
    var output = CircuitOutput(spikeRecorders: 1, stateRecorders: 0, weightRecorders: 0, populations: 2)
    output.spikes[0].append(batch, from: first)
    return output
  }

  @Test func `spikes of all parts are written by time, then neuron`() throws {
    let folder = try TemporaryFolder()
    let gatherer = try RecordGatherer(circuit: circuit(), folder: folder.path)
    try gatherer.restore(Epoch(0), nil)
    let outputs = [
      output(SpikeBatch(stepEnds: [2, 2, 3], neurons: [0, 99, 7]), from: 3),
      output(SpikeBatch(stepEnds: [1, 2, 2], neurons: [9, 100_000_000]), from: 3),
    ]
    try gatherer.gather(
      Epoch(1),
      outputs.enumerated().map { PartOutput(part: PartID(UInt16($0.offset)), bytes: $0.element.encoded()) }
    )
    try gatherer.flush()
    let text = try String(contentsOfFile: "\(folder.path)/spikes.csv", encoding: .utf8)
    #expect(text == "time_ms,neuron_id\n0.3,1\n0.3,10\n0.3,100\n0.4,100000001\n0.5,8\n")
  }

  @Test func `only neurons that are asked for are kept, and steps with none of them are not listed`() {
    var record = SpikeRecord()
    record.append(SpikeBatch(stepEnds: [1, 3, 4], neurons: [4, 1, 6, 5]), from: 10) { $0 % 2 == 1 }
    #expect(record.steps == [11, 12])
    #expect(Array(record.spikes(at: 0)) == [1])
    #expect(Array(record.spikes(at: 1)) == [5])
  }

  @Test func `an output is read back, and columns that do not fit together are refused`() throws {
    let output = output(SpikeBatch(stepEnds: [2, 2, 3], neurons: [0, 99, 7]), from: 3)
    #expect(try CircuitOutput(decoding: output.encoded()) == output)
    let columns: [(steps: [Int64], ends: [UInt32], neurons: [UInt32])] = [
      ([3, 4], [1], [8]), ([3], [2], [8]), ([4, 3], [1, 2], [8, 9]), ([3, 4], [2, 1], [8]), ([3, 4], [1, 1], [8]),
    ]
    for column in columns {
      var writer = ByteWriter()
      writer.writeArray(column.steps)
      writer.writeArray(column.ends)
      writer.writeArray(column.neurons)
      #expect(throws: WireError.self) {
        var reader = ByteReader(writer.bytes, reading: "record")
        _ = try SpikeRecord(from: &reader)
      }
    }
  }
}

import Basics
import Foundation
import Testing

struct InputFileTests {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/input-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  private func write(_ bytes: [UInt8], _ name: String = "a") throws -> String {
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    return "\(folder)/\(name)"
  }

  @Test func `a file is read whole, up to the bound and not beyond it`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    let path = try write(bytes)
    #expect(try InputFile.bytes(of: path) == bytes)
    #expect(try InputFile.bytes(of: path, most: bytes.count) == bytes)
    #expect(throws: InputFileError.tooLarge(path: path, bytes: bytes.count, most: bytes.count - 1)) {
      try InputFile.bytes(of: path, most: bytes.count - 1)
    }
    #expect(try InputFile.bytes(of: write([], "empty"), most: 0).isEmpty)
  }

  @Test func `a device without an end is read up to the bound`() {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: InputFileError.tooLarge(path: "/dev/zero", bytes: nil, most: 5_000_000)) {
      try InputFile.bytes(of: "/dev/zero", most: 5_000_000)
    }
    #expect(
      InputFileError.tooLarge(path: "/dev/zero", bytes: nil, most: 5).description
        == "the file '/dev/zero' has more bytes than the 5 that are read of one; cut it into several, or name another"
    )
  }

  @Test func `a file that says less than it has is read to its end`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // The system makes it up when it is read and says that it has no bytes.
    #expect(try InputFile.bytes(of: "/proc/self/status").count > 100)
  }

  @Test func `what is no file is told apart`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: InputFileError.folder(path: folder)) { try InputFile.bytes(of: folder) }
    #expect(throws: InputFileError.missing(path: "\(folder)/b")) { try InputFile.bytes(of: "\(folder)/b") }
    let file = try write([1])
    #expect(throws: InputFileError.missing(path: "\(file)/b")) { try InputFile.bytes(of: "\(file)/b") }
  }
}

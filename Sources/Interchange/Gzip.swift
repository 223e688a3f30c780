internal import CZlib
public import Documents

/// Reads gzip files (RFC 1952) that are held in memory.
public enum Gzip {
  /// The most bytes that are unpacked unless the caller says otherwise: 1 GiB.
  public static let defaultLimit = 1 << 30

  /// Returns the unpacked content; several members one after another are joined, as gzip does.
  ///
  /// - Throws: `DocumentError` when the bytes are no gzip, damaged, cut off, or unpack to more than the limit.
  public static func unpack(_ bytes: [UInt8], file: String, limit: Int = defaultLimit) throws(DocumentError) -> [UInt8]
  {
    func fail(_ message: String) -> DocumentError { DocumentError(file: file, line: 0, message: message) }
    guard bytes.starts(with: [0x1F, 0x8B]) else {
      throw fail("this is no gzip file; pack it with `gzip`, or leave the ending .gz away")
    }
    var stream = unsafe z_stream()
    let gzipWindow: CInt = 15 + 16
    let size = unsafe CInt(MemoryLayout<z_stream>.size)
    guard unsafe inflateInit2_(&stream, gzipWindow, zlibVersion(), size) == Z_OK else {
      throw fail("zlib does not start; out of memory?")
    }
    defer { unsafe inflateEnd(&stream) }

    var unpacked: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var consumed = 0
    while true {
      let input = bytes.count - consumed
      let status = unsafe bytes.withUnsafeBufferPointer { source in
        unsafe chunk.withUnsafeMutableBufferPointer { target in
          // zlib does not write through `next_in`; its type lacks the `const`.
          unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { unsafe $0 + consumed })
          unsafe stream.avail_in = uInt(clamping: input)
          unsafe stream.next_out = target.baseAddress
          unsafe stream.avail_out = uInt(target.count)
          return unsafe inflate(&stream, Z_NO_FLUSH)
        }
      }
      let written = unsafe chunk.count - Int(stream.avail_out)
      let taken = unsafe min(input, Int(uInt(clamping: input)) - Int(stream.avail_in))
      consumed += taken
      guard unpacked.count + written <= limit else { throw fail("it unpacks to more than \(limit) bytes") }
      unpacked.append(contentsOf: chunk[..<written])
      switch status {
      case Z_OK where written > 0 || taken > 0: continue
      case Z_STREAM_END:
        if consumed == bytes.count { return unpacked }
        guard unsafe inflateReset(&stream) == Z_OK else { throw fail("zlib does not reset") }
      case Z_OK, Z_BUF_ERROR:
        throw fail("the gzip data are cut off after \(bytes.count) bytes; copy the file again")
      default:
        let reason = unsafe stream.msg.map { unsafe String(cString: $0) } ?? "status \(status)"
        throw fail("the gzip data are damaged at byte \(consumed): \(reason)")
      }
    }
  }
}

/// Cuts the bytes of a ZeroMQ connection (ZMTP 3.0, rfc.zeromq.org/spec/23) where one thing ends and the next begins.
struct MessageCutter {
  /// A greeting or command, which belongs to the connection itself, or a message.
  struct Piece: Equatable {
    var isMessage: Bool
    var bytes: [UInt8]
  }

  private var rest: [UInt8] = []
  private var greetingBytesLeft = 64

  /// Takes bytes as they come and returns what is complete.
  mutating func take(_ bytes: [UInt8]) -> [Piece] {
    rest += bytes
    var pieces: [Piece] = []
    var start = 0
    if greetingBytesLeft > 0 {
      // Each side sends the rest of its greeting only when it has seen the beginning of the other's.
      start = min(greetingBytesLeft, rest.count)
      pieces.append(Piece(isMessage: false, bytes: Array(rest.prefix(start))))
      greetingBytesLeft -= start
    }
    while let end = endOfMessage(from: start) {
      let isCommand = rest[start] & 4 != 0
      pieces.append(Piece(isMessage: !isCommand, bytes: Array(rest[start..<end])))
      start = end
    }
    rest.removeFirst(start)
    return pieces
  }

  /// Where the frames end that begin at a place and belong together; nil while some of them is missing.
  private func endOfMessage(from start: Int) -> Int? {
    var place = start
    while place < rest.count {
      let flags = rest[place]
      let isLong = flags & 2 != 0
      let header = isLong ? 9 : 2
      guard place + header <= rest.count else { return nil }
      let length = rest[place + 1..<place + header].reduce(0) { $0 << 8 | Int($1) }
      place += header + length
      guard place <= rest.count else { return nil }
      if flags & 1 == 0 { return place }
    }
    return nil
  }
}

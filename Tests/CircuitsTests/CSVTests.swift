import Documents
import Testing

@Suite struct CSVTests {
  private func table(_ text: String) throws(DocumentError) -> CSVTable { try CSVTable(Array(text.utf8), file: "t.csv") }

  private func problem(_ bytes: [UInt8]) -> String {
    do {
      _ = try CSVTable(bytes, file: "t.csv")
      return "nothing"
    } catch {
      return error.description
    }
  }

  private func problem(_ text: String) -> String { problem(Array(text.utf8)) }

  @Test func `rows know their line and their cells`() throws {
    let t = try table("time_ms,neuron_id\n0.1,7\n\n12.5,8\n")
    #expect(t.header == ["time_ms", "neuron_id"])
    #expect(t.headerLine == 1)
    #expect(t.rows == 0..<2)
    #expect(t.rows.map { t.line($0) } == [2, 4])
    #expect(try t.double(1, 0) == 12.5)
    #expect(try t.int(1, 1) == 8)
    #expect(t.column("neuron_id") == 1)
    #expect(t.column("weight") == nil)
  }

  @Test func `a cell in quotes may hold commas, line ends and quotes`() throws {
    let t = try table("name,note\n\"a, b\",\"two\nlines\"\nc,\"say \"\"so\"\"\"\n")
    #expect(t[0, 0] == "a, b")
    #expect(t[0, 1] == "two\nlines")
    #expect(t[1, 1] == "say \"so\"")
    #expect(t.line(1) == 4)
  }

  @Test(arguments: ["a,b\r\n1,2\r\n", "a,b\n1,2", "\u{FEFF}a,b\n1,2\n", "\n\na,b\n1,2\n\n\n", " a , b\n 1 , 2 \n"])
  func `line ends, a byte order mark, blank lines and white space do not matter`(text: String) throws {
    let t = try table(text)
    #expect(t.header == ["a", "b"])
    #expect(t.rows.count == 1)
    #expect(try t.int(0, 0) == 1)
    #expect(try t.double(0, 1) == 2)
  }

  @Test func `an empty cell at the end of a row is a cell`() throws {
    for text in ["a,b\n1,\n", "a,b\n1,", "a,b\r\n1,\r\n", "a,b\n1,\"\""] {
      let t = try table(text)
      #expect(t[0, 1].isEmpty, "\(text)")
      #expect(t.isEmpty(0, 1))
      #expect(!t.isEmpty(0, 0))
    }
  }

  @Test func `a table without rows is a table`() throws {
    #expect(try table("a,b").rows.isEmpty)
  }

  @Test func `what is wrong is said with its line`() {
    #expect(problem("") == "t.csv: the file is empty; a header line with column names is wanted")
    #expect(problem("\n\n") == "t.csv: the file is empty; a header line with column names is wanted")
    #expect(problem("a,,b\n") == "t.csv:1: column 2 has no name in the header")
    #expect(problem("a,b,a\n") == "t.csv:1: the column 'a' stands in the header twice")
    #expect(problem("a,b\n1,2\n3\n") == "t.csv:3: the row has 1 cells, the header 2")
    #expect(problem("a,b\n1,2,3\n") == "t.csv:2: the row has 3 cells, the header 2")
    #expect(problem("a,b\n1,\"2\n\n") == "t.csv:2: the quote that opens here is never closed")
    #expect(problem("a,b\n1,\"2\"3\n").contains("t.csv:2: text after the closing quote"))
    #expect(problem("a,b\n1,2\"\n").contains("t.csv:2: a quote inside a cell"))
    #expect(problem("a,b\r1,2\r").contains("t.csv:1: a carriage return without a line feed"))
    #expect(problem([0x61, 0x0A, 0x31, 0x0A, 0xC3, 0x28]) == "t.csv:3: a text is not UTF-8")
  }

  @Test func `a cell that is not the number wanted is said with its column`() throws {
    let t = try table("x,n\n1e400,1.5\nnan,\n0x10,9999999999999999999\n-1.5e-3,-7\n")
    for row in 0..<3 {
      #expect(throws: DocumentError.self) { try t.double(row, 0) }
      #expect(throws: DocumentError.self) { try t.int(row, 1) }
    }
    #expect(try t.double(3, 0) == -0.0015)
    #expect(try t.int(3, 1) == -7)
    do {
      _ = try t.int(0, 1)
      Issue.record("1.5 is not whole")
    } catch {
      #expect(error.description == "t.csv:2: n: a whole number is wanted, found '1.5'")
    }
    do {
      _ = try t.require("weight")
      Issue.record("there is no weight")
    } catch {
      #expect(error.description == "t.csv:1: the column 'weight' is missing; found are: x, n")
    }
  }

  @Test(arguments: 0..<20) func `any bytes are read or refused`(seed: UInt64) {
    var random = SplitMix(seed)
    let alphabet = Array("ab1,\"\n\r;.-é\u{FEFF}".utf8)
    for _ in 0..<200 {
      let bytes = (0..<random.next(below: 40)).map { _ in alphabet[random.next(below: alphabet.count)] }
      if let t = try? CSVTable(bytes, file: "t.csv") {
        for row in t.rows { for column in t.header.indices { _ = (t[row, column], try? t.double(row, column)) } }
      }
    }
  }
}

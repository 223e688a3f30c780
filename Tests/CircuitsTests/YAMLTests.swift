import Basics
import Documents
import Testing

@Suite struct YAMLTests {
  private func parse(_ text: String) throws(DocumentError) -> Node { try YAML.parse(Array(text.utf8), file: "d.yaml") }

  private func problem(_ text: String) -> String {
    do {
      _ = try parse(text)
      return "nothing is wrong"
    } catch {
      return error.description
    }
  }

  @Test func `nodes know their kind and line`() throws {
    let node = try parse("a: 1\nb:\n  - x\n  - \"2\"\nc: {d: true, e: }\n")
    let entries = try node.mapping()
    #expect(entries.map(\.key) == ["a", "b", "c"])
    #expect(entries.map(\.line) == [1, 2, 5])
    #expect(try entries[0].value.int() == 1)
    #expect(try entries[1].value.strings() == ["x", "2"])
    #expect(entries[1].value.line == 3)
    let inner = try entries[2].value.mapping()
    #expect(try inner[0].value.bool())
    #expect(inner[1].value.isNull)
    #expect(entries[1].value.kind == "a list")
    #expect(node.kind == "a mapping")
    #expect(inner[1].value.kind == "nothing")
  }

  @Test func `values of the wrong kind are refused with what was found`() throws {
    let entries = try parse("a: x\nb: [1]\nc: \"1\"\nd: 1.5\ne: inf\n").mapping()
    func said(_ body: () throws(DocumentError) -> Void) -> String {
      do {
        try body()
        return "nothing is wrong"
      } catch {
        return error.description
      }
    }
    #expect(
      said { () throws(DocumentError) in _ = try entries[0].value.double() }
        == "d.yaml:1: a number is wanted, found 'x'"
    )
    #expect(
      said { () throws(DocumentError) in _ = try entries[1].value.string() }
        == "d.yaml:2: a text is wanted, found a list"
    )
    #expect(
      said { () throws(DocumentError) in _ = try entries[2].value.int() }
        == "d.yaml:3: a whole number is wanted, found the text \"1\""
    )
    #expect(said { () throws(DocumentError) in _ = try entries[3].value.int() }.hasSuffix("found '1.5'"))
    #expect(said { () throws(DocumentError) in _ = try entries[3].value.bool() }.hasSuffix("found '1.5'"))
    #expect(said { () throws(DocumentError) in _ = try entries[4].value.double() }.hasSuffix("found 'inf'"))
    #expect(
      said { () throws(DocumentError) in _ = try entries[0].value.sequence() }.hasSuffix("a list is wanted, found 'x'")
    )
    #expect(
      said { () throws(DocumentError) in _ = try entries[0].value.mapping() }.hasSuffix(
        "a mapping is wanted, found 'x'"
      )
    )
  }

  @Test func `a mapping's unknown key is refused with the nearest known one`() throws {
    var reader = try MappingReader(try parse("size: 1\nmodle: x"), "population E")
    #expect(try reader.require("size").int() == 1)
    #expect(reader.take("model") == nil)
    do {
      try reader.finish()
      Issue.record("'modle' is not known")
    } catch {
      #expect(error.description == "d.yaml:2: population E: unknown key 'modle'; did you mean 'model'?")
    }
    #expect(throws: DocumentError.self) { try reader.require("name") }
    #expect(reader.takeRest().map(\.key) == ["modle"])
    #expect(throws: Never.self) { try reader.finish() }
  }

  @Test func `JSON is read`() throws {
    let entries = try parse("{\"a\": [1, 2.5e-3, \"\\u00e9\\n\"],\n \"b\": {\"c\": null}}").mapping()
    let list = try entries[0].value.sequence()
    #expect(try list[1].double() == 0.0025)
    #expect(try list[2].string() == "é\n")
    #expect(try entries[1].value.mapping()[0].value.isNull)
    #expect(entries[1].line == 2)
  }

  @Test func `documents that are not one plain document are refused`() {
    #expect(problem("") == "d.yaml: the file is empty")
    #expect(problem("a: 1\na: 2") == "d.yaml:2: the key 'a' stands here twice")
    #expect(problem("a: &x 1").hasPrefix("d.yaml:1: anchors and aliases"))
    #expect(problem("a: *x").hasPrefix("d.yaml:1: anchors and aliases"))
    #expect(problem("a: 1\n---\nb: 2").hasPrefix("d.yaml:2: a second document begins here"))
    #expect(problem("[1]: 2") == "d.yaml:1: a key must be a text")
    #expect(problem("a: [1").hasPrefix("d.yaml:"))
    #expect(problem(String(repeating: "[", count: 200_000)).hasPrefix("d.yaml:1: nested deeper than 64 levels"))
    #expect(problem("a: \"\\xff\"") == "nothing is wrong")
    #expect(throws: DocumentError.self) { try YAML.parse([0x61, 0x3A, 0x20, 0xC3, 0x28], file: "d.yaml") }
  }

  @Test func `paths are beside the file that names them`() {
    #expect(DocumentPath.resolve("b.csv", besideFile: "x/y/a.yaml") == "x/y/b.csv")
    #expect(DocumentPath.resolve("../b.csv", besideFile: "/x/a.yaml") == "/x/../b.csv")
    #expect(DocumentPath.resolve("b.csv", besideFile: "a.yaml") == "b.csv")
    #expect(DocumentPath.resolve("/b.csv", besideFile: "x/a.yaml") == "/b.csv")
  }
}

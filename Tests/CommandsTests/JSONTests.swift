internal import Basics
internal import Documents
import Testing

struct JSONTests {
  @Test func `a value is written in order or sorted, on one line or many`() {
    let value: JSONValue = ["b": [1, 2.5, nil], "a": ["x": true], "empty": [:], "none": []]
    #expect(value.json() == #"{"b":[1,2.5,null],"a":{"x":true},"empty":{},"none":[]}"#)
    #expect(value.json(JSONValue.Layout(sortsNames: true)).hasPrefix(#"{"a":{"x":true},"b""#))
    #expect(JSONValue.object([]).json(.pretty) == "{}")
    #expect(JSONValue.array([["k": 1]]).json(.pretty) == "[\n  {\n    \"k\": 1\n  }\n]")
  }

  @Test(arguments: [
    "null", "true", "-12", "9223372036854775807", "0.1", "1e-05", "-0", "\"a\\n\\u0001é\\\"\"", "[]", "[[],{}]",
    #"{"a":1,"b":{"c":[1,2,"x"]}}"#,
  ])
  func `a value reads back to the same text`(text: String) throws {
    #expect(try JSONValue(parsing: text).json() == text)
  }

  @Test func `escapes and surrogate pairs are read`() throws {
    #expect(try JSONValue(parsing: #""\u0041\u00e9\ud83d\ude00\/\b\f""#).text == "Aé😀/\u{8}\u{C}")
    #expect(try JSONValue(parsing: " { \"a\" : 18446744073709551616 } ")["a"]?.double == 18_446_744_073_709_551_616)
  }

  @Test(arguments: [
    ("", "byte 0: a value is wanted, the text has ended"),
    ("[1,]", "byte 3: a value is wanted"),
    ("{\"a\":1,}", "byte 7: a name in double quotes is wanted"),
    ("{\"a\" 1}", "byte 5: ':' is wanted after a name"),
    ("{\"a\":1,\"a\":2}", "byte 10: the name \"a\" stands here twice"),
    ("[1 2]", "byte 3: ',' or ']' is wanted"),
    ("1 2", "byte 2: the value has ended, but more follows"),
    ("01", "byte 0: a number must not begin with 0"),
    ("1.", "byte 2: a digit is wanted after the point"),
    ("1e999", "byte 5: 1e999 is beyond the range of a number"),
    ("nul", "byte 0: a value is wanted"),
    ("\"a", "byte 2: a text has no closing quote"),
    ("\"\\ud800\"", "byte 7: half of a surrogate pair"),
    ("\"\\ude00\"", "byte 7: half of a surrogate pair"),
    ("\"\\x\"", "byte 2: an unknown escape in a text"),
    ("\"\u{1}\"", "byte 1: a control character in a text must be escaped"),
    ("NaN", "byte 0: a value is wanted"),
  ])
  func `what is not JSON is refused at its place`(text: String, message: String) {
    #expect(performing: { try JSONValue(parsing: text) }, throws: { "\($0)" == message })
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func `spoilt text is read or refused, never more`(seed: UInt64) throws
  {
    let text = Array(#"{"a":[1,-2.5e3,null,true],"b":{"c":"\u00e9\ud83d\ude00\n"},"d":[]}"#.utf8)
    let random = CounterRandom(seed: seed, stream: 1)
    for round in 0..<500 as Range<UInt32> {
      var spoilt = text
      let words = random.words(round)
      for (i, word) in [words[0], words[1], words[2]].enumerated() where UInt32(i) <= words[3] % 3 {
        spoilt[Int(word >> 8) % spoilt.count] = UInt8(truncatingIfNeeded: word)
      }
      guard let value = try? JSONValue(parsing: spoilt) else { continue }
      // 2.5e3 reads as a number and is written as the whole number 2500: the texts are compared.
      #expect(try JSONValue(parsing: value.json()).json() == value.json(), "seed \(seed), round \(round)")
    }
  }

  @Test func `invalid UTF-8 and deep nesting are refused`() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22] as [UInt8]) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
  }
}

import Circuits
import Documents

/// Reads a circuit from texts, as the tests write them.
func readCircuit(_ text: String, _ files: [String: String] = [:]) throws(DocumentError) -> Circuit {
  try CircuitFile.read(bytes: Array(text.utf8), file: "c.yaml") { path in
    guard let file = files[path] else { throw MissingFile() }
    return Array(file.utf8)
  }
}

/// Returns what is wrong with a circuit, as `file:line: message`.
func problem(_ text: String, _ files: [String: String] = [:]) -> String {
  do {
    _ = try readCircuit(text, files)
    return "nothing is wrong"
  } catch {
    return error.description
  }
}

struct MissingFile: Error, CustomStringConvertible {
  var description: String { "no such file" }
}

/// Two populations on lines 2 and 3; what tests add begins on line 4.
let pair = """
  circuit: pair
  populations: {E: {size: 80, model: iaf_psc_exp},
    I: {size: 20, model: iaf_psc_delta}}

  """

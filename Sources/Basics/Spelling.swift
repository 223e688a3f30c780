/// Finds what a misspelt word probably meant.
public enum Spelling {
  /// Returns the candidate nearest to a word, or nil when none is near (ties go to the first in order).
  public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    var best: (distance: Int, word: String)?
    for candidate in candidates.sorted() {
      let d = distance(word.lowercased(), candidate.lowercased())
      if d <= max(1, candidate.count / 3), d < best?.distance ?? .max { best = (d, candidate) }
    }
    return best?.word
  }

  /// Returns "; did you mean 'x'?" or the list of what is allowed.
  public static func hint(for word: String, among candidates: some Sequence<String>) -> String {
    if let near = nearest(to: word, among: candidates) { return "; did you mean '\(near)'?" }
    return "; known are: \(candidates.sorted().joined(separator: ", "))"
  }

  /// Edits (insert, delete, replace, swap of neighbours) between two words.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a), b = Array(b)
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var d = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { d = min(d, rows[i - 1][j - 1] + 1) }
        row.append(d)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}

internal import Documents

/// The layer of options between the environment and the defaults: plain values at the top of a YAML file.
enum SettingsFile {
  /// Reads the scalars at the top level of a file; other keys belong to whoever reads the file in full.
  static func read(_ file: String) throws -> [String: Setting] {
    let root = try YAML.parse(try FileText.bytes(of: file), file: file)
    var settings: [String: Setting] = [:]
    for entry in try root.mapping() {
      guard case .scalar(let text, _) = entry.value.content, !entry.value.isNull else { continue }
      settings[entry.key] = Setting(text: text, place: "\(file):\(entry.line)")
    }
    return settings
  }
}

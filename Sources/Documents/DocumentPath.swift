/// Paths that stand in a document.
public enum DocumentPath {
  /// Returns a path relative to the folder of the file that names it; an absolute path stays as it is.
  public static func resolve(_ path: String, besideFile file: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return file[...slash] + path
  }
}

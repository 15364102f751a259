import Foundation

/// The files of a committed corpus, in the order of their names; none where the folder is missing.
func corpus(_ name: String) -> [URL] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Corpora/\(name)")
    let found = try? FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)
    return (found ?? []).sorted { $0.path < $1.path }
}

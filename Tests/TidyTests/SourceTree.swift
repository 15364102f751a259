import Foundation
import Testing

/// One Swift file of the project, as lines and as code without comments and texts.
struct SourceFile: CustomTestStringConvertible, Sendable {
    /// Relative to the project's folder.
    let path: String
    let text: String
    let lines: [String]
    /// `lines` with comments, and what stands in quotes, blanked out.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        code = SwiftScanner.code(of: text)
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    var testDescription: String { path }
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// The target that the file belongs to: `Sources/Edge/Store.swift` is of `Edge`.
    var module: String { String(path.split(separator: "/").dropFirst().first ?? "") }

    /// `path:line`, counted from one.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}

/// The project as it lies on disk.
enum SourceTree {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Sources, tests and benchmarks.
    static let files = swiftFiles(under: ["Sources", "Tests", "Benchmarks"])
    static let sources = files.filter { $0.path.hasPrefix("Sources/") }
    static let tests = files.filter { $0.path.hasPrefix("Tests/") }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func swiftFiles(under folders: [String]) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let place = root.appending(path: folder)
            let found = FileManager.default.enumerator(atPath: place.path)?.allObjects ?? []
            return found.compactMap { $0 as? String }
                .filter { $0.hasSuffix(".swift") && !$0.contains(".build") }
                .sorted()
                .compactMap { name in
                    let path = "\(folder)/\(name)"
                    return (try? text(of: path)).map { SourceFile(path: path, text: $0) }
                }
        }
    }
}

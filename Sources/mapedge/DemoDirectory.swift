import Glibc

/// The one temporary directory that a run of the demo writes to; `DemoReaper` removes it.
struct DemoDirectory {
    let path: String

    init() throws(DemoError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/mapedge-demo.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DemoError(
                problem: "no directory can be made in \"\(parent)\" (\(lastSystemError()))",
                remedy: "set TMPDIR to one that can be written")
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// Writes a recipe under `name`, with each `@KEY@` replaced by its value.
    func render(
        _ recipe: String, as name: String, _ values: [String: String]
    ) throws(DemoError) {
        let text = Self.fill(try Self.text(of: recipe), values)
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            throw DemoError(
                problem: "\"\(path)/\(name)\" cannot be written", remedy: "make room on that disk")
        }
    }

    /// `text` with each `@KEY@` that has a value replaced by it; others stay as they are.
    static func fill(_ text: String, _ values: [String: String]) -> String {
        let pieces = text.split(separator: "@", omittingEmptySubsequences: false)
        var result = ""
        var opens = false
        for (index, piece) in pieces.enumerated() {
            if opens, index + 1 < pieces.count, let value = values[String(piece)] {
                result += value
                opens = false
                continue
            }
            result += (opens ? "@" : "") + piece
            opens = true
        }
        return result
    }

    /// The whole of a small text file.
    static func text(of path: String) throws(DemoError) -> String {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw DemoError(
                problem: "\"\(path)\" cannot be read (\(lastSystemError()))",
                remedy: "restore the file")
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { break }
            content += piece[..<count]
        }
        return String(decoding: content, as: UTF8.self)
    }
}

import Glibc

/// A directory that goes with its last reference.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        var template = Array("/tmp/mapedge-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw WireError.system("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        runToEnd("/bin/rm", ["-rf", path])
    }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives its path.
    public func write(_ name: String, _ text: String) throws -> String {
        try write(name, bytes: Array(text.utf8))
    }

    public func write(_ name: String, bytes: [UInt8]) throws -> String {
        guard let stream = fopen(file(name), "w") else { throw WireError.system("open \(name)") }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
            throw WireError.system("write \(name)")
        }
        return file(name)
    }
}

/// A file's text.
public func readFile(_ path: String) throws -> String {
    String(decoding: try readBytes(path), as: UTF8.self)
}

/// A file's bytes.
public func readBytes(_ path: String) throws -> [UInt8] {
    guard let stream = fopen(path, "r") else { throw WireError.system("open \(path)") }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, stream)
        if count == 0 { break }
        bytes += buffer[..<count]
    }
    return bytes
}

/// Whether a program is to be found, by its path.
public func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

/// The first of some paths that can be executed.
public func firstExecutable(_ paths: String...) -> String? { paths.first(where: isExecutable) }

/// A program of PATH.
public func executable(named name: String) -> String? {
    guard let path = getenv("PATH") else { return nil }
    return String(cString: path).split(separator: ":").map { "\($0)/\(name)" }
        .first(where: isExecutable)
}

import Glibc

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

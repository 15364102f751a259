import Glibc
import Synchronization

/// A directory below TMPDIR that goes with its last reference, or with the process: what a suite
/// holds in a static property is never released, and a cache takes half a gigabyte.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/mapedge-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw WireError.system("mkdtemp in \(parent)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        _ = Self.removesAtExit
        Self.present.withLock { [path] in _ = $0.insert(path) }
    }

    deinit {
        Self.remove([path])
        Self.present.withLock { [path] in _ = $0.remove(path) }
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

    private static let present = Mutex<Set<String>>([])

    /// Touched by the first directory.
    private static let removesAtExit: Void = {
        atexit { remove(present.withLock { Array($0) }) }
    }()

    private static func remove(_ paths: [String]) {
        if !paths.isEmpty { runToEnd("/bin/rm", ["-rf"] + paths) }
    }
}

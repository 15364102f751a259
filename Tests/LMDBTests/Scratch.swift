import Glibc
import LMDB

/// A directory of a test's own, removed with everything in it when the value ends.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/mapedge-lmdb.XXXXXX".utf8CString)
        path =
            mkdtemp(&template) == nil
            ? ""
            : String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        precondition(!path.isEmpty, "no temporary directory")
    }

    deinit {
        for name in ["data.mdb", "lock.mdb", "copy/data.mdb", "copy/lock.mdb"] {
            unlink(path + "/" + name)
        }
        rmdir(path + "/copy")
        rmdir(path)
    }

    func environment(mapBytes: Int = 4 << 20, readOnly: Bool = false) throws -> Environment {
        var settings = EnvironmentSettings(mapBytes: mapBytes)
        settings.isReadOnly = readOnly
        return try Environment(directory: path, settings)
    }

    /// Changes the data file's bytes.
    func overwrite(at offset: Int, _ bytes: [UInt8]) {
        let descriptor = open(path + "/data.mdb", O_WRONLY)
        pwrite(descriptor, bytes, bytes.count, off_t(offset))
        close(descriptor)
    }
}

extension Scratch {
    var bytes: [UInt8] {
        var status = stat()
        stat(path + "/data.mdb", &status)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let descriptor = open(path + "/data.mdb", O_RDONLY)
        pread(descriptor, &bytes, bytes.count, 0)
        close(descriptor)
        return bytes
    }

    /// Where in the file values lie whose nodes bear these flags and that length of key.
    func values(flags: UInt8, keyBytes: Int) -> [Int] {
        let bytes = bytes
        func short(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
        var found: [Int] = []
        for page in stride(from: 2 * 4_096, to: bytes.count, by: 4_096) where bytes[page + 10] == 2
        {
            // Behind the page's 16 bytes its nodes' offsets: of length, flags, key and value.
            for at in stride(from: page + 16, to: page + short(page + 12), by: 2) {
                let node = page + short(at)
                guard short(node + 4) == Int(flags), short(node + 6) == keyBytes else { continue }
                found.append(node + 8 + keyBytes)
            }
        }
        return found
    }
}

extension Environment {
    /// One committed transaction.
    func write(_ body: (inout WriteTransaction) throws -> Void) throws {
        var transaction = try WriteTransaction(self)
        try body(&transaction)
        try transaction.commit()
    }

    /// One snapshot.
    func read<Result>(_ body: (borrowing ReadTransaction) throws -> Result) throws -> Result {
        let transaction = try ReadTransaction(self)
        try transaction.renew()
        defer { transaction.reset() }
        return try body(transaction)
    }

    func bytes(_ key: Key, _ table: Database) throws -> [UInt8]? {
        try read { try $0.get(key, in: table).map { [UInt8]($0) } }
    }
}

extension WriteTransaction {
    mutating func put(_ key: Key, _ bytes: [UInt8], in table: Database) throws {
        try reserve(key, bytes.count, in: table).copyBytes(from: bytes)
    }
}

import Glibc
import Reactor

/// What lies on the disk below a running edge, and what a power cut leaves of it.
///
/// The store's commits wait for their pages but not for the one that makes them count
/// (`MDB_NOMETASYNC`), so that the last one may be lost. Nothing else is: a log of invalidations
/// that was committed and not synced would look kept here.
struct SimulatedDisk {
    let directory: String
    /// The two pages of which the one with the higher number counts, and what stood there before.
    private var meta: [[UInt8]] = []
    private var former: [[UInt8]] = []

    private static let pageBytes = 4_096
    /// Where a meta page has its transaction's number: behind the page's head, magic, version,
    /// address, size, two databases and the last page.
    private static let numberOffset = 16 + 4 + 4 + 8 + 8 + 2 * 48 + 8

    init(_ directory: String) { self.directory = directory }

    private var storeFile: String { directory + "/store/data.mdb" }

    /// Looks at the store's file again; to be called whenever there may have been a commit.
    mutating func observe() {
        let now = Self.read(storeFile, limit: 2 * Self.pageBytes)
        guard now.count == 2 * Self.pageBytes else { return }
        let pages = [Array(now[..<Self.pageBytes]), Array(now[Self.pageBytes...])]
        if meta.isEmpty { (meta, former) = (pages, pages) }
        for index in 0...1 where !Self.isSame(pages[index], meta[index]) {
            former[index] = meta[index]
            meta[index] = pages[index]
        }
    }

    /// Of pages, which are of one size: thousands of them are compared.
    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        unsafe one.withUnsafeBytes { one in
            unsafe other.withUnsafeBytes { other in
                guard one.count == other.count, let left = one.baseAddress,
                    let right = other.baseAddress
                else { return one.count == other.count }
                return unsafe memcmp(left, right, one.count) == 0
            }
        }
    }

    /// A directory with what is left when the power goes now.
    ///
    /// - Parameter losesLastCommit: the page that makes the last commit count was not written.
    func copy(losesLastCommit: Bool) throws -> String {
        let target = try Self.makeDirectory()
        try Self.copyTree(directory, to: target)
        guard losesLastCommit, let page = lost else { return target }
        let file = unsafe open(target + "/store/data.mdb", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let count = unsafe former[page].withUnsafeBytes {
            unsafe pwrite(file, $0.baseAddress, $0.count, page * Self.pageBytes)
        }
        guard count == Self.pageBytes else { throw SystemError(call: "pwrite", errno: errno) }
        return target
    }

    /// The page of the last commit, if what stood there before it is known.
    private var lost: Int? {
        guard !meta.isEmpty else { return nil }
        let page = Self.number(meta[0]) > Self.number(meta[1]) ? 0 : 1
        let last = Self.number(meta[page])
        return Self.number(meta[1 - page]) + 1 == last && Self.number(former[page]) + 2 == last
            ? page : nil
    }

    private static func number(_ page: [UInt8]) -> UInt64 {
        unsafe page.withUnsafeBytes {
            unsafe UInt64(
                littleEndian: $0.loadUnaligned(fromByteOffset: numberOffset, as: UInt64.self))
        }
    }

    // MARK: files

    /// A directory of its own in memory, or where temporary files go.
    static func makeDirectory() throws -> String {
        let place = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/mapedge-simulation-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw SystemError(call: "mkdtemp", errno: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func removeTree(_ path: String) {
        for name in names(in: path) where unsafe unlink("\(path)/\(name)") != 0 {
            removeTree("\(path)/\(name)")
        }
        _ = unsafe rmdir(path)
    }

    private static func names(in path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// But for the locks, which go with the process.
    private static func copyTree(_ source: String, to target: String) throws {
        for name in names(in: source) where name != "lock" && name != "lock.mdb" {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            if let stream = unsafe opendir(from) {
                unsafe closedir(stream)
                unsafe mkdir(to, 0o700)
                try copyTree(from, to: to)
            } else {
                try write(read(from, limit: 64 << 20), to: to)
            }
        }
    }

    private static func read(_ path: String, limit: Int) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let size = min(limit, max(0, Int(lseek(file, 0, SEEK_END))))
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe max(0, pread(file, buffer.baseAddress, size, 0))
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(file, $0.baseAddress, $0.count)
        }
        guard count == bytes.count else { throw SystemError(call: "write", errno: errno) }
    }
}

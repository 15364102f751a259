import Glibc
import LMDB
import Testing

@Suite("LMDB: opening and failing")
struct EnvironmentTests {
    private let scratch = Scratch()

    private func fill() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in 0..<50 {
                _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
            }
        }
        try environment.synchronize()
    }

    @Test func `entries survive closing and opening`() throws {
        try fill()
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        #expect(try environment.read { try $0.count(of: table) } == 50)
        #expect(environment.clearDeadReaders() == 0)
    }

    @Test(
        "a file shorter than what it says it holds is refused before it is touched",
        arguments: [0, 1, 100, 8_191, 8_192, 40_960])
    func truncated(length: Int) throws {
        try fill()
        truncate(scratch.path + "/data.mdb", off_t(length))
        if length == 0 {
            // An empty file is a new one.
            _ = try scratch.environment()
        } else {
            let error = #expect(throws: LMDBError.self) { _ = try scratch.environment() }
            #expect(error?.kind == .damaged)
        }
    }

    @Test(
        "one that counts more than there can be, pages or commits, is damaged",
        arguments: [141, 143, 151], [0x3f, 0x80] as [UInt8])
    func counted(place: Int, top: UInt8) throws {
        try fill()
        let descriptor = open(scratch.path + "/data.mdb", O_WRONLY)
        for page in 0...1 { pwrite(descriptor, [top], 1, off_t(page * 4_096 + place)) }
        close(descriptor)
        let error = #expect(throws: LMDBError.self) { _ = try scratch.environment() }
        #expect(error?.kind == .damaged)
    }

    @Test func `a file opens again whose last pages were given back before they were written`()
        throws
    {
        do {
            let environment = try scratch.environment()
            let table = try environment.table("n", .integers)
            for _ in 0..<3 {
                try environment.write { transaction in
                    for number: UInt64 in 0..<4 {
                        _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
                    }
                    for number: UInt64 in 1..<4 {
                        _ = try transaction.delete(Key(number), in: table)
                    }
                }
            }
        }
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        #expect(try environment.read { try $0.count(of: table) } == 1)
    }

    @Test func `garbage in place of the file is refused as damaged`() throws {
        try fill()
        scratch.overwrite(at: 0, [UInt8](repeating: 0xa5, count: 65_536))
        let error = #expect(throws: LMDBError.self) { _ = try scratch.environment() }
        #expect(error?.kind == .damaged)
    }

    @Test func `a meta page that points beyond the file is refused as damaged`() throws {
        try fill()
        // mm_last_pg, 120 bytes behind the page header, of both meta pages.
        for page in [0, 4_096] {
            scratch.overwrite(at: page + 16 + 120, [0, 0, 0, 0, 1, 0, 0, 0])
        }
        let error = #expect(throws: LMDBError.self) { _ = try scratch.environment() }
        #expect(error?.kind == .damaged)
    }

    @Test func `a map smaller than the file's contents is made large enough`() throws {
        try fill()
        let environment = try scratch.environment(mapBytes: 4_096)
        #expect(environment.mapBytes >= 50 * 4_096)
    }

    @Test func `a read-only environment needs its files`() throws {
        #expect(throws: LMDBError.self) { _ = try scratch.environment(readOnly: true) }
        try fill()
        let environment = try scratch.environment(readOnly: true)
        let table = try environment.table("n", .integers)
        #expect(try environment.read { try $0.count(of: table) } == 50)
        #expect(throws: LMDBError.self) { _ = try environment.table("absent", .integers) }
    }

    @Test(
        "an error says what happened and what to do",
        arguments: [
            (
                LMDBError(.commit, ENOSPC), LMDBError.Kind.disk,
                "LMDB commit: No space left on device; free space on its disk, or look for disk "
                    + "errors with \"dmesg\""
            ),
            (
                LMDBError(.put, LMDBError.mapFull), .full,
                "LMDB put: MDB_MAP_FULL: Environment mapsize limit reached; delete entries or raise "
                    + "the map's size"
            ),
            (
                LMDBError(.get, LMDBError.corrupted), .damaged,
                "LMDB get: MDB_CORRUPTED: Located page was wrong type; set the file aside and begin "
                    + "a new one"
            ),
            (
                LMDBError(.open, EACCES), .environment,
                "LMDB open: Permission denied; let this user write there, or give another directory"
            ),
            (
                LMDBError(.begin, EINVAL), .misuse,
                "LMDB begin: Invalid argument; report it: this is a bug of MapEdge"
            ),
        ])
    func texts(_ error: LMDBError, _ kind: LMDBError.Kind, _ text: String) {
        #expect(error.kind == kind)
        #expect(error.description == text)
    }

    @Test(
        "every kind of error has a remedy",
        arguments: [
            EROFS, EDQUOT, ENOENT, ENOMEM, ENODEV, -30_790, -30_788, -30_798,
        ])
    func remedies(code: Int32) {
        #expect(!LMDBError(.open, code).remedy.isEmpty)
    }

    @Test func `the library's version has three numbers`() {
        #expect(Environment.libraryVersion.split(separator: ".").count == 3)
    }
}

import Glibc
import LMDB
import Testing

@Suite("LMDB: space")
struct SpaceTests {
    private let scratch = Scratch()

    @Test func `a value of the page payload takes exactly one page of its own`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in 0..<20 {
                _ = try transaction.reserve(
                    Key(number), Environment.pagePayload, in: table, appends: true)
            }
        }
        // Twenty pages of values and the one leaf that names them.
        #expect(try environment.read { try $0.pages(of: table) } == 21)
    }

    @Test func `what is deleted counts as free`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in 0..<100 {
                _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
            }
        }
        let full = try environment.read { try $0.space() }
        try environment.write { transaction in
            _ = try transaction.delete(0...99, limit: 100, in: table)
        }
        let empty = try environment.read { try $0.space() }
        #expect(full.mapPages == 1_024)
        #expect(full.usedPages >= 100)
        #expect(full.usedPages - empty.usedPages >= 95)
        #expect(empty.freePages >= 95)
    }

    @Test func `a full map is an error of its own kind, and nothing is lost by it`() throws {
        let environment = try scratch.environment(mapBytes: 1 << 20)
        let table = try environment.table("n", .integers)
        try environment.write { try $0.put(Key(0), [1], in: table) }
        let error = #expect(throws: LMDBError.self) {
            try environment.write { transaction in
                for number: UInt64 in 1...1_000 {
                    _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
                }
            }
        }
        #expect(error?.kind == .full)
        #expect(try environment.read { try $0.count(of: table) } == 1)
    }

    @Test func `preallocation makes the file as long as the map`() throws {
        let environment = try scratch.environment(mapBytes: 8 << 20)
        let isReserved = try environment.preallocate()
        var status = stat()
        fstat(environment.descriptor, &status)
        if isReserved { #expect(status.st_size == 8 << 20) }
    }

    @Test func `a compacted copy has the same entries and no free pages`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { transaction in
            for number: UInt64 in 0..<100 {
                _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
            }
        }
        try environment.write { _ = try $0.delete(10...99, limit: 100, in: table) }
        mkdir(scratch.path + "/copy", 0o700)
        try environment.copyCompacted(to: scratch.path + "/copy")
        var settings = EnvironmentSettings(mapBytes: 0)
        settings.isReadOnly = true
        let copy = try Environment(directory: scratch.path + "/copy", settings)
        let copied = try copy.table("n", .integers)
        #expect(try copy.read { try $0.count(of: copied) } == 10)
        #expect(try copy.read { try $0.space().usedPages } < 20)
    }

    @Test func `a page that was just written is in memory, and lies where the map is`() throws {
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        try environment.write { try $0.put(Key(1), [UInt8](repeating: 3, count: 4_000), in: table) }
        let addresses = try #require(environment.mapAddresses)
        try environment.read { transaction in
            let value = try #require(try transaction.get(Key(1), in: table))
            Residency.prefetch(value)
            #expect(Residency.isResident(value))
            #expect(addresses.contains(UInt(bitPattern: value.baseAddress)))
        }
        #expect(Residency.isResident(UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    @Test func `a page of which the kernel does not tell is taken for one on disk`() throws {
        let size = Environment.pageBytes
        let page = try #require(
            mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        try #require(page != MAP_FAILED && munmap(page, size) == 0)
        #expect(!Residency.isResident(UnsafeRawBufferPointer(start: page, count: size)))
    }

    /// What LMDB keeps of numbers, where a broken page says what cannot be.
    enum Number: CaseIterable, Sendable {
        case branches, leaves, overflows, entries, free

        /// Where they lie, and where in each value.
        func places(_ scratch: Scratch) -> [Int] {
            switch self {
            case .branches: scratch.values(flags: 2, keyBytes: 1).map { $0 + 8 }
            case .leaves: scratch.values(flags: 2, keyBytes: 1).map { $0 + 16 }
            case .overflows: scratch.values(flags: 2, keyBytes: 1).map { $0 + 24 }
            case .entries: scratch.values(flags: 2, keyBytes: 1).map { $0 + 32 }
            case .free: scratch.values(flags: 0, keyBytes: 8)
            }
        }
    }

    @Test(
        "numbers that cannot be are damage, and end no process",
        arguments: Number.allCases, [UInt8(0x7f), 0xff])
    func impossible(_ number: Number, _ byte: UInt8) throws {
        do {
            let environment = try scratch.environment()
            let table = try environment.table("n", .integers)
            try environment.write { transaction in
                for number: UInt64 in 0..<9 {
                    _ = try transaction.reserve(Key(number), Environment.pagePayload, in: table)
                }
            }
            try environment.write { _ = try $0.delete(0...5, limit: 6, in: table) }
            try environment.synchronize()
        }
        let places = number.places(scratch)
        try #require(!places.isEmpty)
        for place in places {
            scratch.overwrite(at: place, [UInt8](repeating: byte, count: 8))
        }
        let environment = try scratch.environment()
        let table = try environment.table("n", .integers)
        let error = #expect(throws: LMDBError.self) {
            try environment.read { transaction in
                _ = try transaction.space()
                _ = try transaction.count(of: table)
                _ = try transaction.pages(of: table)
            }
        }
        #expect(error?.kind == .damaged)
    }
}

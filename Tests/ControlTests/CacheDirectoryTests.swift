import Dispatch
import Glibc
import Reactor
import Synchronization
import Testing
import WireTesting

@testable import Control

@Suite("The cache directory of an edge that is given none")
struct CacheDirectoryTests {
    /// What a process that was killed leaves behind.
    private func leave(_ name: String, in parent: String, marked: Bool = true) throws -> String {
        let path = "\(parent)/\(name)"
        #expect(mkdir(path, 0o700) == 0 && mkdir("\(path)/store", 0o700) == 0)
        try writeTextFile("\(path)/format", "1")
        try writeTextFile("\(path)/store/data.mdb", "2")
        if marked { try writeTextFile("\(path)/temporary", "") }
        return path
    }

    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test("a new one goes with the process, the operator's stays")
    func goes() throws {
        let parent = try TemporaryDirectory()
        let temporary = try CacheDirectory(nil, in: parent.path)
        #expect(mkdir("\(temporary.path)/store", 0o700) == 0)
        try writeTextFile("\(temporary.path)/format", "1")
        try writeTextFile("\(temporary.path)/store/data.mdb", "2")
        temporary.removeIfTemporary()
        #expect(!isThere(temporary.path))

        let own = try CacheDirectory(parent.path)
        own.removeIfTemporary()
        #expect(isThere(parent.path))
    }

    @Test("what a killed process left goes with the next start, and nothing else does")
    func abandoned() throws {
        let parent = try TemporaryDirectory()
        let running = try CacheDirectory(nil, in: parent.path)
        let left = try leave("mapedge-aaaaaa", in: parent.path)
        let operators = try leave("mapedge-bbbbbb", in: parent.path, marked: false)
        let others = try leave("mapcache-cccccc", in: parent.path)
        let link = "\(parent.path)/mapedge-dddddd"
        #expect(symlink(others, link) == 0)

        let next = try CacheDirectory(nil, in: parent.path)
        #expect(!isThere(left))
        for path in [running.path, next.path, operators, others, link] {
            #expect(isThere(path), "\(path)")
        }
        #expect(isThere("\(others)/store/data.mdb") && isThere("\(operators)/store/data.mdb"))
        running.removeIfTemporary()
        next.removeIfTemporary()
        #expect(!isThere(running.path) && !isThere(next.path))
    }

    @Test("a mark is held by one, and by nobody once it is removed")
    func taken() throws {
        let parent = try TemporaryDirectory()
        let name = parent.file("temporary")
        let marks = (0..<3).map { _ in open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        defer { for mark in marks { close(mark) } }
        #expect(try CacheDirectory.lock(marks[0], name))
        #expect(try !CacheDirectory.lock(marks[1], name))
        // As by one that sees it between its making and its locking.
        #expect(flock(marks[0], LOCK_UN) == 0 && unlink(name) == 0)
        #expect(try !CacheDirectory.lock(marks[2], name))
        #expect(throws: SystemError.self) { try CacheDirectory.lock(-1, name) }
    }

    @Test("edges that start and stop at once never lose a directory to one another")
    func race() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path
        let ends = Mutex(0)
        let starters = DispatchGroup()
        for _ in 0..<3 {
            DispatchQueue.global().async(group: starters) {
                for _ in 0..<200 {
                    guard let own = try? CacheDirectory(nil, in: path) else { return }
                    CacheDirectory.removeAbandoned(in: path)
                    guard access("\(own.path)/temporary", F_OK) == 0 else { return }
                    own.removeIfTemporary()
                }
                ends.withLock { $0 += 1 }
            }
        }
        starters.wait()
        #expect(ends.withLock { $0 } == 3)
        #expect(try fileNames(in: path) == [])
    }
}

import Foundation
import HTTP
import Testing

@testable import Edge

@Suite("Files of a standard access log")
struct LogArchiveTests {
    private let directory: URL
    private let settings: LogArchiveSettings
    private static let header = "#Version: 1.0\n#Fields: date time"

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "mapedge-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        settings = LogArchiveSettings(
            directory: directory.path, prefix: "maps/edge", distribution: "E2EXAMPLE1",
            domainName: "d.cloudfront.net")
    }

    private func end() { try? FileManager.default.removeItem(at: directory) }

    /// The names below the prefix, in their order.
    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: directory.appending(path: "maps/edge").path
        ).sorted()
    }

    private func text(_ name: String) throws -> String {
        let packed = [UInt8](try Data(contentsOf: directory.appending(path: "maps/edge/\(name)")))
        guard var reader = GzipReader(limit: 1 << 22) else { return "" }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
        defer { room.deallocate() }
        var bytes: [UInt8] = []
        var at = 0
        while at < packed.count {
            let step = try reader.read(packed.span.bytes.extracting(at...), into: room)
            at += step.consumed
            bytes += room[..<step.produced]
        }
        let isComplete = reader.isComplete
        #expect(isComplete)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func take(_ archive: LogArchive, _ pieces: String...) {
        for piece in pieces { Array(piece.utf8).withUnsafeBytes { archive.take($0) } }
        archive.endRing()
    }

    @Test("lines go to the file of the hour they ended in, in CloudFront's names")
    func hours() throws {
        defer { end() }
        let archive = try LogArchive(settings)
        // A line may come in two pieces, and one loop be behind the other.
        take(archive, "2019-12-04\t21:59:59\ta\n2019-12-04\t22:0", "0:00\tb\n")
        take(archive, "2019-12-04\t21:59:59\tc\n")
        #expect(archive.write() == 0)
        take(archive, "2019-12-04\t22:00:01\td\n")
        #expect(archive.write() == 0)
        let names = try names()
        try #require(names.count == 2)
        #expect(names[0].hasPrefix("E2EXAMPLE1.2019-12-04-21.") && names[0].hasSuffix(".gz"))
        #expect(names[1].hasPrefix("E2EXAMPLE1.2019-12-04-22."))
        #expect(names[0].split(separator: ".")[2].count == 11)
        let first = try text(names[0])
        #expect(first.hasPrefix(Self.header))
        #expect(first.hasSuffix("\n2019-12-04\t21:59:59\ta\n2019-12-04\t21:59:59\tc\n"))
        let second = try text(names[1])
        #expect(second.hasSuffix("\n2019-12-04\t22:00:00\tb\n2019-12-04\t22:00:01\td\n"))
        #expect(second.components(separatedBy: "#Version").count == 2)
    }

    @Test("nothing is written for nothing, and a file that was closed is never written again")
    func closed() throws {
        defer { end() }
        let archive = try LogArchive(settings)
        #expect(archive.write() == 0)
        #expect(try names().isEmpty)
        take(archive, "2019-12-04\t21:00:00\ta\n")
        _ = archive.write()
        archive.closeFiles()
        take(archive, "2019-12-04\t21:00:01\tb\n")
        _ = archive.write()
        let names = try names()
        #expect(names.count == 2 && names.allSatisfy { $0.contains(".2019-12-04-21.") })
        for name in names { #expect(try text(name).hasPrefix(Self.header)) }
    }

    @Test("a batch larger than any buffer is written whole, once")
    func large() throws {
        defer { end() }
        let archive = try LogArchive(settings)
        let line = "2019-12-04\t21:00:00\t\(UUID())\n"
        take(archive, String(repeating: line, count: 20_000))
        #expect(archive.write() == 0)
        let names = try names()
        let found = try text(names[0])
        #expect(names.count == 1 && found.hasPrefix(Self.header))
        #expect(found.hasSuffix("\n" + String(repeating: line, count: 20_000)))
        #expect(found.split(separator: "\n").count == 20_002)
    }

    @Test("a directory that is not there, or is a file, is refused with what to do")
    func refused() throws {
        defer { end() }
        var wrong = settings
        wrong.directory += "/missing"
        #expect(throws: LogError.self) { _ = try LogArchive(wrong) }
        try Data().write(to: directory.appending(path: "file"))
        wrong.directory = settings.directory
        wrong.prefix = "file/x"
        do {
            _ = try LogArchive(wrong)
            Issue.record("a file was taken for a directory")
        } catch {
            #expect("\(error)".contains("check that its directory exists"))
        }
    }

    @Test("what the disk refuses is counted")
    func lost() throws {
        defer { end() }
        let archive = try LogArchive(settings)
        try FileManager.default.removeItem(at: directory)
        let line = "2019-12-04\t21:00:00\ta\n"
        take(archive, line)
        #expect(archive.write() == line.utf8.count)
    }
}

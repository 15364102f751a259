import Foundation
import HTTP
import Testing

// gzip and Python's zlib know nothing of ours: what they read and write is the format.
@Suite("gzip as others write and read it")
struct GzipToolTests {
    private static let text: [UInt8] = (0..<4_000).flatMap {
        Array("line \($0 * 7_919 % 97)\n".utf8)
    }

    @Test("the gzip command reads what we write, members and flushes included")
    func commandReads() throws {
        let rest = [Array(Self.text[..<1_000]), Array(Self.text[1_000...])]
        let packed = gzip(rest, ending: .flushed, room: 4_096) + gzip([Self.text], room: 4_096)
        let output = try run(["gzip", "-dc"], input: packed)
        #expect(output == Self.text + Self.text)
    }

    @Test("we read what the gzip command writes", arguments: ["-1", "-6", "-9"])
    func commandWrites(level: String) throws {
        let packed = try run(["gzip", "-c", level], input: Self.text)
        #expect(gunzip(packed, room: 4_096) == Unzipped(bytes: Self.text, isComplete: true))
    }

    @Test("Python reads what we write, and finds the trailer right")
    func pythonReads() throws {
        let packed = gzip([Self.text], room: 4_096)
        let program = """
            import sys, zlib
            d = zlib.decompressobj(31)
            sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.flush())
            assert d.eof and not d.unused_data
            """
        #expect(try run(["python3", "-c", program], input: packed) == Self.text)
    }

    @Test("we read headers with a name, a comment and a checksum")
    func pythonWrites() throws {
        // RFC 1952 §2.3: FTEXT, FHCRC, FEXTRA, FNAME and FCOMMENT all set.
        let program = """
            import sys, zlib, struct
            data = sys.stdin.buffer.read()
            head = b"\\x1f\\x8b\\x08\\x1f" + struct.pack("<I", 1575493351) + b"\\x02\\x03"
            head += struct.pack("<H", 4) + b"abcd" + b"name\\0" + b"comment\\0"
            head += struct.pack("<H", zlib.crc32(head) & 0xffff)
            c = zlib.compressobj(6, zlib.DEFLATED, -15)
            body = c.compress(data) + c.flush()
            trailer = struct.pack("<II", zlib.crc32(data), len(data))
            sys.stdout.buffer.write(head + body + trailer)
            """
        let packed = try run(["python3", "-c", program], input: Self.text)
        let expected = Unzipped(bytes: Self.text, isComplete: true)
        #expect(gunzip(packed, room: 4_096) == expected)
        #expect(gunzip(packed, piece: 1, room: 4_096) == expected)
    }

    /// What a program writes that reads `input` from a file. Waits for its end.
    private func run(_ command: [String], input: [UInt8]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "mapedge-gzip-\(UUID().uuidString)")
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = try FileHandle(forReadingFrom: file)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return [UInt8](output)
    }
}

import HTTP
import Testing

@Suite("RFC 1952: gzip")
struct GzipTests {
    /// Compressible and not: words, then bytes that repeat nothing.
    private static let sample: [UInt8] = {
        var seed: UInt64 = 7
        let noise = (0..<100).map { _ in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: seed >> 56)
        }
        return Array(String(repeating: "a tile of the map; ", count: 20).utf8) + noise
    }()

    private struct NoMemory: Error {}

    @Test("what was cut anywhere on the way in comes out whole", arguments: [1, 6, 9])
    func inputSplits(level: Int) {
        for at in 0...Self.sample.count {
            let pieces = [Array(Self.sample[..<at]), Array(Self.sample[at...])]
            let packed = gzip(pieces, level: level)
            #expect(gunzip(packed) == Unzipped(bytes: Self.sample, isComplete: true))
        }
    }

    @Test("what is cut anywhere on the way back comes out whole")
    func outputSplits() {
        let packed = gzip([Self.sample])
        #expect(packed.count < Self.sample.count)
        for piece in 1...packed.count {
            #expect(gunzip(packed, piece: piece) == Unzipped(bytes: Self.sample, isComplete: true))
        }
        for room in [1, 2, 3, 7, 16, 17, 4_096] {
            if room >= GzipWriter.roomMin { #expect(gzip([Self.sample], room: room) == packed) }
            #expect(
                gunzip(packed, piece: 5, room: room)
                    == Unzipped(bytes: Self.sample, isComplete: true))
        }
    }

    @Test("nothing compresses to a member that holds nothing")
    func empty() {
        let packed = gzip([[]])
        #expect(packed.prefix(3) == [0x1F, 0x8B, 8] && packed.count == 20)
        #expect(gunzip(packed) == Unzipped(bytes: [], isComplete: true))
    }

    @Test("after a flush the other side has all that was written")
    func flush() throws {
        guard var writer = GzipWriter(level: 6) else { throw NoMemory() }
        for room in 16...64 {
            writer.reset()
            let first = write(&writer, Array("first".utf8), .flushed, room: room)
            #expect(gunzip(first) == Unzipped(bytes: Array("first".utf8), isComplete: false))
            let last = write(&writer, Array(" last".utf8), .finished, room: room)
            #expect(
                gunzip(first + last)
                    == Unzipped(bytes: Array("first last".utf8), isComplete: true))
        }
    }

    @Test("a writer that is reset writes the same member again; members read as one text")
    func members() throws {
        guard var writer = GzipWriter(level: 6) else { throw NoMemory() }
        let one = write(&writer, Self.sample, .finished, room: 64)
        writer.reset()
        #expect(write(&writer, Self.sample, .finished, room: 64) == one)
        let expected = Unzipped(bytes: Self.sample + Self.sample, isComplete: true)
        for piece in [1, 2, 3, one.count - 1, one.count, one.count + 1, .max] {
            #expect(gunzip(one + one, piece: piece) == expected)
            #expect(gunzip(one + [0, 0] + one + [0, 0, 0], piece: piece) == expected)
        }
    }

    @Test("a member that ends early gives what it has, and is not complete")
    func truncated() {
        let packed = gzip([Self.sample])
        for count in 0..<packed.count {
            let result = gunzip(Array(packed[..<count]))
            #expect(!result.isComplete && result.error == nil)
            #expect(Self.sample.starts(with: result.bytes))
        }
        // The last bytes are the checksum: all data came before them.
        #expect(gunzip(packed.dropLast(8)).bytes == Self.sample)
    }

    @Test("no flipped bit of data or trailer passes for other data")
    func flipped() {
        let packed = gzip([Self.sample])
        for at in 10..<packed.count {
            var bytes = packed
            bytes[at] ^= 0x10
            let result = gunzip(bytes)
            // The last bits of the data may be padding, which means nothing.
            #expect(
                result.error != nil || !result.isComplete || result.bytes == Self.sample,
                "byte \(at)")
        }
        var trailer = packed
        trailer[packed.count - 1] ^= 1
        #expect(gunzip(trailer).error == .corrupt)
    }

    @Test("what is not gzip is told from gzip that is damaged")
    func notGzip() {
        #expect(gunzip(Array("date\ttime\tx-edge".utf8)).error == .notGzip)
        #expect(gunzip(gzip([Self.sample]) + Array("garbage".utf8)).error == .notGzip)
        // zlib's own header (RFC 1950) is not gzip's.
        #expect(gunzip([0x78, 0x9C, 3, 0, 0, 0, 0, 1]).error == .notGzip)
        // An unknown method.
        #expect(gunzip([0x1F, 0x8B, 7, 0, 0, 0, 0, 0, 0, 3, 3, 0]).error == .corrupt)
    }

    @Test("no more comes out than the limit allows, over all members")
    func limit() {
        let bomb = gzip([[UInt8](repeating: 0, count: 1 << 20)], room: 1 << 16)
        #expect(bomb.count < 2_000)
        let refused = gunzip(bomb, limit: 100_000, room: 1 << 16)
        #expect(refused.error == .overLimit && refused.bytes.count == 100_000)
        #expect(gunzip(bomb, limit: 1 << 20, room: 1 << 16).isComplete)
        #expect(gunzip(bomb, limit: (1 << 20) - 1, room: 1 << 16).error == .overLimit)
        let small = gzip([Array("12345".utf8)])
        for piece in [1, .max] {
            #expect(gunzip(small + small, limit: 10, piece: piece).isComplete)
            #expect(gunzip(small + small, limit: 9, piece: piece).error == .overLimit)
        }
        #expect(gunzip(gzip([[]]), limit: 0).isComplete)
        #expect(gunzip(small, limit: 0).error == .overLimit)
    }

    @Test("without room nothing is taken and nothing is lost")
    func lackingRoom() throws {
        guard var writer = GzipWriter(level: 6) else { throw NoMemory() }
        let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let sample = Self.sample
        let written = writer.write(sample.span.bytes, .finished, into: none)
        #expect(written.consumed == 0 && written.produced == 0 && !written.isDone)
        let packed = write(&writer, sample, .finished, room: 64)
        guard var reader = GzipReader(limit: 1 << 20) else { throw NoMemory() }
        let read = try reader.read(packed.span.bytes, into: none)
        #expect(read.consumed == 0 && read.produced == 0 && !read.isDone)
        #expect(gunzip(packed).bytes == sample)
    }
}

import HTTP
import Testing

private func inflate(_ bytes: [UInt8], _ count: Int, pieces: [Range<Int>]? = nil) throws
    -> [UInt8]
{
    try Zlib.inflate(bytes.span.bytes, pieces: pieces ?? [0..<bytes.count], count: count)
}

private func deflate(_ bytes: [UInt8], level: Int = 6) -> [UInt8]? {
    Zlib.deflate(bytes.span.bytes, level: level)
}

private func checksum(_ bytes: [UInt8], continuing sum: UInt32 = 0) -> UInt32 {
    crc32(bytes.span.bytes, continuing: sum)
}

@Suite("zlib: data of a known length")
struct ZlibTests {
    private let plain = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 5) }

    @Test("what was compressed comes back, at every level", arguments: [-1, 1, 6, 9, 12])
    func roundTrip(level: Int) throws {
        for count in [0, 1, 100, 5_000] {
            let data = Array(plain[..<count])
            let packed = try #require(deflate(data, level: level))
            #expect(try inflate(packed, count) == data)
        }
    }

    @Test("the stream may lie in pieces, empty ones among them")
    func pieces() throws {
        let packed = try #require(deflate(plain))
        let middle = packed.count / 2
        #expect(
            try inflate(packed, 5_000, pieces: [0..<1, 1..<1, 1..<middle, middle..<packed.count])
                == plain)
        #expect(throws: Zlib.Problem.truncated) { try inflate(packed, 5_000, pieces: []) }
        #expect(throws: Zlib.Problem.corrupt) {
            let end = packed.count
            return try inflate(packed + [0], 5_000, pieces: [0..<end, end..<(end + 1)])
        }
    }

    @Test("any other length is an error, as is any cut")
    func lengths() throws {
        let packed = try #require(deflate(plain))
        #expect(throws: Zlib.Problem.tooLong) { try inflate(packed, 4_999) }
        #expect(throws: Zlib.Problem.tooLong) { try inflate(packed, 0) }
        #expect(throws: Zlib.Problem.tooShort) { try inflate(packed, 5_001) }
        for count in 0..<packed.count {
            #expect(throws: Zlib.Problem.self) { try inflate(Array(packed[..<count]), 5_000) }
        }
    }

    @Test("a checksum is that of the standard's example, whole or in parts")
    func checksums() {
        let text = Array("123456789".utf8)
        #expect(checksum(text) == 0xCBF4_3926)
        let first = checksum(Array(text[..<4]))
        #expect(checksum(Array(text[4...]), continuing: first) == 0xCBF4_3926)
        #expect(checksum([]) == 0)
    }
}

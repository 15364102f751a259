import HTTP
import Testing
import Tiles
import WireTesting

@Suite("PNG: what is refused")
struct PNGRefusalTests {
    /// A file of 2 × 2 palette colours.
    private func file(_ change: (inout PNGParts) -> Void = { _ in }) -> [UInt8] {
        var parts = PNGParts(
            width: 2, height: 2, depth: 8, type: 3, middle: [("PLTE", [1, 2, 3, 4, 5, 6])],
            rows: [0, 0, 1, 0, 1, 0])
        change(&parts)
        return parts.bytes
    }

    @Test("the file that the others are made from is right")
    func control() throws {
        #expect(try decode(file())[1, 0] == RGBA(red: 4, green: 5, blue: 6))
        // What is not critical is passed over.
        let more = file { $0.chunks.insert(("tEXt", [65]), at: 1) }
        #expect(try decode(more).palette.count == 2)
    }

    @Test("a file cut anywhere is truncated, and never a picture")
    func truncations() {
        let whole = file()
        for count in 0..<whole.count {
            let expected: PNGError = count < 8 ? .notPNG : .truncated
            #expect(failure(Array(whole[..<count])) == expected)
        }
    }

    @Test("a byte changed anywhere is noticed")
    func changes() {
        let whole = file()
        for at in whole.indices {
            for bit in 0..<8 {
                var changed = whole
                changed[at] ^= 1 << UInt8(bit)
                #expect(failure(changed) != nil, "byte \(at) bit \(bit)")
            }
        }
    }

    @Test("chunks out of place are named")
    func order() {
        #expect(failure(file { $0.chunks.remove(at: 0) }) == .badHeader)
        #expect(failure(file { $0.chunks.remove(at: 1) }) == .paletteMissing)
        #expect(failure(file { $0.chunks.remove(at: 2) }) == .misplaced(chunk: "IEND"))
        #expect(failure(file { $0.chunks.swapAt(1, 2) }) == .paletteMissing)
        #expect(
            failure(file { $0.chunks.insert($0.chunks[0], at: 1) }) == .misplaced(chunk: "IHDR"))
        #expect(
            failure(file { $0.chunks.insert($0.chunks[1], at: 1) }) == .misplaced(chunk: "PLTE"))
        #expect(
            failure(file { $0.chunks.insert(("tRNS", [1]), at: 1) }) == .misplaced(chunk: "tRNS"))
        #expect(
            failure(file { $0.chunks.insert(("tRNS", [1, 2, 3]), at: 2) })
                == .misplaced(chunk: "tRNS"))
        #expect(
            failure(file { $0.chunks.insert(("tRNS", [1]), at: 3) }) == .misplaced(chunk: "tRNS"))
        #expect(
            failure(file { $0.chunks.insert(("CgBI", []), at: 1) })
                == .unknownCritical(chunk: "CgBI"))
        #expect(failure(file { $0.chunks[3].content = [1] }) == .misplaced(chunk: "IEND"))
        #expect(failure(file { $0.chunks[1].content = [1, 2] }) == .misplaced(chunk: "PLTE"))
        #expect(failure(file { $0.chunks[1].content = [] }) == .misplaced(chunk: "PLTE"))
        #expect(failure(file() + [0]) == .trailingBytes)
        let apart = file {
            let data = $0.chunks[2].content
            $0.chunks[2].content = Array(data[..<3])
            $0.chunks.insert(("tEXt", [65]), at: 3)
            $0.chunks.insert(("IDAT", Array(data[3...])), at: 4)
        }
        #expect(failure(apart) == .misplaced(chunk: "IDAT"))
    }

    @Test("data in many pieces is one stream")
    func pieces() throws {
        let split = file {
            let data = $0.chunks.remove(at: 2).content
            for (index, byte) in data.enumerated() {
                $0.chunks.insert(("IDAT", [byte]), at: 2 + index)
            }
            $0.chunks.insert(("IDAT", []), at: 4)
        }
        #expect(try decode(split) == decode(file()))
    }

    @Test("a transparency that no colour type has, or of a wrong length")
    func transparency() {
        for (type, content) in [(4, [UInt8(0), 1]), (6, [0, 1]), (0, [0]), (2, [0, 1])] {
            let channels = [0: 1, 2: 3, 4: 2, 6: 4][type] ?? 0
            let parts = PNGParts(
                width: 1, height: 1, depth: 8, type: type, middle: [("tRNS", content)],
                rows: [UInt8](repeating: 0, count: 1 + channels))
            #expect(failure(parts.bytes) == .misplaced(chunk: "tRNS"))
        }
    }

    @Test(
        "a header that no PNG has",
        arguments: [
            (0, 1, 8, 0, 0), (1, 0, 8, 0, 0), (1, 1, 3, 0, 0), (1, 1, 16, 3, 0), (1, 1, 4, 2, 0),
            (1, 1, 8, 1, 0), (1, 1, 8, 5, 0), (1, 1, 8, 7, 0), (1, 1, 8, 0, 2), (1, 1, 0, 0, 0),
        ])
    func headers(width: Int, height: Int, depth: Int, type: Int, interlace: Int) {
        var parts = PNGParts(width: 1, height: 1, depth: 8, type: 0, rows: [0, 0])
        parts.chunks[0].content = PNGParts.header(width, height, depth, type, interlace)
        #expect(failure(parts.bytes) == .badHeader)
    }

    @Test("what is larger than the limits is refused by its header, whatever its data holds")
    func limits() {
        var parts = PNGParts(width: 1, height: 1, depth: 8, type: 0, rows: [0, 0])
        parts.chunks[0].content = PNGParts.header(0x7FFF_FFFF, 0x7FFF_FFFF, 16, 6, 1)
        #expect(
            failure(parts.bytes) == .tooLarge(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF))
        let picture = PNG.encode(randomPicture(9, 4, seed: 1)) ?? []
        func failed(_ side: Int, _ pixels: Int, _ bytes: Int) -> PNGError? {
            failure(picture, limits: PNGLimits(side: side, pixels: pixels, fileBytes: bytes))
        }
        #expect(failed(9, 36, picture.count) == nil)
        #expect(failed(8, 36, picture.count) == .tooLarge(width: 9, height: 4))
        #expect(failed(9, 35, picture.count) == .tooLarge(width: 9, height: 4))
        #expect(failed(9, 36, picture.count - 1) == .fileTooLong(limit: picture.count - 1))
    }

    @Test("data that gives more or fewer bytes than the pixels need, or is no zlib data")
    func data() {
        func problem(_ change: (inout [UInt8]) -> Void) -> PNGError? {
            failure(file { change(&$0.chunks[2].content) })
        }
        func zeros(_ count: Int) -> [UInt8] {
            compressed([UInt8](repeating: 0, count: count), level: 9)
        }
        #expect(problem { $0 = zeros(6) } == nil)
        #expect(problem { $0 = zeros(5) } == .badData(.tooShort))
        #expect(problem { $0 = zeros(7) } == .badData(.tooLong))
        // A megabyte in a thousand bytes: no more is held than the pixels need.
        #expect(problem { $0 = zeros(1 << 20) } == .badData(.tooLong))
        #expect(problem { $0 = [] } == .badData(.truncated))
        #expect(problem { $0.removeLast() } == .badData(.truncated))
        #expect(problem { $0.append(0) } == .badData(.corrupt))
        #expect(problem { $0[0] = 0 } == .badData(.corrupt))
        #expect(problem { $0[$0.count - 1] ^= 1 } == .badData(.corrupt))
    }

    @Test("a filter there is not, and an index beyond the palette")
    func pixels() {
        func rows(_ rows: [UInt8]) -> PNGError? {
            failure(file { $0.chunks[2].content = compressed(rows) })
        }
        #expect(rows([0, 0, 0, 5, 0, 0]) == .badFilter(5))
        #expect(rows([0, 0, 0, 0, 2, 0]) == .indexOutsidePalette)
        // Sub and Up make indices of differences.
        #expect(rows([1, 1, 255, 2, 0, 1]) == nil)
        #expect(rows([1, 1, 1, 0, 0, 0]) == .indexOutsidePalette)
    }

    @Test("random bytes and random changes end in an error or a picture, never a trap")
    func fuzz() {
        var numbers = SeededRandom(seed: 11)
        let seeds = [
            file(), PNG.encode(randomPicture(20, 20, seed: 2)) ?? [],
            PNGParts(
                width: 3, height: 3, depth: 2, type: 0, interlace: 1,
                rows: [UInt8](repeating: 0, count: 12)
            ).bytes,
        ]
        for _ in 0..<3_000 {
            var parts = seeds.randomElement(using: &numbers) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let at = Int.random(in: 0..<parts.count, using: &numbers)
                parts[at] = UInt8.random(in: 0...255, using: &numbers)
            }
            // With the checksums made right again, the damage gets farther in.
            let mended = Bool.random(using: &numbers) ? withChecksums(parts) : parts
            let limits = PNGLimits(side: 64, pixels: 4_096, fileBytes: 10_000)
            if failure(mended, limits: limits) == nil { #expect(mended.count > 57) }
        }
    }

    private func withChecksums(_ file: [UInt8]) -> [UInt8] {
        var file = file
        var at = 8
        while at + 12 <= file.count {
            let count = file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard at + 12 + count <= file.count else { return file }
            let sum = crcOf(Array(file[(at + 4)..<(at + 8 + count)]))
            file.replaceSubrange(
                (at + 8 + count)..<(at + 12 + count), with: PNGParts.number(sum))
            at += 12 + count
        }
        return file
    }

    @Test("each refusal says what is wrong in a sentence of its own")
    func words() {
        let errors: [PNGError] = [
            .notPNG, .truncated, .fileTooLong(limit: 1), .tooLarge(width: 1, height: 2),
            .badHeader, .badChecksum(chunk: "IDAT"), .misplaced(chunk: "IDAT"),
            .unknownCritical(chunk: "IDAT"), .paletteMissing, .indexOutsidePalette,
            .badData(.corrupt), .badFilter(9), .trailingBytes,
        ]
        #expect(Set(errors.map { $0.description }).count == errors.count)
    }
}

import Testing
import WireTesting

@testable import Tiles

/// The quick ways of reading a query against the careful ones, which go byte by byte.
@Suite("Texts in a query")
struct QueryTextTests {
    @Test("numbers mean the same whether they are read quickly or with care")
    func numbers() {
        var random = SeededRandom(seed: 11)
        let alphabet = Array("0123456789012345678901234567890123456789..-+eE ".utf8)
        var read = 0
        for _ in 0..<40_000 {
            let count = Int.random(in: 0...22, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let isPlain = !bytes.contains(UInt8(ascii: "+"))
            let quick = WrittenDecimal(
                QueryText(start: 0, end: count, isPlain: isPlain), in: bytes.span.bytes)
            let careful = WrittenDecimal(QueryText(start: 0, end: count), in: bytes.span.bytes)
            #expect(quick == careful, "\(String(decoding: bytes, as: UTF8.self))")
            if quick != nil { read += 1 }
        }
        #expect(read > 1_000)
        for text in ["00000000000000000000000000001", "-0", "-", ".", "0.10", "12.", "1.5.2"] {
            let bytes = Array(text.utf8)
            let quick = WrittenDecimal(
                QueryText(start: 0, end: bytes.count, isPlain: true), in: bytes.span.bytes)
            let careful = WrittenDecimal(
                QueryText(start: 0, end: bytes.count), in: bytes.span.bytes)
            #expect(quick == careful, "\(text)")
        }
    }

    @Test("words are spelt in any case, at all lengths, and nothing near them is")
    func words() {
        let words: [StaticString] = [
            "x", "_t", "srs", "bbox", "width", "layers", "version", "sld_body", "timestamp",
            "exceptions", "transparent", "access_token", "application/vnd.ogc.se_inimage",
        ]
        for word in words {
            let right = Array("\(word)".utf8)
            for place in right.indices {
                for flip in [UInt8(0x20), 0x01, 0x40, 0x80] {
                    var bytes = [0x26] + right + [0x3d]
                    bytes[place + 1] ^= flip
                    let isLetter = right[place] &- 0x61 < 26
                    let isSpelt = spells(bytes, 1..<right.count + 1, word)
                    #expect(
                        isSpelt == (flip == 0x20 && isLetter), "\(word) \(place) \(flip)")
                }
            }
            let longer = right + [0x61]
            #expect(!spells(longer, 0..<longer.count, word))
            #expect(spells(right, 0..<right.count, word))
        }
    }

    private func spells(_ bytes: [UInt8], _ range: Range<Int>, _ word: StaticString) -> Bool {
        let text = QueryText(start: range.lowerBound, end: range.upperBound, isPlain: true)
        return text.spells(word, in: bytes.span.bytes)
    }

    @Test("parameters are told apart as a walk over single bytes does it")
    func parameters() {
        var random = SeededRandom(seed: 5)
        let alphabet = Array("ab=&%+2C".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &random)
            let bytes = (0..<count).map { _ in
                UInt8.random(in: 0..<3, using: &random) > 0
                    ? UInt8(ascii: "x") : alphabet.randomElement(using: &random) ?? 0
            }
            var walk = QueryWalk()
            for piece in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            {
                guard let found = walk.next(in: bytes.span.bytes) else {
                    // A query that ends in a separator has no last one.
                    #expect(piece.isEmpty && piece.startIndex == count)
                    break
                }
                let mark = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
                let value = piece[mark...].dropFirst()
                #expect(found.name.start == piece.startIndex && found.name.end == mark)
                #expect(found.value.end - found.value.start == value.count)
                #expect(found.name.isPlain == isPlain(piece[..<mark]))
                #expect(value.isEmpty || found.value.isPlain == isPlain(value))
            }
            let isAtEnd = walk.next(in: bytes.span.bytes) == nil
            #expect(isAtEnd)
        }
    }

    private func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.contains(UInt8(ascii: "%")) && !bytes.contains(UInt8(ascii: "+"))
    }

    @Test("an item between encoded separators is plain")
    func items() {
        let bytes = Array("1.5%2C-2%2c%33,4+,5%".utf8)
        var rest = QueryText(start: 0, end: bytes.count)
        var found: [(text: String, isPlain: Bool)] = []
        while let item = rest.cut(before: UInt8(ascii: ","), in: bytes.span.bytes) {
            found.append(
                (String(decoding: bytes[item.start..<item.end], as: UTF8.self), item.isPlain))
        }
        #expect(found.map(\.text) == ["1.5", "-2", "%33", "4+", "5%"])
        #expect(found.map(\.isPlain) == [true, true, false, false, false])
    }
}

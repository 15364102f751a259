import Caching
import Testing

@Suite("The entity tag made of a body's bytes")
struct ContentHashTests {
    private func tag(_ pieces: [[UInt8]]) -> String {
        var hash = ContentHash()
        for piece in pieces { unsafe hash.update(piece.span.bytes) }
        return String(decoding: hash.entityTag, as: UTF8.self)
    }

    /// Every edge of a site has the same, and so has the next release: written down once, made by
    /// another program.
    @Test(
        "it is always the same",
        arguments: [
            ("", "28255105dbf1e80e21f4e177bbae3fb3"), ("a", "d3ad280637712012b32ae9694d70a949"),
            ("abcdefgh", "a11a0c9a01fd951cc357b48d246d395d"),
        ])
    func known(_ text: String, _ digits: String) {
        #expect(tag([Array(text.utf8)]) == "\"\(digits)\"")
    }

    @Test("it does not depend on the pieces in which the bytes came")
    func pieces() {
        let bytes = [UInt8](0..<100)
        let whole = tag([bytes])
        #expect(whole == "\"f38c836f9ba7f08240691a529f59c172\"")
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 3) {
                let parts = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(tag(parts.map { Array($0) }) == whole)
            }
        }
    }

    @Test("zeros more or less, or one bit, are another body")
    func different() {
        var tags: Set<String> = []
        for count in 0..<40 { tags.insert(tag([[UInt8](repeating: 0, count: count)])) }
        for bit in 0..<64 {
            var bytes = [UInt8](repeating: 0, count: 8)
            bytes[bit / 8] = 1 << (bit % 8)
            tags.insert(tag([bytes]))
        }
        #expect(tags.count == 104)
    }
}

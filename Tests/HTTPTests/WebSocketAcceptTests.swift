import HTTP
import Testing

@Suite("RFC 6455 §4.2.2")
struct WebSocketAcceptTests {
    private func matches(_ accept: [UInt8], _ key: String) -> Bool {
        let key = Array(key.utf8)
        return WebSocketAccept.matches(accept.span.bytes, key: key.span.bytes)
    }

    @Test func `the RFC's own example is accepted, and nothing else`() {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        let right = Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)
        #expect(matches(right, key))
        for index in right.indices {
            var wrong = right
            wrong[index] ^= 1
            #expect(!matches(wrong, key))
        }
        #expect(!matches(Array(right.dropLast()), key))
        #expect(!matches(right, key + String(repeating: "a", count: 100)))
    }
}

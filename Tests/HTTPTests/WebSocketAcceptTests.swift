import HTTP
import Testing

@Suite("RFC 6455 §4.2.2")
struct WebSocketAcceptTests {
    @Test func `the RFC's own example is accepted, and nothing else`() {
        let key = Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)
        let right = Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)
        #expect(WebSocketAccept.matches(right.span.bytes, key: key.span.bytes))
        for index in right.indices {
            var wrong = right
            wrong[index] ^= 1
            #expect(!WebSocketAccept.matches(wrong.span.bytes, key: key.span.bytes))
        }
        #expect(!WebSocketAccept.matches(Array(right.dropLast()).span.bytes, key: key.span.bytes))
    }

    @Test func `a key longer than one block of SHA-1 is digested whole`() {
        let key = [UInt8](repeating: 97, count: 100)
        let accept = Array("AAAAAAAAAAAAAAAAAAAAAAAAAAA=".utf8)
        #expect(!WebSocketAccept.matches(accept.span.bytes, key: key.span.bytes))
    }
}

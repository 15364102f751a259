import Caching
import HTTP
import Testing

@Suite("RFC 9111 §3.1, §3.2: stored fields")
struct StoredHeadersTests {
    private func stored(_ fields: String...) -> String {
        let (bytes, head) = Heads.response(200, fields)
        let block = Heads.written { StoredHeaders.write(head, bytes: bytes.span.bytes, into: &$0) }
        return String(decoding: block, as: UTF8.self)
    }

    private func merged(_ block: String, _ fields: String...) -> String {
        let (bytes, head) = Heads.response(304, fields)
        let old = Array(block.utf8)
        let new = Heads.written {
            StoredHeaders.merge(old.span.bytes, with: head, bytes: bytes.span.bytes, into: &$0)
        }
        return String(decoding: new, as: UTF8.self)
    }

    @Test("§3.1: end-to-end fields are stored as sent, unknown and repeated ones too")
    func stores() {
        let block = stored("ETag: \"a\"", "X-Any:  1 ", "x-any: 2", "Date: \(epochDate)")
        #expect(block == "ETag: \"a\"\r\nX-Any: 1\r\nx-any: 2\r\nDate: \(epochDate)\r\n")
    }

    @Test(
        "§3.1: fields of the connection are not stored",
        arguments: [
            "Connection: close", "Keep-Alive: timeout=5", "Proxy-Connection: close", "TE: trailers",
            "Trailer: X", "Transfer-Encoding: chunked", "Proxy-Authenticate: Basic",
            "Proxy-Authentication-Info: a",
        ])
    func hopByHop(_ field: String) {
        #expect(stored(field, "X-A: 1") == "X-A: 1\r\n")
    }

    @Test("§3.1: fields that Connection names are not stored")
    func named() {
        #expect(stored("Connection: X-Hop, close", "x-hop: 1", "X-A: 1") == "X-A: 1\r\n")
    }

    @Test(
        "what is written anew for each answer is not stored",
        arguments: [
            "Age: 5", "Content-Length: 5", "Content-Range: bytes 0-1/2",
        ])
    func written(_ field: String) {
        #expect(stored(field, "X-A: 1") == "X-A: 1\r\n")
    }

    @Test("§5.2.2.4, §5.2.2.7: fields that a qualified directive names are not stored")
    func qualified() {
        let control = "Cache-Control: max-age=9, no-cache=\"Set-Cookie, X-B\", private=\"x-c\""
        let block = stored(control, "set-cookie: a", "X-B: 1", "X-C: 1", "X-D: 1")
        #expect(block == "\(control)\r\nX-D: 1\r\n")
    }

    @Test("§3.2: fields of a 304 replace all stored lines of their name")
    func replaces() {
        let block = "ETag: \"a\"\r\nX-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"
        #expect(
            merged(block, "X-A: 9", "X-C: 8")
                == "ETag: \"a\"\r\nX-B: 2\r\nX-A: 9\r\nX-C: 8\r\n")
    }

    @Test("§3.2: what it does not mention stays")
    func keeps() {
        let block = "ETag: \"a\"\r\nContent-Type: image/png\r\n"
        #expect(merged(block) == block)
        #expect(merged("", "X-A: 1") == "X-A: 1\r\n")
    }

    @Test(
        "§3.2: what describes the stored bytes or the connection is not replaced",
        arguments: [
            "Content-Length: 9", "Content-Encoding: br", "Transfer-Encoding: chunked",
            "Content-Range: bytes 0-1/2", "Connection: close", "Age: 7",
        ])
    func excepted(_ field: String) {
        let block = "Content-Encoding: gzip\r\nX-A: 1\r\n"
        #expect(merged(block, field) == block)
    }

    @Test(
        "§3.2: Cache-Control, Expires and Content-Type are replaced",
        arguments: [
            "Cache-Control", "Expires", "Content-Type", "Last-Modified", "Set-Cookie",
        ])
    func updated(_ name: String) {
        #expect(merged("\(name): old\r\n", "\(name): new") == "\(name): new\r\n")
    }

    @Test("§3.2: so is Date, but by a date alone")
    func updatedDate() {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(merged("Date: old\r\n", date) == date + "\r\n")
        #expect(merged(date + "\r\n", "Date: new") == date + "\r\n")
    }

    @Test("a block that does not fit says so")
    func overflow() {
        let (bytes, head) = Heads.response(200, ["X-A: 1"])
        var overflowed = false
        _ = Heads.written(7) {
            StoredHeaders.write(head, bytes: bytes.span.bytes, into: &$0)
            overflowed = $0.overflowed
        }
        #expect(overflowed)
    }

    @Test("facts read from a stored block are those of the head")
    func facts() {
        let fields = [
            "Cache-Control: max-age=7", "Vary: Accept", "ETag: W/\"a\"", "Date: \(epochDate)",
            "Last-Modified: \(epochDate)", "CDN-Cache-Control: max-age=9", "Set-Cookie: a",
            "Expires: 0",
        ]
        let (bytes, head) = Heads.response(200, fields)
        let facts = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let block = Heads.written { StoredHeaders.write(head, bytes: bytes.span.bytes, into: &$0) }
        let again = ResponseFacts(status: 200, block: block.span.bytes, now: epoch)
        #expect(again.cacheControl == facts.cacheControl)
        #expect(again.targeted == facts.targeted)
        #expect(again.expires == facts.expires)
        #expect(again.date == facts.date)
        #expect(again.lastModified == facts.lastModified)
        #expect(again.hasWeakETag && again.hasSetCookie && again.varyCount == 1)
        #expect(block[again.etag.range].elementsEqual("W/\"a\"".utf8))
    }
}

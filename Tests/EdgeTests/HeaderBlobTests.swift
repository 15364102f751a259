import HTTP
import Testing

@testable import Edge

@Suite("Stored fields: what waits for the writer takes no more memory than it has bytes")
struct HeaderBlobTests {
    @Test func `a blob is as long as what is in it`() {
        let text = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nETag: \"a\"\r\n\r\n"
        let bytes = Array(text.utf8)
        var (head, scan) = (ResponseHead(), HeadScan())
        let result = parseResponse(
            bytes.span.bytes, &scan, limits: .response, toHead: false, into: &head)
        #expect(result == .complete)
        let stored = bytes.withUnsafeBytes { HeaderBlob.stored(head, bytes: $0, date: 0) }
        let merged = bytes.withUnsafeBytes {
            HeaderBlob.merged(stored: stored, update: head, bytes: $0, date: 1_000)
        }
        for blob in [stored, merged] {
            #expect(String(decoding: blob, as: UTF8.self).contains("image/png"))
            #expect(blob.capacity <= blob.count + 64)
        }
    }
}

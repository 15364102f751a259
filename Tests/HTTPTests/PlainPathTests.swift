import Testing

@testable import HTTP

@Suite("plain paths")
struct PlainPathTests {
    /// As the rule says it, byte by byte.
    private func isPlain(_ path: [UInt8]) -> Bool {
        var before: UInt8 = 0
        for byte in path {
            if "%\";".utf8.contains(byte) { return false }
            if "./".utf8.contains(byte), "./".utf8.contains(before) { return false }
            before = byte
        }
        return true
    }

    @Test("are told apart wherever in a word the bytes that matter stand")
    func places() {
        let bytes = Array("/.%\";ab0:-@\u{7e}!".utf8)
        for length in 1...20 {
            for place in 0..<length {
                for (first, second) in bytes.flatMap({ first in bytes.map { (first, $0) } }) {
                    var path = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                    path[0] = UInt8(ascii: "/")
                    path[place] = first
                    if place + 1 < length { path[place + 1] = second }
                    #expect(
                        isPlainPath(path.span.bytes) == isPlain(path),
                        "\(String(decoding: path, as: UTF8.self))")
                }
            }
        }
    }

    @Test("an escape is judged alike whether its path's segments are looked at or not")
    func escapes() {
        let parts = [
            "a", "bcdefgh", ".", "/", "%2e", "%2E", "%2f", "%5c", "%3A", "%00", "%c0%ae", "%e0%80",
            "%zz", "%", "%4", ";", "%3b",
        ]
        let words = parts.flatMap { first in parts.map { first + $0 } }
        for word in words {
            for third in parts {
                for path in ["/" + word + third, "/x/" + third + word, "/" + third + "/" + word] {
                    let bytes = Array(path.utf8)
                    let scan = PathScan(bytes.span.bytes, from: 0, to: bytes.count)
                    let judged = judgePath(
                        bytes.span.bytes, hasWholeSegments: scan.hasWholeSegments)
                    #expect(
                        judged == judgePath(bytes.span.bytes, hasWholeSegments: false), "\(path)")
                }
            }
        }
    }

    @Test("end where the query begins, and what stands behind is not theirs")
    func ends() throws {
        for length in 1...17 {
            for rest in ["?a=%20\"//..", "?", ""] {
                let path = "/" + String(repeating: "a", count: length - 1)
                let text = Array("GET \(path)\(rest) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
                var head = RequestHead()
                var scan = HeadScan()
                let result = parseRequest(
                    text.span.bytes, &scan, limits: .request, into: &head)
                guard case .complete = result else {
                    Issue.record("\(result)")
                    return
                }
                #expect(head.hasPlainPath && head.path.count == length)
            }
        }
    }
}

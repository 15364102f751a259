import Testing
import WireTesting

@Suite("What is refused, and what is told of it")
struct RefusalTests {
    private let origin: Origin
    private let edge: Edge

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url)
    }

    private func refused(_ rule: String) throws -> Int? {
        let mark = "mapedge_requests_rejected_total{rule=\"\(rule)\"} "
        let lines = try edge.admin("/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix(mark) }.flatMap { Int($0.dropFirst(mark.count)) }
    }

    @Test(
        "each reason has a count of its own",
        arguments: [
            ("host_missing", "GET / HTTP/1.1\r\n\r\n"),
            (
                "length_with_transfer_encoding",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
                    + "\r\n\r\n0\r\n\r\n"
            ),
            ("bare_line_feed", "GET / HTTP/1.1\nHost: h\n\n"),
            ("method_not_allowed", "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"),
            (
                "chunk_size_malformed",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
        ])
    func rules(rule: String, request: String) throws {
        #expect(try refused(rule) == 0)
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(request).status >= 400)
        #expect(try refused(rule) == 1)
        let others = try edge.admin("/metrics").text.split(separator: "\n").filter {
            $0.hasPrefix("mapedge_requests_rejected_total") && !$0.hasSuffix(" 0")
        }
        #expect(others.count == 1, "\(others)")
    }

    @Test(
        "405 tells which methods are allowed (RFC 9110 §15.5.6)",
        arguments: ["TRACE / HTTP/1.1", "TRACK / HTTP/1.1", "CONNECT h:443 HTTP/1.1"])
    func allow(line: String) throws {
        var viewer = try edge.viewer()
        let response = try viewer.exchange("\(line)\r\nHost: h:443\r\n\r\n")
        #expect(response.status == 405)
        #expect(response["Allow"] == "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
        // CloudFront has one answer to all methods that are not allowed.
        let twin = try Edge(origin: origin.url, mode: "cloudfront")
        var other = try twin.viewer()
        let refusal = try other.exchange("\(line)\r\nHost: h:443\r\n\r\n")
        #expect(refusal.status == 403)
        #expect(refusal["Allow"] == nil)
        #expect(origin.strays.isEmpty)
    }
}

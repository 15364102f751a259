import CloudFront
import Testing

/// Source: CloudFront, "Add custom headers to origin requests", and its quotas.
@Suite("Custom headers of an origin")
struct CustomHeaderTests {
    private typealias Header = (name: String, value: String)

    /// A distribution whose origin sets these; the first one stands in line 5.
    private func read(_ headers: [Header]) -> ConfigReading<DistributionConfig> {
        let items = headers.map {
            #"{"HeaderName": "\#($0.name)", "HeaderValue": "\#($0.value)"}"#
        }
        let origin = """
            {"Id": "maps", "DomainName": "maps.example.org", "CustomOriginConfig":
              {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
             "CustomHeaders": {"Quantity": \(headers.count), "Items": [
            \(items.joined(separator: ",\n"))]}}
            """
        return DistributionConfig.read(json(Documents.distribution(origin: origin)))
    }

    private static let list = "Origins.Items[0].CustomHeaders"

    @Test(
        "what CloudFront writes itself is refused with its place",
        arguments: [
            "Cache-Control", "Connection", "Content-Length", "Cookie", "Host", "If-Match",
            "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since",
            "Max-Forwards", "Pragma", "Proxy-Authenticate", "Proxy-Authorization",
            "Proxy-Connection", "Range", "Request-Range", "TE", "Trailer", "Transfer-Encoding",
            "Upgrade", "Via", "X-Real-Ip", "X-Amz-Cf-Id", "X-Amz-Anything", "X-Edge-Location",
        ])
    func reserved(_ name: String) {
        for spelling in [name, name.lowercased(), name.uppercased()] {
            let reading = read([("X-Ours", "a"), (spelling, "b")])
            #expect(reading.value == nil)
            #expect(
                lines(reading.findings) == [
                    "6: \(Self.list).Items[1].HeaderName: CloudFront does not let an origin set "
                        + "\(spelling); remove it"
                ])
        }
    }

    @Test(
        "names that only begin alike, and those that CloudFront would write, may be set",
        arguments: [
            "X-Amz", "X-AmzFoo", "X-Edges", "Proxy", "Proxy-Other", "If-Other", "If-None", "Hosts",
            "X-Secret", "User-Agent", "Referer", "Origin", "Authorization", "Accept",
            "X-Forwarded-Host",
        ])
    func allowed(_ name: String) {
        let reading = read([(name, "a")])
        #expect(lines(reading.findings) == [])
        #expect(reading.value?.origins[0].customHeaders == [.init(name, "a")])
    }

    @Test(
        "a name has 256 characters at the most, a value 1783",
        arguments: [(256, 1, true), (257, 1, false), (3, 1_783, true), (3, 1_784, false)])
    func length(_ name: Int, _ value: Int, _ isTaken: Bool) {
        let header: Header = (
            "X-" + String(repeating: "n", count: name - 2), String(repeating: "v", count: value)
        )
        let reading = read([header])
        #expect((reading.value != nil) == isTaken)
        let refusal = [
            "5: \(Self.list).Items[0].HeaderName: the header is too long; "
                + "keep to 256 and 1783 characters"
        ]
        #expect(lines(reading.findings) == (isTaken ? [] : refusal))
    }

    /// A quota that AWS raises on request, so that an export may have more.
    @Test("more than 10, or than 10240 characters in all, is warned of")
    func quota() {
        func told(_ headers: [Header]) -> [String] {
            let reading = read(headers)
            #expect(reading.value?.origins[0].customHeaders.count == headers.count)
            #expect(reading.findings.allSatisfy { $0.kind == .warning })
            return lines(reading.findings)
        }
        func warning(_ count: Int, _ total: Int) -> String {
            "4: \(Self.list): \(count) custom headers of \(total) characters exceed CloudFront's "
                + "quota; keep to 10 headers and 10240 characters"
        }
        let small = (0..<11).map { (name: "X-\($0 + 10)", value: "v") }
        #expect(told(Array(small.dropLast())) == [])
        #expect(told(small) == [warning(11, 55)])
        // 10 names of 4 characters, and 10,200 characters of values.
        var large = (0..<10).map {
            (name: "X-\($0 + 10)", value: String(repeating: "v", count: 1_020))
        }
        #expect(told(large) == [])
        large[9].value += "v"
        #expect(told(large) == [warning(10, 10_241)])
    }

    @Test("one that stands twice, in any case, and what is no header are refused")
    func mistakes() {
        let twice = read([("X-Ours", "a"), ("x-ours", "b")])
        #expect(
            lines(twice.findings) == [
                "6: \(Self.list).Items[1].HeaderName: x-ours is set twice; keep one of them"
            ])
        let blank = read([("X Ours", "a")])
        #expect(
            lines(blank.findings) == [
                "5: \(Self.list).Items[0].HeaderName: \"X Ours\" is no header name; "
                    + "use letters, digits and -"
            ])
        let control = read([("X-Ours", "a\\nb")])
        #expect(
            lines(control.findings) == [
                "5: \(Self.list).Items[0].HeaderValue: the value has control characters; "
                    + "remove them"
            ])
    }
}

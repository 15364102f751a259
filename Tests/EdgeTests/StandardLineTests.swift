import Caching
import HTTP
import Reactor
import Testing

@testable import Edge

@Suite("Standard access log, version 1: what an exchange leaves in it")
struct StandardLineTests {
    private static let style = style()

    private static func style(_ secrets: LoggedSecrets = LoggedSecrets()) -> LineStyle {
        LineStyle(
            AccessLogSettings(
                path: nil,
                archive: LogArchiveSettings(
                    directory: "/", prefix: "", distribution: "E1",
                    domainName: "d111111abcdef8.cloudfront.net", secrets: secrets)),
            location: "LAX1")
    }

    /// The fields of the line that a request leaves, without its end.
    private func fields(
        _ request: String, sent: String = "", times: LoggedTimes? = nil, port: UInt16? = 11_040,
        logsCookies: Bool = false, style: LineStyle = Self.style, isBehindProxy: Bool = false,
        _ change: (inout Outcome) -> Void = { _ in }
    ) throws -> [String] {
        let bytes = Array(request.utf8)
        var head = RequestHead()
        var scan = HeadScan()
        if !bytes.isEmpty {
            let result = parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head)
            try #require(result == .complete)
        }
        var outcome = Outcome()
        change(&outcome)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { memory.deallocate() }
        let length = bytes.withUnsafeBytes { bytes in
            var connection = LoggedConnection()
            connection.viewer = SocketAddress(ipv4: 0xC000_0264, port: 11_040)
            connection.port = port
            if isBehindProxy { _ = connection.takeTold(head, bytes) }
            return Array(sent.utf8).withUnsafeBytes { sent in
                StandardLine.write(
                    style, head, bytes, outcome, connection,
                    times ?? LoggedTimes(end: 1_575_493_351_000, taken: 82, firstByte: 1), sent,
                    logsCookies: logsCookies, into: memory)
            }
        }
        let line = String(decoding: memory[..<(try #require(length))], as: UTF8.self)
        try #require(line.hasSuffix("\n"))
        return line.dropLast().split(separator: "\t", omittingEmptySubsequences: false)
            .map(String.init)
    }

    private static let get =
        "GET /a%20b/index.html?x=1 HTTP/1.1\r\nHost: maps.test\r\nUser-Agent: a b\"\r\n"
        + "Referer: https://maps.test/p?token=geheim\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n"
        + "Cookie: sessionid=geheim\r\n\r\n"

    @Test(
        "cookies by name where the distribution includes them, never a value",
        arguments: [
            ("Cookie: sessionid=geheim; a=1", true, "sessionid=-;%20a=-"),
            ("Cookie: sessionid=geheim; a=1", false, "-"), ("Accept: a", true, "-"),
            ("Cookie: a=1\r\nCookie: b=geheim=x", true, "a=-;%20b=-"),
            ("Cookie: geheim;; =geheim;a=", true, "-;%20-;%20a=-"), ("Cookie:  ", true, "-"),
            ("Cookie: a b=\"geheim\"", true, "a%20b=-"),
        ])
    func cookies(_ field: String, _ isIncluded: Bool, _ expected: String) throws {
        let found = try fields(
            "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n", logsCookies: isIncluded)
        #expect(found[12] == expected)
        #expect(found.allSatisfy { !$0.contains("geheim") })
    }

    @Test("what CloudFront writes stands in it where the configuration wants that")
    func shown() throws {
        let request =
            "GET /a;jsessionid=7?token=x&b=1 HTTP/1.1\r\nHost: a\r\nCookie: s=1;  t=a b\r\n"
            + "Cookie: u\r\nReferer: https://me:pw@maps.test/p?token=y\r\n\r\n"
        var secrets = LoggedSecrets()
        secrets.showsCookies = true
        let cookies = try fields(request, logsCookies: true, style: Self.style(secrets))
        #expect(cookies[12] == "s=1;%20t=a%20b;%20u" && cookies[11] == "token=-&b=1")
        #expect(cookies[7] == "/a;jsessionid=-" && cookies[9] == "https://-@maps.test/p")
        // The distribution has them logged, or not.
        #expect(try fields(request, style: Self.style(secrets))[12] == "-")
        secrets = LoggedSecrets()
        secrets.showsReferers = true
        let referers = try fields(request, logsCookies: true, style: Self.style(secrets))
        #expect(referers[9] == "https://me:pw@maps.test/p?token=y")
        #expect(referers[12] == "s=-;%20t=-;%20-" && referers[11] == "token=-&b=1")
        secrets = LoggedSecrets()
        secrets.showsCredentials = true
        let credentials = try fields(request, style: Self.style(secrets))
        #expect(credentials[7] == "/a;jsessionid=7" && credentials[11] == "token=x&b=1")
        #expect(credentials[9] == "https://-@maps.test/p")
    }

    @Test(
        "what a trusted proxy tells of its viewer's connection",
        arguments: [
            ("X-Forwarded-Proto: https", "https", "-", "-"),
            ("X-Forwarded-Proto: HTTPS", "https", "-", "-"),
            ("X-Forwarded-Proto: http", "http", "-", "-"),
            ("CloudFront-Forwarded-Proto: https", "https", "-", "-"),
            ("CloudFront-Forwarded-Proto: http\r\nX-Forwarded-Proto: https", "https", "-", "-"),
            (
                "CloudFront-Forwarded-Proto: https\r\n"
                    + "CloudFront-Viewer-TLS: TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake",
                "https", "TLSv1.3", "TLS_AES_128_GCM_SHA256"
            ),
            ("CloudFront-Viewer-TLS: TLSv1.2:C", "https", "TLSv1.2", "C"),
            ("CloudFront-Viewer-TLS: TLSv1.2", "https", "TLSv1.2", "-"),
            ("CloudFront-Viewer-TLS: ::", "https", "-", "-"),
            ("X-Forwarded-Proto: http\r\nCloudFront-Viewer-TLS: TLSv1.2:C", "http", "-", "-"),
            ("X-Other: https", "http", "-", "-"),
        ])
    func told(_ field: String, _ scheme: String, _ version: String, _ cipher: String) throws {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n"
        let found = try fields(request, isBehindProxy: true)
        #expect(found[16] == scheme && found[20] == version && found[21] == cipher)
        let own = try fields(request)
        #expect(own[16] == "http" && own[20] == "-" && own[21] == "-")
    }

    @Test("all 33 fields, byte for byte")
    func whole() throws {
        let sent =
            "HTTP/1.1 206 Partial Content\r\ncontent-type: text/html; charset=utf-8\r\n"
            + "Cache-Control: max-age=1\r\nContent-Range: bytes 5-82/1234\r\n"
            + "Content-Length:  78 \r\n\r\n"
        let found = try fields(Self.get, sent: sent) {
            $0.status = 206
            $0.result = .hit
            $0.sentBytes = 78
            $0.framingBytes = 314
        }
        #expect(
            found == [
                "2019-12-04", "21:02:31", "LAX1", "392", "192.0.2.100", "GET",
                "d111111abcdef8.cloudfront.net", "/a%2520b/index.html", "206",
                "https://maps.test/p", "a%20b%22", "x=1", "-", "Hit", "-", "maps.test", "http",
                "\(Self.get.utf8.count)", "0.082", "192.0.2.1,%2010.0.0.1", "-", "-", "Hit",
                "HTTP/1.1", "-", "-", "11040", "0.001", "Hit", "text/html;%20charset=utf-8", "78",
                "5", "82",
            ])
    }

    @Test("a request that was not understood has only what is certain")
    func refused() throws {
        let found = try fields("") {
            $0.status = 400
            $0.result = .error
        }
        #expect(found.count == 33 && found[8] == "400" && found[28] == "InvalidRequest")
        #expect(found[5] == "-" && found[7] == "-" && found[16] == "-" && found[23] == "-")
        #expect(found[13] == "Error" && found[22] == "Error")
        for (status, word) in [
            (403, "InvalidRequestMethod"), (405, "InvalidRequestMethod"),
            (505, "Error"),
        ] {
            let other = try fields("") {
                $0.status = status
                $0.result = .error
                $0.detail = HeadRejection.methodNotAllowed.reason
            }
            #expect(other[28] == word)
        }
        for rejection in HeadRejection.allCases where rejection != .methodNotAllowed {
            let other = try fields("") {
                $0.status = 400
                $0.result = .error
                $0.detail = rejection.reason
            }
            let word = rejection.isAboutField ? "InvalidRequestHeader" : "InvalidRequest"
            #expect(other[28] == word)
        }
        #expect(HeadRejection.hostRepeated.isAboutField)
        #expect(!HeadRejection.targetMalformed.isAboutField)
    }

    @Test(
        "no value of a credential stands in the query",
        arguments: [
            ("", "-"), ("a=1&b", "a=1&b"), ("token=x", "token=-"),
            ("a=1&token=x", "a=1&token=-"), ("token=x&a=1", "token=-&a=1"),
            ("KEY=1&a&Password=2&b=%7E", "KEY=-&a&Password=-&b=%257E"),
            ("&&token=1&&", "&&token=-&&"), ("tokens=1", "tokens=1"),
        ])
    func secrets(_ query: String, _ logged: String) throws {
        let found = try fields("GET /a?\(query) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(found[11] == logged)
    }

    @Test("a viewer who left makes an error of a hit, as CloudFront tells it")
    func aborted() throws {
        let hit = try fields(Self.get) {
            $0.status = 200
            $0.result = .hit
            $0.detail = "ClientCommError"
        }
        #expect(hit[13] == "Error" && hit[22] == "Hit" && hit[28] == "ClientCommError")
        let early = try fields(Self.get) { $0.detail = "ClientCommError" }
        #expect(early[8] == "000" && early[13] == "Error" && early[22] == "Error")
    }

    @Test(
        "what failed is told in CloudFront's words",
        arguments: [
            ("OriginConnectError", 502, "Error", "OriginConnectError"),
            ("CapacityExceeded", 503, "CapacityExceeded", "CapacityExceeded"),
            ("method-not-supported", 403, "Error", "InvalidRequestMethod"),
            ("method-not-allowed", 403, "Error", "InvalidRequestMethod"),
            ("body-not-supported", 403, "Error", "InvalidRequest"),
            ("country-blocked", 403, "Error", "ClientGeoBlocked"),
            ("OriginDnsError", 502, "Error", "OriginDnsError"),
            ("request-cut-short", 400, "Error", "ClientHungUpRequest"),
            ("absent", 404, "Error", "Error"),
        ])
    func failures(_ detail: String, _ status: Int, _ result: String, _ expected: String) throws {
        let words: [String: StaticString] = [
            "OriginConnectError": "OriginConnectError", "CapacityExceeded": "CapacityExceeded",
            "method-not-supported": "method-not-supported",
            "method-not-allowed": "method-not-allowed", "country-blocked": "country-blocked",
            "OriginDnsError": "OriginDnsError", "request-cut-short": "request-cut-short",
            "body-not-supported": "body-not-supported", "absent": "absent",
        ]
        let word = try #require(words[detail])
        let found = try fields(Self.get) {
            $0.status = status
            $0.result = result == "Error" ? .error : .capacityExceeded
            $0.detail = word
        }
        #expect(found[13] == result && found[22] == result && found[28] == expected)
    }

    @Test("the request's id stands in its field; behind a proxy no port is known")
    func requestID() throws {
        var ids = RequestIDs(seed: 7)
        let made = ids.make()
        let id = text(of: made)
        #expect(id.utf8.count == 56 && id.hasSuffix("=="))
        let found = try fields("GET / HTTP/1.0\r\n\r\n", port: nil) { $0.requestID = made }
        #expect(found[14] == id && found[23] == "HTTP/1.0" && found[26] == "-")
    }

    @Test("ids are base64 of 40 bytes: all 64 digits in all places, two zero bits at the end")
    func requestIDs() {
        var ids = RequestIDs(seed: 11)
        let digits = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var seen = [Set<Character>](repeating: [], count: 54)
        var texts: Set<String> = []
        for _ in 0..<2_000 {
            let id = text(of: ids.make())
            texts.insert(id)
            for (place, digit) in id.dropLast(2).enumerated() { seen[place].insert(digit) }
        }
        #expect(texts.count == 2_000)
        #expect(seen.dropLast().allSatisfy { $0 == digits } && seen[53] == ["A", "Q", "g", "w"])
    }

    private func text(of id: RequestID) -> String {
        let text = id.text
        return text.span.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("an unsatisfied range has no parts; other fields that begin with a c are not taken")
    func sentFields() {
        let head = Array(
            "HTTP/1.1 416 x\r\nContent-Range: bytes */10\r\nConnection: close\r\nC\r\n\r\n".utf8)
        head.withUnsafeBytes {
            let fields = SentFields($0)
            #expect(fields.rangeStart.isEmpty && fields.rangeEnd.isEmpty)
            #expect(fields.type.isEmpty && fields.length.isEmpty)
        }
    }
}

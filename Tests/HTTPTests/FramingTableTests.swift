import HTTP
import Testing

/// One row each of the edge's framing table, as far as the parsers decide it.
@Suite("Framing table")
struct FramingTableTests {
    @Test(
        "row 1: Content-Length with Transfer-Encoding is refused, whatever the coding",
        arguments: [
            post("Content-Length: 5", "Transfer-Encoding: chunked"),
            post("Transfer-Encoding: chunked", "Content-Length: 5"),
            post("Content-Length: 0", "Transfer-Encoding: identity"),
            post("Transfer-Encoding: xchunked", "Content-Length: 5"),
            post("Transfer-Encoding:", "Content-Length: 5"),
            post("Content-Length: 5", "Transfer-Encoding: chunked", version: "1.0"),
        ])
    func row1(_ request: String) {
        #expect(parse(request).rejection == .lengthWithTransferEncoding)
        #expect(parse(request).rejection?.status == 400)
    }

    @Test(
        "row 2: more than one Content-Length is refused, equal or not",
        arguments: [
            post("Content-Length: 5", "Content-Length: 6"),
            post("Content-Length: 5", "Content-Length: 5"),
            post("Content-Length: 5, 5"), post("Content-Length: 5,6"),
            post("content-length: 5", "X: y", "CONTENT-LENGTH: 5"),
        ])
    func row2(_ request: String) {
        let rejection = parse(request).rejection
        #expect([.contentLengthRepeated, .contentLengthMalformed].contains(rejection))
        #expect(rejection?.status == 400)
    }

    @Test(
        "row 3: Content-Length is decimal digits below 2^63 and nothing else",
        arguments: [
            "", "+5", "-1", "0x10", "1_0", "5 5", "5;", "5.", "٥", "5\u{0b}",
            "9223372036854775808", "18446744073709551616", "00000000000000000005",
            "99999999999999999999999999", "five", "5,", ",5", "\"5\"",
        ])
    func row3(_ value: String) {
        let rejection = parse(post("Content-Length: \(value)")).rejection
        #expect([.contentLengthMalformed, .controlCharacter].contains(rejection))
        #expect(rejection?.status == 400)
    }

    @Test("row 3: white space around the number is no part of it")
    func row3WhiteSpace() {
        #expect(parse(post("Content-Length: \t 5 \t")).head.framing == .length(5))
        #expect(
            parse(post("Content-Length: 9223372036854775807")).head.framing
                == .length(UInt64(Int64.max)))
        #expect(parse(post("Content-Length: 5\r")).rejection == .bareCarriageReturn)
    }

    @Test(
        "row 4: Transfer-Encoding is exactly chunked",
        arguments: [
            ",chunked", "chunked,", "chunked,identity", "chunked, chunked", "xchunked",
            "chunkedchunked", "chunked;q=1", "\"chunked\"", "identity", "chunked gzip", "chunk ed",
            "", "chunked\u{a0}", "cow", "gzip;chunked",
        ])
    func row4(_ value: String) {
        #expect(
            parse(post("Transfer-Encoding: \(value)")).rejection == .transferEncodingMalformed)
    }

    @Test(
        "row 4: other codings before a last chunked are 501",
        arguments: [
            "gzip, chunked", "identity,chunked", "deflate ,\tchunked",
        ])
    func row4Unknown(_ value: String) {
        let rejection = parse(post("Transfer-Encoding: \(value)")).rejection
        #expect(rejection == .transferEncodingUnknown)
        #expect(rejection?.status == 501)
    }

    @Test("row 4: the coding's name is known in any case, and one line is enough")
    func row4Case() {
        #expect(parse(post("Transfer-Encoding: cHuNkEd")).head.framing == .chunked)
        #expect(parse(post("Transfer-Encoding: chunked \t")).head.framing == .chunked)
        #expect(
            parse(post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")).rejection
                == .transferEncodingMalformed)
        #expect(parse(post("Transfer-Encoding: \u{0b}chunked")).rejection == .controlCharacter)
        #expect(parse(post("Transfer-Encoding: chunked\r")).rejection == .bareCarriageReturn)
        #expect(parse(post("Transfer_Encoding: chunked")).head.framing == .none)
    }

    @Test("row 5: Transfer-Encoding in HTTP/1.0 is refused")
    func row5() {
        let request = post("Transfer-Encoding: chunked", version: "1.0")
        #expect(parse(request).rejection == .transferEncodingInHTTP10)
    }

    @Test(
        "row 6: a chunk size is one to sixteen hexadecimal digits below 2^63",
        arguments: [
            "0x5", "5 ", "-0", "+5", "1_0", "FFFFFFFFFFFFFFED", "8000000000000000",
            "00000000000000005", "1zzz", " 5", "\t5", "", ";", "５", "5\u{0b}",
        ])
    func row6(_ size: String) {
        let error = decode("\(size)\r\nhello\r\n0\r\n\r\n").error
        #expect(error == .sizeMalformed || error == .sizeTooLarge)
    }

    @Test("row 7: a chunk extension ends with its line and is at most 256 bytes long")
    func row7() {
        #expect(decode("5;a\nb\r\nhello\r\n0\r\n\r\n").error == .extensionMalformed)
        #expect(decode("5;a\rb\r\nhello\r\n0\r\n\r\n").error == .sizeMalformed)
        #expect(decode("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n").error == .extensionMalformed)
        #expect(decode("5;a=\"\\\"\r\nhello\r\n0\r\n\r\n").error == .extensionMalformed)
        #expect(decode("5;\u{0}\r\nhello\r\n0\r\n\r\n").error == .extensionMalformed)
        let most = String(repeating: "x", count: 255)
        #expect(decode("5;\(most)\r\nhello\r\n0\r\n\r\n").content == "hello")
        #expect(decode("5;\(most)x\r\nhello\r\n0\r\n\r\n").error == .extensionTooLong)
    }

    @Test(
        "row 8: chunk data is followed by exactly CRLF",
        arguments: [
            "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n",
            "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
            "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\n",
        ])
    func row8(_ body: String) {
        let error = decode(body).error
        #expect(error == .dataEndMissing || error == .sizeMalformed)
    }

    @Test(
        "row 9: trailers that frame, route, authenticate or direct caches are not passed on",
        arguments: [
            "Content-Length", "Transfer-Encoding", "Host", "Authorization", "Cache-Control",
            "Content-Type", "content-disposition", "Set-Cookie", "Cookie", "X-Forwarded-For",
            "X-Forwarded-Whatever", "If-None-Match", "Proxy-Thing", "Expect", "Age", "Vary",
            "WWW-Authenticate", "Trailer", "TE", "Range", "X-HTTP-Method-Override", "Connection",
        ])
    func row9(_ name: String) {
        #expect(!withSpan(name) { KnownField.mayBeTrailer(name: $0) })
    }

    @Test("row 9: the number and size of trailers are limited")
    func row9Limits() {
        let lines = String(repeating: "X-A: b\r\n", count: 32)
        #expect(decode("0\r\n\(lines)\r\n").trailers.count == 32)
        #expect(decode("0\r\n\(lines)X-A: b\r\n\r\n").error == .tooManyTrailers)
        let long = String(repeating: "x", count: 8_187)
        #expect(decode("0\r\nX-A: \(long)\r\n\r\n").trailers.count == 1)
        #expect(decode("0\r\nX-A: x\(long)\r\n\r\n").error == .trailersTooLarge)
        #expect(decode("0\r\nA: b\r\nX-A: \(long)\r\n\r\n").error == .trailersTooLarge)
    }

    @Test(
        "row 10: bare LF, bare CR, NUL and other control characters are refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", .bareCarriageReturn),
            ("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCarriageReturn),
            (get("X: a\u{0}b"), .controlCharacter), (get("X: a\u{1b}b"), .controlCharacter),
            (get("X: a\u{7f}b"), .controlCharacter), (get("X\u{0}: b"), .controlCharacter),
            (get("X: a", " folded"), .foldedLine), (get("X: a", "\tfolded"), .foldedLine),
        ] as [(String, HeadRejection)])
    func row10(_ request: String, _ rejection: HeadRejection) {
        #expect(parse(request).rejection == rejection)
    }

    @Test(
        "row 11: a field line is a name, a colon at once, and a value",
        arguments: [
            (get("X : b"), .spaceBeforeColon), (get("X\t: b"), .spaceBeforeColon),
            (get("X  \t : b"), .spaceBeforeColon), (get("Xb"), .colonMissing),
            (get(": b"), .fieldNameEmpty),
            (get(":"), .fieldNameEmpty), (get("X y: b"), .fieldNameMalformed),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
            ("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", .foldedLine),
            (get("Content-Length : 5"), .spaceBeforeColon),
        ] as [(String, HeadRejection)])
    func row11(_ request: String, _ rejection: HeadRejection) {
        #expect(parse(request).rejection == rejection)
        #expect(rejection.status == 400)
    }

    @Test(
        "row 12: a field name is a token",
        arguments: ["X\u{85}", "\u{80}", "X(y)", "X/y", "X@", "{X}", "\"X\""])
    func row12(_ name: String) {
        #expect(parse(get("\(name): b")).rejection == .fieldNameMalformed)
        #expect(parse(get("\(name): b").latin1).rejection == .fieldNameMalformed)
    }

    @Test(
        "row 13: the request line is method, target and version with one space between",
        arguments: [
            ("GET  / HTTP/1.1", 400), ("GET /  HTTP/1.1", 400), (" GET / HTTP/1.1", 400),
            ("GET\t/ HTTP/1.1", 400), ("GET /\tHTTP/1.1", 400), ("GET / HTTP/1.1 ", 400),
            ("GET / HTTP/1.32", 400), ("GET / HTTP/1.1x", 400), ("GET / http/1.1", 400),
            ("GET / HTTP/11", 400), ("GET / HTTP/1.", 400), ("GET / HTTP/.1", 400),
            ("GET / HTTP/2.0", 505), ("GET / HTTP/0.9", 505), ("GET / HTTP/3.1", 505),
            ("GET /", 505), ("GET", 400), ("G{T / HTTP/1.1", 400), ("(GET) / HTTP/1.1", 400),
            ("GET / x HTTP/1.1", 400), ("GET / HTTP/1.1 HTTP/1.1", 400), ("/ HTTP/1.1", 400),
            ("GET / HTTP/1.1\u{0c}", 400), ("GET / HTTP 1.1", 400), ("GET / HTTPS/1.1", 400),
        ])
    func row13(_ line: String, _ status: Int) {
        #expect(parse("\(line)\r\nHost: a\r\n\r\n").rejection?.status == status)
    }

    @Test(
        "row 14: a target holds no byte that had to be encoded",
        arguments: [
            "/a\u{0}b", "/a#b", "/#", "/a\\b", "/a\u{7f}", "/ä", "/a\u{1}",
            "/f.jpg \u{0}.php", "/admin#.png", "/?a#b", "/?\u{e9}", "http://a.example/#x",
        ])
    func row14(_ target: String) {
        #expect(parse(get(target: target)).rejection?.status == 400)
    }

    @Test(
        "row 14: a target is a path, an http URL or the asterisk of OPTIONS",
        arguments: [
            "admin", "@host/", "*", "a/b", "?x", "a.example:80", "mailto:x", "javascript:alert(1)",
            "ftp://a.example/", "http:/a.example/", "http:a", "file:///etc/passwd", "://x/", "",
            "unix:|http://a.example/", "*x", "*?x",
        ])
    func row14Form(_ target: String) {
        #expect(parse(get(target: target)).rejection?.status == 400)
    }

    @Test(
        "row 15: an absolute target is http's, and its authority well formed",
        arguments: [
            ("https://a.example/", .targetSchemeUnknown), ("http:///x", .hostMalformed),
            ("http://user@a.example/", .hostMalformed), ("http://a.example@b/", .hostMalformed),
        ] as [(String, HeadRejection)])
    func row15(_ target: String, _ rejection: HeadRejection) {
        #expect(parse(get(target: target)).rejection == rejection)
    }

    @Test("row 15: an absolute target gives authority, path and query (RFC 9112 §3.2.2)")
    func row15Parts() {
        for (target, authority) in [
            ("http://a.example/x?y", "a.example"), ("HTTP://A.EXAMPLE/x?y", "A.EXAMPLE"),
            ("http://a.example:80/x?y", "a.example:80"), ("http://b.example/x?y", "b.example"),
            ("http://[::1]:8080/x?y", "[::1]:8080"),
        ] {
            let parsed = parse(get(target: target))
            #expect(parsed.isComplete && parsed.head.targetForm == .absolute)
            #expect(parsed.text(parsed.head.path) == "/x")
            #expect(parsed.text(parsed.head.query) == "y")
            #expect(parsed.text(parsed.head.authority) == authority)
        }
        let root = parse(get(target: "http://a.example"))
        #expect(root.isComplete && root.head.path.isEmpty)
    }

    @Test("row 16: CONNECT, TRACE, TRACK and PRI are 405, unknown methods are told apart")
    func row16() {
        for method in ["CONNECT", "TRACE", "TRACK", "PRI"] {
            #expect(parse("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n").rejection?.status == 405)
        }
        #expect(parse("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n").rejection?.status == 405)
        #expect(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").rejection != nil)
        let odd = parse("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(odd.head.method == .otherSafe && odd.text(odd.head.methodName) == "PROPFIND")
        #expect(parse("get / HTTP/1.1\r\nHost: a\r\n\r\n").head.method == .other)
    }

    @Test(
        "row 17: there is one Host, a name or address with an optional port",
        arguments: [
            "", "a,b", "a.example,b.example", "user@a", "a:b", "a:", "a:0", "a:65536", "a:123456",
            "a:80 b", "a b", "a/b", "a?b", "a#b", "[::1", "[::1]x", "[::1]:", "[:::1]", "[1:2]",
            "[1:2:3:4:5:6:7:8:9]", "[::1::2]", "[g::1]", "[12345::]", "[::1%25eth0]", "[v1.x]",
            "[::256.0.0.1]", "[::1.2.3]", "::1", "a%41", "http://a", "a:80:80", "[]", "[1::2:]",
            "[:1::2]", ":80", "a\"b", "a<b>", "[1:2:3:4:5:6:7:8::]", "ä.example",
        ])
    func row17(_ host: String) {
        let request = "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n"
        #expect(parse(request).rejection == .hostMalformed)
    }

    @Test(
        "row 17: honest hosts pass",
        arguments: [
            "a", "A.Example", "a_b.example", "a-b:8080", "127.0.0.1:1", "a.example.:65535", "[::]",
            "[::1]:8080", "[1:2:3:4:5:6:7:8]", "[2001:DB8::1]", "[::ffff:10.0.0.1]",
            "[1:2:3:4:5:6:7.8.9.10]", "[1::]", "[fe80::1:2:3]",
        ])
    func row17Honest(_ host: String) {
        let parsed = parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(parsed.isComplete && parsed.text(parsed.head.authority) == host)
    }

    @Test("row 17: Host is missing in HTTP/1.0 only, and never twice")
    func row17Count() {
        #expect(parse("GET / HTTP/1.1\r\n\r\n").rejection == .hostMissing)
        #expect(parse("GET / HTTP/1.0\r\n\r\n").isComplete)
        #expect(parse(get("Host: a.example")).rejection == .hostRepeated)
        #expect(parse(get("Host: b", version: "1.0")).rejection == .hostRepeated)
    }

    @Test(
        "row 18: Connection cannot remove a field that must reach the other end",
        arguments: [
            "Host", "content-length", "Transfer-Encoding", "Cookie", "X-Forwarded-For",
            "x-forwarded-proto", "X-Forwarded-Host", "Cache-Control", "Authorization",
            "close, Host", "keep-alive,,Cookie", "Forwarded", "X-Real-IP", "Via",
            "CloudFront-Viewer-Address", "x-amz-cf-id", "X-Forwarded-Server", "Remote-User",
            "X-Original-URL",
        ])
    func row18(_ value: String) {
        let rejection = parse(get("Connection: \(value)")).rejection
        #expect(rejection == .connectionNamesEndToEnd)
        #expect(rejection?.status == 400)
    }

    @Test("row 19: Upgrade counts only if Connection names it")
    func row19() {
        let named = parse(get("Connection: Upgrade", "Upgrade: websocket"))
        #expect(named.text(named.head.upgrade) == "websocket")
        #expect(parse(get("Upgrade: websocket")).head.upgrade.isEmpty)
        let old = get("Connection: Upgrade", "Upgrade: websocket", version: "1.0")
        #expect(parse(old).head.upgrade.isEmpty)
        let twice = get("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket")
        #expect(parse(twice).head.upgrade.isEmpty)
        for name in ["Upgrade", "HTTP2-Settings"] {
            #expect(withSpan(name) { KnownField.named($0) }.isHopByHop)
        }
    }

    @Test(
        "row 20: any expectation but exactly 100-continue is 417",
        arguments: [
            "100-continue, x", "x", "", "100-continued", "\"100-continue\"", "100 continue",
            "200-ok",
        ])
    func row20(_ value: String) {
        let rejection = parse(post("Content-Length: 5", "Expect: \(value)")).rejection
        #expect(rejection == .expectationUnknown)
        #expect(rejection?.status == 417)
        var limits = HeadLimits.request
        limits.refusesExpectations = false
        let taken = parse(post("Content-Length: 5", "Expect: \(value)"), limits: limits)
        #expect(taken.isComplete && !taken.head.expectsContinue)
    }

    @Test("row 20: 100-continue is expected by HTTP/1.1 requests with a body only")
    func row20Exact() {
        #expect(parse(post("Content-Length: 5", "Expect: 100-Continue")).head.expectsContinue)
        #expect(
            parse(post("Transfer-Encoding: chunked", "Expect: 100-continue")).head.expectsContinue)
        #expect(!parse(get("Expect: 100-continue")).head.expectsContinue)
        #expect(!parse(post("Content-Length: 0", "Expect: 100-continue")).head.expectsContinue)
        let old = parse(post("Content-Length: 5", "Expect: 100-continue", version: "1.0"))
        #expect(old.isComplete && !old.head.expectsContinue)
        let twice = post("Content-Length: 5", "Expect: 100-continue", "Expect: 100-continue")
        #expect(parse(twice).rejection == .expectationUnknown)
    }

    @Test("row 21: after a request's head it is known how much body is still to come")
    func row21() {
        #expect(parse(post("Content-Length: 7")).head.framing == .length(7))
        #expect(parse(post("Content-Length: 0")).head.framing == .length(0))
        #expect(parse(post("Transfer-Encoding: chunked")).head.framing == .chunked)
        #expect(parse(post()).head.framing == .none)
    }

    @Test("row 22: a GET or HEAD with a body is told from one without")
    func row22() {
        #expect(parse(get("Content-Length: 7")).head.framing == .length(7))
        #expect(parse(get("Transfer-Encoding: chunked")).head.framing == .chunked)
        #expect(parse(get()).head.framing == .none)
    }

    @Test(
        "row 23: a response that contradicts itself is refused",
        arguments: [
            (
                answer("Content-Length: 5", "Transfer-Encoding: chunked"),
                .lengthWithTransferEncoding
            ),
            (answer("Content-Length: 5", "Content-Length: 6"), .contentLengthRepeated),
            (answer("Content-Length: 5", "Content-Length: 5"), .contentLengthRepeated),
            (answer("Content-Length: 5, 6"), .contentLengthMalformed),
            (answer("Content-Length: 5", status: "204 No Content"), .bodyNotAllowed),
            (answer("Transfer-Encoding: chunked", status: "204 No Content"), .bodyNotAllowed),
            (answer("Content-Length: 5", status: "100 Continue"), .bodyNotAllowed),
            (answer("Content-Length: 0", status: "103 Early Hints"), .bodyNotAllowed),
            (answer("Transfer-Encoding: gzip", status: "101 Switching"), .bodyNotAllowed),
            (answer("Transfer-Encoding: chunked", version: "1.0"), .transferEncodingInHTTP10),
        ] as [(String, HeadRejection)])
    func row23(_ response: String, _ rejection: HeadRejection) {
        #expect(parseAnswer(response).rejection == rejection)
    }

    @Test("row 23: a 304, and the answer to HEAD, may say how long the body would be")
    func row23Head() {
        let unmodified = parseAnswer(answer("Content-Length: 5", status: "304 Not Modified"))
        #expect(unmodified.isComplete && unmodified.head.framing == .none)
        #expect(unmodified.head.contentLength == 5 && unmodified.head.keepsAlive)
        let toHead = parseAnswer(answer("Content-Length: 5"), toHead: true)
        #expect(toHead.isComplete && toHead.head.framing == .none)
        let coded = parseAnswer(answer("Transfer-Encoding: chunked"), toHead: true)
        #expect(coded.isComplete && coded.head.framing == .none)
        #expect(parseAnswer(answer("Content-Length: 0", status: "204 None")).isComplete)
    }

    @Test("row 24: only a response with an explicit end leaves its connection reusable")
    func row24() {
        #expect(parseAnswer(answer("Content-Length: 5")).head.keepsAlive)
        #expect(parseAnswer(answer("Transfer-Encoding: chunked")).head.keepsAlive)
        #expect(!parseAnswer(answer()).head.keepsAlive)
        #expect(!parseAnswer(answer("Content-Length: 5", "Connection: close")).head.keepsAlive)
        #expect(!parseAnswer(answer("Content-Length: 5", version: "1.0")).head.keepsAlive)
        let unknown = parseAnswer(answer("Transfer-Encoding: gzip")).head
        #expect(unknown.framing == .untilClose && unknown.hasUnknownCoding && !unknown.keepsAlive)
    }

    @Test("row 25: only idempotent methods may be sent a second time")
    func row25() {
        for method in [Method.get, .head, .put, .delete, .options, .trace] {
            #expect(method.isIdempotent)
        }
        for method in [Method.post, .patch, .connect, .other] { #expect(!method.isIdempotent) }
    }
}

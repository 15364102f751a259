import HTTP
import Testing

@Suite("RFC 9112 §3: requests")
struct RequestHeadTests {
    @Test("a browser's request is read completely")
    func browser() {
        let parsed = parse(
            get("Connection: keep-alive", "Accept: image/png", target: "/gwc/wms?LAYERS=a&T=b?c"))
        let head = parsed.head
        #expect(parsed.isComplete && head.method == .get && head.targetForm == .origin)
        #expect(parsed.text(head.methodName) == "GET")
        #expect(parsed.text(head.target) == "/gwc/wms?LAYERS=a&T=b?c")
        #expect(parsed.text(head.path) == "/gwc/wms")
        #expect(head.hasQuery && parsed.text(head.query) == "LAYERS=a&T=b?c")
        #expect(parsed.text(head.authority) == "a.example")
        #expect(head.minorVersion == 1 && head.keepsAlive && head.framing == .none)
        #expect(head.length == parsed.bytes.count && head.fields.count == 3)
    }

    @Test("an empty query is told from none")
    func emptyQuery() {
        #expect(parse(get(target: "/?")).head.hasQuery)
        #expect(parse(get(target: "/?")).head.query.isEmpty)
        #expect(!parse(get(target: "/")).head.hasQuery)
    }

    @Test("the asterisk has no path, and is OPTIONS' alone")
    func asterisk() {
        let parsed = parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(parsed.isComplete && parsed.head.targetForm == .asterisk)
        #expect(parsed.head.path.isEmpty && parsed.text(parsed.head.target) == "*")
        #expect(parse("HEAD * HTTP/1.1\r\nHost: a\r\n\r\n").rejection == .targetFormUnknown)
    }

    @Test(
        "each method is known by its exact name",
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
            ("OPTIONS", .options), ("PATCH", .patch), ("Get", .other), ("GETS", .other),
            ("PUR", .other),
            ("PURGE", .other), ("HEADX", .other), ("DELETD", .other), ("OPTIONZ", .other),
            ("LOCK", .other),
            ("MKCALENDAR", .other),
            ("PROPFIND", .otherSafe), ("QUERY", .otherSafe), ("REPORT", .otherSafe),
            ("SEARCH", .otherSafe), ("Query", .other), ("PROPFINE", .other), ("REBIND", .other),
        ] as [(String, HTTP.Method)])
    func methods(_ name: String, _ method: HTTP.Method) {
        let parsed = parse("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(parsed.head.method == method && parsed.text(parsed.head.methodName) == name)
        #expect(withSpan(name) { Method.named($0) } == method)
    }

    @Test("RFC 9110 §9.2.1: four methods are safe, and those that the registry has as safe")
    func safe() {
        for method in [Method.get, .head, .options, .trace, .otherSafe] { #expect(method.isSafe) }
        for method in [Method.post, .put, .delete, .patch, .connect, .other] {
            #expect(!method.isSafe)
        }
        #expect(withSpan("TRACE") { Method.named($0) } == .trace)
        #expect(withSpan("CONNECT") { Method.named($0) } == .connect)
    }

    @Test("a method longer than 32 bytes is refused")
    func longMethod() {
        let most = String(repeating: "M", count: 32)
        #expect(parse("\(most) / HTTP/1.1\r\nHost: a\r\n\r\n").isComplete)
        #expect(parse("\(most)M / HTTP/1.1\r\nHost: a\r\n\r\n").rejection == .methodMalformed)
    }

    @Test("RFC 9110 §2.5: a higher minor version is read as 1.1")
    func version() {
        #expect(parse(get(version: "1.9")).head.minorVersion == 1)
        #expect(parse(get(version: "1.0")).head.minorVersion == 0)
    }

    @Test(
        "RFC 9112 §9.3: HTTP/1.1 persists unless told, HTTP/1.0 only if told",
        arguments: [
            ("1.1", "", true), ("1.1", "close", false), ("1.1", "Close", false), ("1.0", "", false),
            ("1.0", "keep-alive", true), ("1.0", "Keep-Alive, close", false), ("1.0", "foo", false),
            ("1.1", "foo, CLOSE", false), ("1.1", "keep-alive, upgrade", true), ("1.1", ",,", true),
        ])
    func persistence(_ version: String, _ option: String, _ keepsAlive: Bool) {
        let parsed = parse(get("Connection: \(option)", version: version))
        #expect(parsed.isComplete && parsed.head.keepsAlive == keepsAlive)
    }

    @Test(
        "RFC 9110 §7.6.1: connection options are tokens",
        arguments: ["a b", "\"close\"", "a;b", "close:"])
    func options(_ value: String) {
        #expect(parse(get("Connection: \(value)")).rejection == .connectionMalformed)
    }

    @Test("RFC 9112 §2.2: one empty line before the request line is ignored, not two")
    func emptyLines() {
        let parsed = parse("\r\n" + get())
        #expect(parsed.isComplete && parsed.head.length == parsed.bytes.count)
        #expect(parsed.text(parsed.head.methodName) == "GET")
        #expect(parse("\r\n\r\n" + get()).rejection == .emptyLine)
        #expect(parse("\n" + get()).rejection == .bareLineFeed)
    }

    @Test("what follows the head is not looked at")
    func pipelined() {
        let parsed = parse(get() + "\u{0}\n\n")
        #expect(parsed.isComplete && parsed.head.length == get().utf8.count)
    }

    @Test("a head is reused without a trace of the one before")
    func reuse() {
        var head = parse(
            post(
                "Content-Length: 5", "Expect: 100-continue", "Connection: close, upgrade",
                "Upgrade: websocket")
        ).head
        var scan = HeadScan()
        Array("GET / HTTP/1.0\r\n\r\n".utf8).withUnsafeBytes {
            #expect(parseRequest($0.bytes, &scan, limits: .request, into: &head) == .complete)
        }
        #expect(head.framing == .none && !head.expectsContinue && head.upgrade.isEmpty)
        #expect(head.authority.isEmpty && head.fields.count == 0 && !head.hasQuery)
        #expect(head.method == .get && head.minorVersion == 0 && !head.keepsAlive)
    }

    @Test(
        "paths stay below their root, decoded once as careless origins do",
        arguments: [
            "/..", "/../", "/a/../..", "/a/../../b", "/%2e%2e", "/%2E./x", "/a/..%2f..%2f",
            "/..;x/y",
            "/..%5c..", "/./../x", "//../..", "/a/%2e%2e/%2e%2e/b",
        ])
    func escaping(_ path: String) {
        #expect(parse(get(target: path)).rejection == .pathLeavesRoot)
    }

    @Test(
        "paths that only look like leaving pass",
        arguments: [
            "/a/..", "/a/b/../../c", "/...", "/..a", "/a..", "/.../..", "/a/.", "/.well-known/x",
            "/%252e%252e/", "/a%2f..", "/x/.;y/..",
        ])
    func staying(_ path: String) {
        #expect(parse(get(target: path)).isComplete)
    }

    @Test(
        "an escape in a path encodes a byte other than NUL, in its shortest form",
        arguments: [
            "/%", "/%2", "/%zz", "/a%00b", "/%0", "/%c0%af", "/%C1%9c", "/%e0%80%af",
            "/%f0%80%80%af",
            "/%2e%", "/a/%g1",
        ])
    func escapes(_ path: String) {
        #expect(parse(get(target: path)).rejection == .pathEscapeMalformed)
    }

    @Test(
        "honest escapes pass, and a query's are nobody's business",
        arguments: [
            "/%c3%a9", "/%e9", "/%e0%a4%85", "/%f0%9f%98%80", "/a%20b", "/%41", "/x?%",
            "/x?%00&../..",
            "/%c0", "/%c0x",
        ])
    func honestEscapes(_ path: String) {
        #expect(parse(get(target: path)).isComplete)
    }
}

/// Row 10.
let badLines: [Attack] = [
    .refused("LF alone ends each line", "GET {path} HTTP/1.1\nHost: edge.test\n\n"),
    .refused("LF alone ends the request line", "GET {path} HTTP/1.1\nHost: edge.test\r\n\r\n"),
    .refused("LF alone ends a field", "GET {path} HTTP/1.1\r\nHost: edge.test\nX: 1\r\n\r\n"),
    .refused("LF alone ends the head", "GET {path} HTTP/1.1\r\nHost: edge.test\r\n\n"),
    .refused("CR alone ends a field", "GET {path} HTTP/1.1\r\nHost: edge.test\rX: 1\r\n\r\n"),
    .refused("two CR end a field", "GET {path} HTTP/1.1\r\nHost: edge.test\r\r\n\r\n"),
    .refused("CR in a value", get(with: "X: a\rb")),
    .refused("NUL in a value", get(with: "X: a\u{0}b")),
    .refused("a control in a value", get(with: "X: a\u{1}b")),
    .refused("DEL in a value", get(with: "X: a\u{7F}b")),
    .refused("a control in a name", get(with: "X\u{1}: a")),
    .refused("NUL in a name", get(with: "X\u{0}Y: a")),
    .refused("a value folded by a space", get(with: "X: a\r\n b")),
    .refused("a value folded by a tab", get(with: "X: a\r\n\tb")),
    .refused(
        "a folded Transfer-Encoding", [400, 501],
        get(with: "Transfer-Encoding:\r\n chunked")),
    .passed("a byte past 0x7F in a value is none of our business", get(with: "X: caf\u{E9}")),
]

/// Row 11.
let badFields: [Attack] = [
    .refused("a space before the colon", get(with: "X : a")),
    .refused("a tab before the colon", get(with: "X\t: a")),
    .refused(
        "a space before the colon of Host",
        "GET {path} HTTP/1.1\r\nHost : edge.test\r\n\r\n"),
    .refused(
        "a space before the first field",
        "GET {path} HTTP/1.1\r\n X: a\r\nHost: edge.test\r\n\r\n"),
    .refused(
        "a tab before the first field",
        "GET {path} HTTP/1.1\r\n\tX: a\r\nHost: edge.test\r\n\r\n"),
    .refused("no colon", get(with: "X")),
    .refused("no name", get(with: ": a")),
    .refused("a colon alone", get(with: ":")),
]

/// Row 12.
let badNames: [Attack] = [
    "X\u{80}", "\u{85}X", "X\u{E9}", "\u{FF}", "X Y", "X(Y)", "X@", "X\"", "X,", "X/", "X;", "X[",
    "{X}",
    "Content-Length\u{A0}",
].map { .refused("name \($0.debugDescription)", get(with: "\($0): a")) }

/// Row 13.
let badRequestLines: [Attack] =
    [
        "GET  {path} HTTP/1.1", "GET {path}  HTTP/1.1", "GET {path} HTTP/1.1 ",
        " GET {path} HTTP/1.1",
        "GET\t{path} HTTP/1.1", "GET {path}\tHTTP/1.1", "GET {path} HTTP/1.32",
        "GET {path} HTTP/1.1x",
        "GET {path} HTTP/1.", "GET {path} HTTP/1", "GET {path} HTTP/.1", "GET {path} HTTP/01.1",
        "GET {path} HTTP/2.0", "GET {path} HTTP/0.9", "GET {path} HTTP/9.9", "GET {path} HTTP/1,1",
        "GET {path} http/1.1", "GET {path} HTTPS/1.1", "GET {path} HTTP 1.1",
        "GET {path} HTTP/1.1\u{0}",
        "GET {path}", "{path} HTTP/1.1", "HTTP/1.1", "GE(T {path} HTTP/1.1",
        "G\u{E9}T {path} HTTP/1.1",
        "GET\u{0} {path} HTTP/1.1", "GET {path} HTTP/1.1 HTTP/1.1", "\u{B}GET {path} HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
    ].map { line in
        .refused(line.debugDescription, [400, 501, 505], line + "\r\nHost: edge.test\r\n\r\n")
    } + [
        .passed("an empty line before the request line is skipped", "\r\n" + get(with: "X: 1"))
    ]

/// Row 14.
let badTargets: [Attack] = [
    "{path}a b", "{path}\u{0}", "{path}\u{1}", "{path}\u{7F}", "{path}\u{E9}", "{path}#fragment",
    "#fragment", "{path}\\..\\x", "\\{path}", "admin", "@edge.test{path}", "*", "?{path}", "",
    ".{path}", ":80{path}", "edge.test:80", "{path}\u{FF}",
].map { target in
    .refused("target \(target.debugDescription)", message("GET \(target) HTTP/1.1"))
}

/// Row 15, without those that need an origin of their own.
let absoluteTargets: [Attack] = [
    .passed(
        "the same authority in the target and in Host",
        message("GET http://edge.test{path} HTTP/1.1")),
    .passed(
        "in another case", message("GET HTTP://EDGE.test{path} HTTP/1.1"),
        Attack.Meaning(host: "EDGE.test")),
    .passed(
        "another authority in the target", message("GET http://other.test{path} HTTP/1.1"),
        Attack.Meaning(host: "other.test")),
    Attack(
        name: "https towards a port without TLS",
        text: message("GET https://edge.test{path} HTTP/1.1"),
        outcome: .refusedOrPassed([400, 421], Attack.Meaning())),
    .refused("another scheme", message("GET ftp://edge.test{path} HTTP/1.1")),
    .refused("userinfo", message("GET http://user@edge.test{path} HTTP/1.1")),
    .refused("an empty authority", message("GET http://{path} HTTP/1.1")),
    .refused("a fragment", message("GET http://edge.test{path}#x HTTP/1.1")),
]

/// Row 16, without unknown methods.
let badMethods: [Attack] = [
    .refused("CONNECT", [405], "CONNECT edge.test:443 HTTP/1.1\r\nHost: edge.test:443\r\n\r\n"),
    .refused("CONNECT with a path", [400, 405], message("CONNECT {path} HTTP/1.1")),
    .refused("TRACE", [405], message("TRACE {path} HTTP/1.1")),
    .refused("HTTP/2's own method in HTTP/1.1", [405], message("PRI {path} HTTP/1.1")),
    .refused("the preface of HTTP/2", [400, 405, 505], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
]

/// Row 17.
let badHosts: [Attack] =
    [
        "edge.test, other.test", "edge.test,", "user@edge.test", "edge.test:80 b",
        "edge.test:99999",
        "edge.test:x", "edge.test:-1", "edge.test:80:80", "[::1", "::1", "[zz::1]", "[::1]x", "[]",
        "edge.test/path", "edge test", "edge.test#x", "edge.test?x", "edge.test\\x",
        "http://edge.test",
        "edge\u{E9}.test", "edge.test\u{B}",
    ].map { host in
        .refused(
            "Host: \(host.debugDescription)", [400, 421],
            "GET {path} HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    } + [
        .refused("no Host", "GET {path} HTTP/1.1\r\nX: 1\r\n\r\n"),
        .refused("two Hosts that agree", get(with: "Host: edge.test")),
        .refused("two Hosts that differ", get(with: "Host: other.test")),
        .refused("a second Host in another case", get(with: "HOST: other.test")),
        .passed(
            "an IPv6 Host", "GET {path} HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
            Attack.Meaning(host: "[::1]:8080")),
    ]

/// Row 18.
let badConnections: [Attack] = [
    "Host", "Content-Length", "Transfer-Encoding", "Cookie", "Authorization", "Cache-Control",
    "X-Forwarded-For", "X-Forwarded-Proto", "close, HOST", "x-forwarded-host", "Content-Type",
    "Content-Encoding", "If-Match", "If-Unmodified-Since",
].map { .refused("Connection: \($0)", get(with: "Connection: \($0)", "Cookie: a=1")) }

/// Row 20, without the dialogue of 100-continue.
let badExpectations: [Attack] = [
    "100-continue, x", "x", "100-continue=1", "200-ok", "100-continue;q=1", "y100-continue",
    "100-continue\r\nExpect: x",
].map { value in
    .refused(
        "Expect: \(value.debugDescription)", [417],
        message("POST {path} HTTP/1.1", "Expect: \(value)", "Content-Length: 0"))
}

/// Row 22.
let fatGets: [Attack] = [
    .refused(
        "GET with a length",
        message("GET {path} HTTP/1.1", "Content-Length: 5", body: "hello")),
    .refused(
        "GET with chunks",
        message("GET {path} HTTP/1.1", "Transfer-Encoding: chunked", body: "0\r\n\r\n")),
    .refused(
        "HEAD with a length",
        message("HEAD {path} HTTP/1.1", "Content-Length: 5", body: "hello")),
    .passed("a length of nothing is no body", get(with: "Content-Length: 0")),
]

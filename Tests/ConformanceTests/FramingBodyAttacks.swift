private let post = "POST {path} HTTP/1.1"
private let empty = "0\r\n\r\n"

/// Row 1.
let lengthAndCoding: [Attack] = [
    .refused(
        "Content-Length before Transfer-Encoding",
        message(post, "Content-Length: 5", "Transfer-Encoding: chunked", body: empty)),
    .refused(
        "Transfer-Encoding before Content-Length",
        message(post, "Transfer-Encoding: chunked", "Content-Length: 5", body: empty)),
    .refused(
        "Content-Length with an unknown coding", [400, 501],
        message(post, "Transfer-Encoding: xyz", "Content-Length: 5", body: "hello")),
    .refused(
        "both on a GET",
        message(
            "GET {path} HTTP/1.1", "Content-Length: 0", "Transfer-Encoding: chunked", body: empty)),
]

/// Row 2.
let severalLengths: [Attack] = [
    .refused(
        "two that agree",
        message(
            post, "Content-Length: 5", "Content-Length: 5", body: "hello")),
    .refused(
        "two that differ",
        message(
            post, "Content-Length: 5", "Content-Length: 6", body: "hello")),
    .refused(
        "in different case",
        message(
            post, "content-length: 5", "CONTENT-LENGTH: 0", body: "hello")),
    .refused("a list that agrees", message(post, "Content-Length: 5, 5", body: "hello")),
    .refused("a list that differs", message(post, "Content-Length: 5,6", body: "hello")),
]

/// Row 3.
let badLengths: [Attack] = [
    "", "+5", "-1", "0x10", "1_0", "5 5", "5;", "5.0", "5e1", "five", "\"5\"", "5\u{B}", "5\u{0}",
    "5\rX: y", "9223372036854775808", "18446744073709551621", "99999999999999999999999999",
    "\u{B2}", "5\u{A0}",
].map { value in
    .refused(
        "Content-Length: \(value.debugDescription)", [400, 413],
        message(post, "Content-Length: \(value)", body: "hello"))
}

/// Row 4.
let badCodings: [Attack] =
    [
        ",chunked", "chunked,", "chunked,identity", "identity", "identity, chunked", "xchunked",
        "chunkedchunked", "chunked, chunked", "chunked chunked", "\u{B}chunked", "chunked\u{B}",
        "chunked\u{0}", "chunked\rX: y", "chunked;q=1", "\"chunked\"", "gzip, chunked", "chunke",
        "",
        "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity",
        "identity\r\nTransfer-Encoding: chunked", "\u{A0}chunked", "chun\u{212A}ed",
    ].map { value in
        .refused(
            "Transfer-Encoding: \(value.debugDescription)", [400, 501],
            message(post, "Transfer-Encoding: \(value)", body: empty))
    } + [
        .refused(
            "Transfer-Encoding with a space before its colon", [400, 501],
            message(post, "Transfer-Encoding : chunked", body: empty)),
        .passed(
            "Transfer-Encoding in capitals is the same",
            message(post, "TRANSFER-ENCODING: CHUNKED", body: "3\r\nabc\r\n0\r\n\r\n"),
            Attack.Meaning(method: "POST", body: "abc")),
    ]

/// Row 5.
let codingInOldVersion: [Attack] = [
    .refused(
        "Transfer-Encoding in HTTP/1.0", [400, 501],
        message(
            "POST {path} HTTP/1.0", "Transfer-Encoding: chunked", "Connection: keep-alive",
            body: empty))
]

/// Row 6.
let badChunkSizes: [Attack] = [
    "0x5", "5 ", " 5", "-0", "-1", "+5", "1_0", "FFFFFFFFFFFFFFED", "10000000000000005",
    "00000000000000005", "1zzz", "", "g", "5\t", "5\u{0}", "\u{B}5", "5,5", "#5",
].map { size in
    .brokenOff(
        "chunk size \(size.debugDescription)",
        chunks("\(size)\r\nhello\r\n0\r\n\r\n"))
}

/// Row 7.
let badChunkExtensions: [Attack] = [
    .brokenOff("a bare CR", chunks("5;a\rb\r\nhello\r\n0\r\n\r\n")),
    .brokenOff("a bare LF", chunks("5;a\nhello\r\n0\r\n\r\n")),
    .brokenOff("a line end in quotes", chunks("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n")),
    .brokenOff("a NUL", chunks("5;a=\u{0}\r\nhello\r\n0\r\n\r\n")),
    .brokenOff(
        "more than 256 bytes",
        chunks("5;a=" + String(repeating: "b", count: 300) + "\r\nhello\r\n0\r\n\r\n")),
    .passed(
        "a short one is dropped", chunks("5;a=b\r\nhello\r\n0;c\r\n\r\n"),
        Attack.Meaning(method: "POST", body: "hello")),
]

/// Row 8.
let badChunkEnds: [Attack] = [
    .brokenOff("other bytes behind the data", chunks("5\r\nhelloXX0\r\n\r\n")),
    .brokenOff("data longer than its size", chunks("5\r\nhello!\r\n0\r\n\r\n")),
    .brokenOff("LF alone behind the data", chunks("5\r\nhello\n0\r\n\r\n")),
    .brokenOff("CR alone behind the data", chunks("5\r\nhello\r0\r\n\r\n")),
    .brokenOff("LF alone behind the size", chunks("5\nhello\r\n0\r\n\r\n")),
    .brokenOff("an empty line before the last chunk", chunks("5\r\nhello\r\n\r\n0\r\n\r\n")),
    .brokenOff("LF alone at the very end", chunks("5\r\nhello\r\n0\n\n")),
]

/// Row 9.
let badTrailers: [Attack] =
    [
        "Content-Length: 5", "Transfer-Encoding: chunked", "Host: other.test",
        "Authorization: Basic x",
        "Cookie: a=1", "Cache-Control: no-store", "Connection: close", "X-Real-IP: 192.0.2.1",
        "Content-Type: text/html", "Range: bytes=0-1", "Expect: 100-continue",
    ].map { line in
        let name = String(line.prefix { $0 != ":" })
        return Attack(
            name: "\(line) in a trailer", text: chunks("5\r\nhello\r\n0\r\n\(line)\r\n\r\n"),
            outcome: .refusedOrPassed(
                [400],
                Attack.Meaning(
                    method: "POST", body: "hello",
                    without: ["Host", "Transfer-Encoding"].contains(name) ? [] : [name])))
    } + [
        .brokenOff(
            "too many trailers",
            chunks(
                "5\r\nhello\r\n0\r\n"
                    + (0..<200).map { "X-\($0): 1\r\n" }.joined() + "\r\n")),
        .brokenOff(
            "too long a trailer",
            chunks(
                "5\r\nhello\r\n0\r\nX-Long: "
                    + String(repeating: "a", count: 40_000) + "\r\n\r\n")),
        .brokenOff("a trailer without a colon", chunks("5\r\nhello\r\n0\r\nX-Odd\r\n\r\n")),
        .brokenOff("a folded trailer", chunks("5\r\nhello\r\n0\r\nX-A: 1\r\n 2\r\n\r\n")),
    ]

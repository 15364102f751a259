/// Heads that between them take every path through the parsers.
enum SampleHeads {
    static let requests: [String] = [
        get(), get(version: "1.0"), "GET / HTTP/1.0\r\n\r\n", "\r\n" + get(), "\r\n\r\n" + get(),
        get(
            "Connection: keep-alive", "User-Agent: Mozilla/5.0", "Accept: image/png,*/*;q=0.8",
            "Accept-Encoding: gzip, deflate", target: "/geoserver/wms?LAYERS=a&BBOX=1,2,3,4"),
        get("X-Empty:", "X-Blank: \t ", "X-Tabs:\ta\tb\t", "X-Long-Unknown-Name-Indeed: 1"),
        post("Content-Length: 12", "Content-Type: text/xml", "Expect: 100-continue"),
        post("Transfer-Encoding: chunked", "Trailer: X-Sum"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "PROPFIND /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        get(target: "http://a.example/x?y"), get(target: "http://a.example?y"),
        get(target: "/a/./b/../c"), get(target: "/a/../../b"), get(target: "/%2e%2e/x"),
        get(target: "/a%00b"), get(target: "/a%2"), get(target: "/x?%"), get(target: "/?"),
        get("Connection: close, X-Hop, te", "X-Hop: 1", "TE: trailers"),
        get("Connection: Host"), get("Connection: a b"), get("Expect: x"), get("Host: b"),
        "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost a\r\n\r\n", "GET /\r\n", "X\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", get("Bad Name: x"), get("X: a\u{1}"),
        get("Content-Length: 5", "Transfer-Encoding: chunked"), get("Content-Length: 5,5"),
        post("Transfer-Encoding: gzip, chunked"), "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n",
        get() + "GET /second HTTP/1.1\r\n\u{0}", get("X: y\r"), "GET / HTTP/1.1\r\r\n\r\n",
    ]

    static let responses: [String] = [
        answer(), answer("Content-Length: 5", "ETag: \"x\"", "Connection: keep-alive"),
        answer("Transfer-Encoding: chunked"), answer("Transfer-Encoding: gzip"),
        answer(status: "200"), answer(status: "200 "), answer(status: "599 \u{1}\t\u{7f} junk"),
        answer(status: "99 x"), answer(status: "0200 OK"), "HTTP/2 200\r\n\r\n", "\r\n" + answer(),
        answer("Content-Length: 5", status: "204 x"), answer("Content-Length: 5", status: "304 x"),
        answer("X: a\u{1}"), answer(" X: a"), "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 O\rK\r\n\r\n",
        answer("Content-Length: 5", version: "1.0"), "ICY 200 OK\r\n\r\n", "bogus\r\n\r\n",
        answer("Connection: close", "Upgrade: x", status: "101 Switching Protocols"),
        "HTTP/1.1 200 a\u{0}b\r\n\r\n",
    ]
}

import Caching
import Testing

@Suite("References of the same host: RFC 3986 §5.2, RFC 9111 §4.4")
struct ReferenceTests {
    /// `path?query`, the question mark only where there is one; nil: another host's.
    private func target(
        _ reference: String, host: String = "Example.org:80", path: String = "/dir/page"
    ) -> String? {
        let found = Reference.resolve(
            Array(reference.utf8), host: Array(host.utf8), path: Array(path.utf8))
        return found.map { target in
            let query = target.query.map { Array("?".utf8) + $0 } ?? []
            return String(decoding: target.path + query, as: UTF8.self)
        }
    }

    @Test(
        "what leads to the same host has a target",
        arguments: [
            ("/a", "/a"), ("/a?b=c", "/a?b=c"), ("/a?", "/a?"), ("?", "/dir/page?"),
            ("other", "/dir/other"),
            ("../x", "/x"), ("../../x", "/x"), ("./y", "/dir/y"), ("/a/./b/../c", "/a/c"),
            ("..", "/"), (".", "/dir/"), ("?q", "/dir/page?q"), ("", "/dir/page"),
            ("#part", "/dir/page"), ("/a#part", "/a"), ("http://example.org/a", "/a"),
            ("HTTP://EXAMPLE.ORG:80/a?b", "/a?b"), ("http://example.org", "/"),
            ("http://example.org?q", "/?q"), ("//example.org/a", "/a"), ("/a:b", "/a:b"),
            ("http://example.org:/a", "/a"), ("x?y:z", "/dir/x?y:z"), ("/a/...", "/a/..."),
            ("https://example.org/a", "/a"), ("https://example.org:443/a", "/a"),
        ])
    func same(_ reference: String, _ wanted: String) {
        #expect(target(reference) == wanted)
    }

    @Test(
        "another host's is left alone",
        arguments: [
            "http://example.com/a", "http://example.org:8080/a", "//example.com/a",
            "ftp://example.org/a", "mailto:a@example.org", "http:/a", "http:a",
            "http://user@example.org/a", "http://example.org.example.com/a",
        ])
    func other(_ reference: String) {
        #expect(target(reference) == nil)
    }

    @Test("a relative reference to a request without a path starts at the root")
    func noPath() {
        #expect(target("a", path: "") == "/a")
    }

    @Test("a port that is no default is part of the host")
    func port() {
        #expect(target("http://example.org:8080/a", host: "example.org:8080") == "/a")
        #expect(target("http://example.org/a", host: "example.org:8080") == nil)
        #expect(target("http://[::1]:80/a", host: "[::1]") == "/a")
    }
}

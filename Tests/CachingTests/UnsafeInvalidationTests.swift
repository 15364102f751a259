import Caching
import HTTP
import Testing

@Suite("RFC 9111 §4.4: invalidation by writes")
struct UnsafeInvalidationTests {
    @Test(
        "unsafe and unknown methods that succeeded invalidate",
        arguments: [
            Method.post, .put, .delete, .patch, .other,
        ])
    func unsafe(_ method: Method) {
        for status in [200, 201, 204, 301, 302, 303, 399] {
            #expect(UnsafeInvalidation.applies(to: method, status: status, policy: .letter))
        }
        for status in [100, 199, 400, 404, 500] {
            #expect(!UnsafeInvalidation.applies(to: method, status: status, policy: .letter))
        }
        #expect(!UnsafeInvalidation.applies(to: method, status: 200, policy: .cloudFrontPure))
    }

    @Test("safe methods do not", arguments: [Method.get, .head, .options, .trace])
    func safe(_ method: Method) {
        #expect(!UnsafeInvalidation.applies(to: method, status: 200, policy: .letter))
    }

    /// `path?query`, or nil.
    private func target(
        _ reference: String, path: String = "/dir/page", capacity: Int = 100
    ) -> String? {
        let (reference, path) = (Array(reference.utf8), Array(path.utf8))
        let authority = Array("Example.org:80".utf8)
        var lengths: (path: Int, query: Int?)?
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            lengths = UnsafeInvalidation.sameOriginTarget(
                reference.span.bytes, scheme: "http", authority: authority.span.bytes,
                path: path.span.bytes, into: UnsafeMutableRawBufferPointer(memory))
            count = (lengths?.path ?? 0) + (lengths?.query ?? 0)
        }
        guard let lengths else { return nil }
        let text = String(decoding: bytes[..<lengths.path], as: UTF8.self)
        guard lengths.query != nil else { return text }
        return text + "?" + String(decoding: bytes[lengths.path...], as: UTF8.self)
    }

    @Test(
        "Location and Content-Location of the same origin name a target",
        arguments: [
            ("/a", "/a"), ("/a?b=c", "/a?b=c"), ("/a?", "/a?"), ("other", "/dir/other"),
            ("../x", "/x"), ("../../x", "/x"), ("./y", "/dir/y"), ("/a/./b/../c", "/a/c"),
            ("..", "/"), (".", "/dir/"), ("?q", "/dir/page?q"), ("", "/dir/page"),
            ("#part", "/dir/page"), ("/a#part", "/a"), ("http://example.org/a", "/a"),
            ("HTTP://EXAMPLE.ORG:80/a?b", "/a?b"), ("http://example.org", "/"),
            ("http://example.org?q", "/?q"), ("//example.org/a", "/a"), ("/a:b", "/a:b"),
            ("http://example.org:/a", "/a"), ("x?y:z", "/dir/x?y:z"), ("/a/...", "/a/..."),
        ])
    func same(_ reference: String, _ wanted: String) {
        #expect(target(reference) == wanted)
    }

    @Test(
        "another origin's target is left alone",
        arguments: [
            "http://example.com/a", "https://example.org/a", "http://example.org:8080/a",
            "//example.com/a", "ftp://example.org/a", "mailto:a@example.org", "http:/a", "http:a",
            "http://user@example.org/a",
        ])
    func other(_ reference: String) {
        #expect(target(reference) == nil)
    }

    @Test("what does not fit is no target", arguments: 0..<6)
    func tooLong(_ capacity: Int) {
        #expect(target("/ab?cde", capacity: capacity) == nil)
    }

    @Test("a relative reference to a request without a path starts at the root")
    func noPath() {
        #expect(target("a", path: "") == "/a")
    }
}

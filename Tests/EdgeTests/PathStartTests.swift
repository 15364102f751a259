import Caching
import Testing

@testable import Edge

@Suite("The start of paths, by which most patterns are told apart")
struct PathStartTests {
    private static let paths = [
        "/", "/a", "/images/", "/images/a.jpg", "/image", "/geoserver/gwc/service/wms", "/ab",
        "/geoserver/gwc/s", "/geoserver/gwc/", "", "/x/y/z/0123456789/abcdef",
    ]

    @Test(
        "no path that matches is told apart from its pattern",
        arguments: [
            "*", "/*", "/images/*", "images/*", "*.jpg", "/a?", "a*", "/geoserver/gwc/service/*",
            "/geoserver/gwc/service/wms", "?a", "/", "/i*e",
        ])
    func neverWrong(_ pattern: String) {
        let start = PathStart(ofPattern: pattern)
        let bytes = Array(pattern.utf8)
        for path in Self.paths {
            let text = Array(path.utf8)
            let matches = PathPattern.matches(bytes.span.bytes, path: text.span.bytes)
            let mayBegin = text.withUnsafeBytes { start.mayBegin(PathStart(of: $0)) }
            #expect(mayBegin || !matches, "\(pattern) \(path)")
            // What it has told need not be looked at again.
            let rest = PathPattern.matches(
                bytes.span.bytes, path: text.span.bytes, known: mayBegin ? start.length : 0)
            #expect(rest == matches, "\(pattern) \(path)")
        }
    }

    @Test("a start that differs within sixteen bytes is told apart")
    func tells() {
        for (pattern, path, expected) in [
            ("/geoserver/rest/*", "/geoserver/gwc/service", false),
            ("/static/*", "/media/a", false),
            ("/images/*", "/image", false), ("images/*", "/images/a", true), ("*.jpg", "/a", true),
        ] {
            let text = Array(path.utf8)
            let found = text.withUnsafeBytes {
                PathStart(ofPattern: pattern).mayBegin(PathStart(of: $0))
            }
            #expect(found == expected, "\(pattern) \(path)")
        }
    }
}

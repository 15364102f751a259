import Caching
import Testing

@testable import CloudFront

@Suite("Paths as patterns see them")
struct PathTests {
    @Test(
        "dot segments, doubled slashes and needless escapes go, others stay",
        arguments: [
            ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
            ("/a/b/..", "/a/"), ("/a/b/../..", "/"), ("/..", "/"), ("/../../a", "/a"),
            ("/a//b", "/a/b"), ("//", "/"), ("///a", "/a"), ("/a/.", "/a/"), ("/.", "/"),
            ("/%61", "/a"), ("/%2e%2E/b", "/b"), ("/a%2Fb", "/a%2Fb"), ("/a%zz", "/a%zz"),
            ("/.well-known", "/.well-known"), ("/a...", "/a..."), ("/.../a", "/.../a"),
            ("/a/..b/c", "/a/..b/c"),
        ])
    func normalForm(_ path: String, _ expected: String) {
        #expect(PathPattern.normalized(path) == expected)
        if path != expected {
            #expect(path.withBytes { MatchPath.needsNormalizing($0) })
        }
    }

    @Test(
        "a near miss is explained",
        arguments: [
            ("/Images/*", "/images/a", NearMiss.differsInCase),
            ("/images/", "/images", .missingSlash),
            ("/images/*", "/images", .missingSlash), ("/images", "/images/", .surplusSlash),
            ("/wms?service=wms", "/wms", .queryInPattern), ("/a/b*", "/a/b/..", .normalizedAway),
            ("/a/*", "/b", nil), ("/a/*", "/a/b", nil), ("*.jpg", "/LOGO.JPG", .differsInCase),
        ])
    func nearMisses(_ pattern: String, _ path: String, _ miss: NearMiss?) {
        #expect(PathPattern.nearMiss(pattern, path: path) == miss)
    }

    @Test("the first behavior that matches the normal path is taken, the default one last")
    func choice() {
        let item = { (pattern: String) in
            #"{"PathPattern": "\#(pattern)", \#(Documents.behavior)}"#
        }
        let text = Documents.distribution(
            """
            , "CacheBehaviors": {"Quantity": 3, "Items": [
                \(item("/a/b*")), \(item("a*")), \(item("*.jpg"))]}
            """)
        guard let config = DistributionConfig.read(json(text)).value,
            let distribution = Distribution.resolve(config, PolicyCatalog()).value
        else {
            Issue.record("the document was not read")
            return
        }
        func index(_ path: String, scratch: Int = 100) -> Int {
            var index = -1
            _ = filled(scratch) { memory in
                index = path.withBytes { distribution.behaviorIndex(for: $0, scratch: memory) }
                return 0
            }
            return index
        }
        #expect(index("/a/b/c") == 0)
        #expect(index("/a/b/..") == 1)
        #expect(index("/x/y.jpg") == 2)
        #expect(index("/x/y.JPG") == 3)
        #expect(index("/") == 3)
        #expect(index("/x/..//abc") == 1)
    }
}

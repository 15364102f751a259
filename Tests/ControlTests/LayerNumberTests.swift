import Caching
import Testing

@testable import Control
@testable import Edge

@Suite("Writes: the site's list of its layers")
struct LayerNumberTests {
    private func read(
        _ documents: [String: String], from path: String = "/a"
    ) throws(MemberClient.Failure) -> [String: LayerName] {
        try LayerNumberReader { path throws(MemberClient.Failure) in
            guard let text = documents[path] else { throw MemberClient.Failure("it answered 404") }
            return Array(text.utf8)
        }.read(path)
    }

    @Test("GeoNode 4's, page by page")
    func newer() throws {
        let numbers = try read(
            [
                "/api/v2/datasets?page_size=2": """
                {"links": {"next": "https://site/api/v2/datasets?page=2&page_size=2", "previous": null},
                 "total": 3, "datasets": [
                  {"pk": "7", "title": "a \\"b\\", \\u00e9", "links": [{"pk": "1", "alternate": "x:y"}],
                   "owner": {"pk": 3, "alternate": "x:z"}, "alternate": "geonode:roads"},
                  {"pk": "8", "alternate": null}, {"alternate": "geonode:lost"}]}
                """,
                "/api/v2/datasets?page=2&page_size=2":
                    #"{"datasets":[{"alternate":"geonode:rivers","pk":"9"},{"pk":10}],"links":{"next":null}}"#,
            ], from: "/api/v2/datasets?page_size=2")
        #expect(numbers == ["7": LayerName("geonode:roads"), "9": LayerName("geonode:rivers")])
    }

    @Test("an older one's; what has no workspace is not ours")
    func older() throws {
        let numbers = try read([
            "/a": """
            {"meta": {"limit": 1000, "next": "/b?offset=1"}, "objects": [
              {"id": 7, "typename": "geonode:roads", "popular_count": 1.5e3, "is_approved": true},
              {"id": 8, "typename": "remote"}, {"id": -9, "typename": "geonode:x"}]}
            """,
            "/b?offset=1": #"{"objects": [{"id": 11, "alternate": "a:b", "typename": "c:d"}]}"#,
        ])
        #expect(numbers == ["7": LayerName("geonode:roads"), "11": LayerName("a:b")])
    }

    @Test("what is no such list tells nothing, and one without an end is none")
    func bad() throws {
        #expect(try read(["/a": "<html>"]).isEmpty)
        #expect(try read(["/a": #"{"objects":[{"id":7,"alternate":"a:b""#]).isEmpty)
        #expect(throws: MemberClient.Failure.self) { try read(["/a": #"{"next":"/a"}"#]) }
        #expect(throws: MemberClient.Failure.self) { try read([:]) }
    }

    @Test("the file says where it is")
    func configured() {
        let origins = "origins: { site: { members: [\"http://127.0.0.1:1\"] } }\n"
        func numbers(_ text: String) -> CatalogueSettings? {
            reading(origins + text).configuration.settings.writes.numbers
        }
        #expect(numbers("") == nil && numbers("writes: { numbers: { origin: ~ } }\n") == nil)
        var expected = CatalogueSettings(origin: "site")
        expected.restPath = "/api/v2/datasets?page_size=200"
        #expect(numbers("writes: { numbers: { origin: site } }\n") == expected)
        (expected.restPath, expected.interval) = ("/api/layers/?limit=0", 60_000)
        #expect(
            numbers(
                "writes: { numbers: { origin: site, path: \"/api/layers/?limit=0\", interval: 1m } }\n"
            )
                == expected)
        for (text, complaint) in [
            ("{ origin: sight }", "no origin is named"),
            ("{ interval: 1m }", "writes.numbers does not"),
        ] {
            #expect(
                findings(origins + "writes: { numbers: \(text) }\n").contains {
                    $0.contains(complaint)
                }, "\(text)")
        }
    }
}

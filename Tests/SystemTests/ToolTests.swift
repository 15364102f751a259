import Glibc
import Testing
import WireTesting

/// A program that is not ours and that tests drive; where it is missing, they are left out.
struct Tool: Sendable {
    var name: String
    /// Any of these places will do.
    var paths: [String]

    /// The same that the tests' own conditions look for.
    static let all = single + MapLibrary.paths.map { Tool($0) }

    private static let single = [
        Tool("/usr/bin/chromium", "/usr/bin/chromium-browser"),
        Tool("/usr/sbin/lighttpd"), Tool("/usr/bin/mapserv"), Tool("/usr/bin/ogr2ogr"),
        Tool("/usr/bin/gdalinfo"), Tool("/usr/bin/gdal_translate"),
        Tool("/usr/bin/curl", "/usr/local/bin/curl"), Tool("/usr/bin/openssl"),
        Tool("/usr/bin/goaccess"), Tool("/usr/bin/testssl", "/usr/bin/testssl.sh"),
        Tool("/usr/bin/python3"), Tool("/usr/bin/script"),
        Tool("\(projectRoot)/.build/python/bin/aws"),
        Tool("\(projectRoot)/.build/python/bin/cfn-lint"),
        Tool("\(projectRoot)/.build/python/bin/moto_server"),
        Tool("\(projectRoot)/.build/python/bin/django-admin"),
        Tool(packagedFile("openlayers/js/openlayers.standalone.js")),
    ]

    init(_ paths: String...) {
        self.paths = paths
        name = paths[0]
    }

    /// Those of some tools that are nowhere, by their first place.
    static func missing(_ tools: [Tool], _ exists: (String) -> Bool) -> [String] {
        tools.filter { !$0.paths.contains(where: exists) }.map(\.name)
    }
}

@Suite("What tests need that is not ours")
struct ToolTests {
    @Test("where CI runs them, no test is left out for want of a program")
    func everything() throws {
        guard getenv("CI") != nil else { return }
        let missing = Tool.missing(Tool.all) { access($0, F_OK) == 0 }
        #expect(missing.isEmpty, "missing: \(missing.joined(separator: ", ")); run make test")
        let python = try #require(packagedPython)
        let modules =
            "import aws_log_parser, boto3, django, geoserver, moto.server, owslib, yaml"
        let found = try TemporaryDirectory().run(python, ["-c", modules])
        #expect(found.exit == 0, "\(found.output)")
    }

    @Test("a tool is missing when it is at none of its places")
    func missing() {
        let tools = [Tool("/a", "/b"), Tool("/c")]
        #expect(Tool.missing(tools) { $0 == "/b" } == ["/c"])
        #expect(Tool.missing(tools) { _ in false } == ["/a", "/c"])
        #expect(Tool.missing(tools) { _ in true }.isEmpty)
    }
}

import HTTP
import Testing
import Tiles
import WireTesting

private let mapServer = firstExecutable("/usr/bin/mapserv", "/usr/lib/cgi-bin/mapserv")

@Suite(
    "A real map server's documents and pictures, read and compared", .waits,
    .enabled(if: mapServer != nil, "no MapServer"))
struct MapServerDocumentTests {
    private struct Answer {
        var contentType = ""
        var body: [UInt8] = []
    }

    private let directory: TemporaryDirectory
    private let configuration: String

    init() throws {
        directory = try TemporaryDirectory()
        configuration = try directory.write(
            "mapserver.conf", "CONFIG\n ENV\n MS_MAP_PATTERN \".\"\n END\nEND\n")
    }

    /// One layer, a triangle, which needs no data.
    private func map(_ layer: String = "points", host: String = "http://one/x?") throws -> String {
        try directory.write(
            "a.map",
            """
            MAP
              NAME "a" SIZE 64 32 EXTENT -180 -90 180 90
              PROJECTION "init=epsg:4326" END
              OUTPUTFORMAT NAME "png" DRIVER AGG/PNG MIMETYPE "image/png" IMAGEMODE RGBA END
              OUTPUTFORMAT NAME "png8" DRIVER AGG/PNG8 MIMETYPE "image/png; mode=8bit"
                IMAGEMODE RGB END
              OUTPUTFORMAT NAME "jpeg" DRIVER AGG/JPEG MIMETYPE "image/jpeg" IMAGEMODE RGB END
              WEB METADATA
                "ows_enable_request" "*" "ows_title" "t" "ows_srs" "EPSG:4326"
                "ows_onlineresource" "\(host)"
              END END
              LAYER NAME "\(layer)" TYPE POLYGON STATUS ON
                METADATA "ows_title" "Points" "gml_include_items" "all" END
                FEATURE POINTS -100 -50 -100 50 100 50 -100 -50 END END
                CLASS STYLE COLOR 200 30 60 END END
              END
            END
            """)
    }

    private func ask(_ map: String, _ query: String) throws -> Answer {
        let place = try TemporaryDirectory()
        let script = "MAPSERVER_CONFIG_FILE=$1 REQUEST_METHOD=GET QUERY_STRING=$2 exec $0"
        let child = try Child(
            "/bin/sh",
            ["-c", script, try #require(mapServer), configuration, "map=\(map)&\(query)"],
            output: place.file("output"))
        #expect(child.waitForExit() == 0)
        let bytes = try readBytes(place.file("output"))
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
        var answer = Answer(body: Array(bytes[end.upperBound...]))
        for line in String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(
            separator: "\r\n")
        where line.hasPrefix("Content-Type: ") {
            answer.contentType = String(line.dropFirst(14).prefix { $0 != ";" })
        }
        return answer
    }

    private func capabilities(_ answer: Answer) throws -> Capabilities {
        try CapabilitiesReader.read(answer.body.span.bytes)
    }

    @Test(
        "capabilities are complete, and their fingerprint knows layers and no hosts",
        arguments: [
            ("WMS", "1.1.1"), ("WMS", "1.3.0"), ("WFS", "1.0.0"), ("WFS", "1.1.0"),
            ("WFS", "2.0.0"),
        ])
    func capabilities(service: String, version: String) throws {
        let query = "service=\(service)&version=\(version)&request=GetCapabilities"
        let answer = try ask(try map(), query)
        let found = try capabilities(answer)
        #expect(found.version == version)
        #expect(found.layers.contains { $0 == "points" || $0.hasSuffix(":points") })
        let elsewhere = try ask(try map(host: "https://two:8443/x?"), query)
        #expect(elsewhere.body != answer.body)
        #expect(try capabilities(elsewhere).fingerprint == found.fingerprint)
        let changed = try ask(try map("roads"), query)
        #expect(try capabilities(changed).fingerprint != found.fingerprint)
        let cut = Answer(body: Array(answer.body.dropLast(answer.body.count / 3)))
        #expect(throws: CapabilitiesError.self) { try capabilities(cut) }
    }

    @Test(
        "our exceptions have the root and type of the server's",
        arguments: [
            ("WMS", "1.1.1", "GetMap"), ("WMS", "1.3.0", "GetMap"),
            ("WFS", "1.0.0", "GetFeature"), ("WFS", "1.1.0", "GetFeature"),
            ("WFS", "2.0.0", "GetFeature"),
        ])
    func exceptions(service: String, version: String, request: String) throws {
        let query = "service=\(service)&version=\(version)&request=\(request)&exceptions=xml"
        let wms = service == "WMS" ? "&layers=none&width=8&height=8&format=image/png" : ""
        let theirs = try ask(try map(), query + wms)
        guard case .document(let dialect) = choose(query + wms) else {
            Issue.record("no document")
            return
        }
        let ours = ServiceException(text: "down").document(dialect)
        // Of WFS 2.0 MapServer says text/xml, GeoServer application/xml; both are XML.
        let type = "\(dialect.contentType)"
        let isSame = theirs.contentType == type
        #expect(isSame || dialect == .wfs20 && theirs.contentType == "text/xml")
        let (root, expected) = (try root(ours), try root(theirs.body))
        #expect(root.name.local == expected.name.local)
        #expect(root["version"] == expected["version"])
        for attribute in root.attributes where attribute.name.qualified.hasPrefix("xmlns") {
            #expect(expected.attributes.contains(attribute), "\(attribute)")
        }
        let finding = ImageCheck(format: .png).check(theirs.body.span.bytes)
        #expect(finding == .serviceException)
    }

    private func choose(_ query: String) -> ExceptionAnswer? {
        let (path, query) = (Array("/x".utf8), Array(query.utf8))
        return ExceptionAnswer.choose(path: path.span.bytes, query: query.span.bytes)
    }

    private func root(_ document: [UInt8]) throws -> XMLElement {
        var limits = XMLLimits.document
        limits.documentTypeBytes = 1_024
        var scanner = XMLScanner(limits: limits)
        var at = 0
        while true {
            let step = try scanner.next(document.span.bytes.extracting(at...))
            at += step.consumed
            if case .start(let element) = step.event { return element }
            if case .needMore = step.event { throw WireError("no root") }
        }
    }

    @Test("its pictures are whole, and decode to what was drawn")
    func pictures() throws {
        let query =
            "service=WMS&version=1.1.1&request=GetMap&layers=points&styles=&srs=EPSG:4326"
            + "&width=64&height=32&bbox=-180,-90,180,90&transparent=true&format="
        let color = RGBA(red: 200, green: 30, blue: 60)
        for (name, format) in [
            ("image/png", MapFormat.png), ("image/png;%20mode=8bit", .png8), ("image/jpeg", .jpeg),
        ] {
            let body = try ask(try map(), query + name).body
            let check = ImageCheck(format: format, size: (64, 32))
            let finding = check.check(body.span.bytes)
            #expect(finding == .whole)
            let short = Array(body.dropLast())
            let cut = check.check(short.span.bytes)
            #expect(cut == .truncated)
            guard format != .jpeg else { continue }
            let picture = try PNG.decode(body.span.bytes)
            #expect(picture[23, 12] == color)
            #expect(picture[40, 24].alpha == 0)
            let part = try #require(TilePart(levels: 1, column: 0, row: 0))
            let tile = try #require(try self.tile(part, of: body))
            let enlarged = try PNG.decode(tile.span.bytes)
            #expect(enlarged[46, 24] == color)
        }
    }

    private func tile(_ part: TilePart, of file: [UInt8]) throws -> [UInt8]? {
        try PNG.tile(part, of: file.span.bytes)
    }
}

import Glibc
import Testing
import WireTesting

private let python = "/usr/bin/python3"
private let owsLib = firstExecutable("/usr/bin/python3").map { _ in
    (try? readFile("/usr/lib/python3/dist-packages/owslib/__init__.py")) != nil
}

@Suite(
    "Real tile servers and their clients", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct MapServerTests {
    private func run(_ program: String, _ arguments: [String]) throws -> (Int?, String) {
        let directory = try TemporaryDirectory()
        let child = try Child(program, arguments, output: directory.file("output"))
        let exit = child.waitForExit(within: 60_000)
        return (exit, try readFile(directory.file("output")) + child.wholeLog)
    }

    @Test("curl and OWSLib get maps, capabilities and exceptions through the edge")
    func clients() throws {
        let demo = try DemoSite()
        let wms = "\(demo.url)/geoserver/base/wms"
        let map =
            "\(wms)?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=countries&STYLES="
            + "&SRS=EPSG:4326&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256&FORMAT=image/png"
        if let curl = firstExecutable("/usr/bin/curl") {
            let told = "%{http_code} %{content_type} %{header_json}"
            for word in ["Miss", "Hit"] {
                let (exit, output) = try run(curl, ["-sS", "-o", "/dev/null", "-w", told, map])
                #expect(exit == 0)
                #expect(output.hasPrefix("200 image/png"))
                #expect(output.contains("\"\(word) from"), "\(output)")
            }
            let bad = map.split(separator: "countries").joined(separator: "nope")
            let (_, substitute) = try run(curl, ["-sS", "-o", "/dev/null", "-w", told, bad])
            #expect(substitute.hasPrefix("503 image/png"), "\(substitute)")
            let (_, document) = try run(
                curl, ["-sS", bad + "&EXCEPTIONS=application/vnd.ogc.se_xml"])
            #expect(document.contains("ServiceException"), "\(document)")
        }
        if owsLib == true {
            let (exit, output) = try run(python, ["-c", Self.script, wms])
            #expect(exit == 0, "\(output)")
            #expect(output.contains("all is well"), "\(output)")
        }
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }

    private static let script = """
        import sys
        from owslib.wms import WebMapService
        from owslib.util import ServiceException
        for version in ("1.1.1", "1.3.0"):
            service = WebMapService(sys.argv[1], version=version)
            assert "countries" in service.contents, list(service.contents)
            options = dict(
                layers=["countries"], styles=[""], srs="EPSG:4326", size=(256, 256),
                format="image/png", transparent=True,
                bbox=(-90, 0, 0, 90) if version == "1.1.1" else (0, -90, 90, 0))
            first = service.getmap(**options).read()
            assert first[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10]), first[:100]
            assert service.getmap(**options).read() == first
            try:
                service.getmap(**dict(options, layers=["nope"]))
                raise AssertionError("no exception for a layer that is not there")
            except ServiceException as problem:
                assert "layer" in str(problem).lower(), problem
        print("all is well")
        """
}

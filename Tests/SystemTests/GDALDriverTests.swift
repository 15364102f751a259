import Glibc
import Testing
import Tiles
import WireTesting

/// GDAL's WMTS driver is among the tests of capabilities, which it reads.
@Suite(
    "GDAL's WMS and TMS drivers before a real MapServer",
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct GDALDriverTests {
    private static let edge = "20037508.342789244"

    /// A description of the square world in four tiles, as the drivers read it.
    private func description(_ service: String, _ window: String) -> String {
        """
        <GDAL_WMS>
          <Service \(service)</Service>
          <DataWindow>
            <UpperLeftX>-\(Self.edge)</UpperLeftX><UpperLeftY>\(Self.edge)</UpperLeftY>
            <LowerRightX>\(Self.edge)</LowerRightX><LowerRightY>-\(Self.edge)</LowerRightY>
            \(window)
          </DataWindow>
          <Projection>EPSG:3857</Projection>
          <BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount>
        </GDAL_WMS>
        """
    }

    private func drawn(
        _ description: String, _ directory: TemporaryDirectory, _ name: String
    ) throws -> PixelBuffer {
        let source = try directory.write("\(name).xml", description)
        let picture = directory.file("\(name).png")
        let (exit, output) = try directory.run(
            "/usr/bin/gdal_translate", ["-q", "-of", "PNG", source, picture])
        #expect(exit == 0 && !output.contains("ERROR"), "\(output)")
        let file = try readBytes(picture)
        return try PNG.decode(file.span.bytes).rgba
    }

    @Test("both draw the server's own tiles, and the second finds those of the first stored")
    func drivers() throws {
        let demo = try DemoSite()
        let member = try demo.memberPort()
        let directory = try TemporaryDirectory()
        let misses = try demo.metric("mapedge_misses_total")
        let hits = try demo.metric("mapedge_hits_total")
        let map = try drawn(
            description(
                """
                name="WMS"><Version>1.1.1</Version>
                <ServerUrl>\(demo.url)/geoserver/base/wms?</ServerUrl><SRS>EPSG:3857</SRS>
                <Layers>countries</Layers><Styles></Styles>
                <ImageFormat>image/png</ImageFormat><Transparent>TRUE</Transparent>
                """, "<SizeX>512</SizeX><SizeY>512</SizeY>"), directory, "wms")
        #expect(try demo.metric("mapedge_misses_total") == misses + 4)
        let tiles = "\(demo.url)/geoserver/gwc/service/tms/1.0.0/base:countries@EPSG:900913@png"
        let pyramid = try drawn(
            description(
                "name=\"TMS\"><ServerUrl>\(tiles)/${z}/${x}/${y}.png</ServerUrl>",
                """
                <TileLevel>1</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>
                <YOrigin>bottom</YOrigin>
                """), directory, "tms")
        #expect(try demo.metric("mapedge_misses_total") == misses + 4)
        #expect(try demo.metric("mapedge_hits_total") == hits + 4)
        #expect(map.bytes == pyramid.bytes)
        for index in 0..<4 {
            let tile = SpeltTile(set: 0, level: 1, column: index % 2, row: index / 2)
            let target = tile.canonical(.countries, try #require(tile.box))
            let own = try Viewer.ask(target, at: member)
            let part = map.cropped(
                x: index % 2 * 256, y: index / 2 * 256, width: 256, height: 256)
            let decoded = try PNG.decode(own.body.span.bytes).rgba
            #expect(decoded.bytes == part.bytes, "\(tile)")
        }
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }
}

import Testing
import Tiles

@testable import Control

@Suite("Seed: as GeoWebCache's interface is asked for it")
struct SeedRequestTests {
    private static let xml = """
        <seedRequest><name>geonode:roads</name><bounds><coords><double>-10.5</double>\
        <double>40</double><double>10</double><double>60</double></coords></bounds>\
        <gridSetId>EPSG:4326</gridSetId><zoomStart>1</zoomStart><zoomStop>12</zoomStop>\
        <format>image/jpeg</format><type>reseed</type><threadCount>4</threadCount>\
        <parameters><entry><string>styles</string><string>red</string></entry></parameters>\
        </seedRequest>
        """
    private static let json = """
        {"seedRequest":{"name":"geonode:roads","bounds":{"coords":{"double":["-10.5","40","10",\
        "60"]}},"gridSetId":"EPSG:4326","zoomStart":1,"zoomStop":12,"format":"image\\/jpeg",\
        "type":"reseed","threadCount":4,"parameters":{"entry":{"string":["STYLES","red"]}}}}
        """
    private static let form =
        "threadCount=04&type=reseed&gridSetId=EPSG%3A4326&tileFormat=image%2Fjpeg&zoomStart=01"
        + "&zoomStop=12&minX=-10.5&minY=40&maxX=10&maxY=60&parameter_STYLES=red"

    @Test("XML, JSON and the page's form say the same", arguments: [xml, json, form])
    func forms(_ text: String) throws {
        let read = try #require(SeedRequestDocument(Array(text.utf8)))
        #expect(read.kind == .reseed && read.threads == 4 && read.bounds == [-10.5, 40, 10, 60])
        let options = try #require(read.options(of: "geonode:roads"))
        #expect(options.layer == "geonode:roads" && options.zoom == "1-12" && options.replaces)
        #expect(options.gridSet == "EPSG:4326" && options.format == "image/jpeg")
        #expect(options.style == "red" && options.time == nil)
        let plan = try SeedJob(options).plan(isTakenUp: false)
        var same = SeedOptions(layer: "geonode:roads")
        (same.zoom, same.bbox, same.gridSet) = ("1-12", "-10.5,40,10,60", "EPSG:4326")
        #expect(try plan.total == SeedJob(same).plan(isTakenUp: false).total)
    }

    @Test("what is left out has its default; a system's number stands for its grid set")
    func defaults() throws {
        let text = """
            <seedRequest><srs><number>900913</number></srs><zoomStart>0</zoomStart>\
            <zoomStop>3</zoomStop><type>seed</type></seedRequest>
            """
        let options = try #require(SeedRequestDocument(Array(text.utf8))?.options(of: "a:b"))
        #expect(options.gridSet == "EPSG:900913" && !options.replaces && options.format == nil)
        #expect(try SeedJob(options).plan(isTakenUp: false).total == 85)
    }

    @Test(
        "what lacks levels, or has bounds that are none, begins no seed",
        arguments: [
            "<seedRequest><type>seed</type></seedRequest>",
            "<seedRequest><type>seed</type><zoomStart>1</zoomStart></seedRequest>",
            xml.replacing("<double>40</double>", with: ""),
            xml.replacing("<double>40</double>", with: "<double>x</double>"),
            xml.replacing("<double>10</double>", with: "<double>-20</double>"),
            form.replacing("&minY=40", with: ""),
        ])
    func incomplete(_ text: String) {
        let read = SeedRequestDocument(Array(text.utf8))
        #expect(read != nil && read?.options(of: "a:b") == nil)
    }

    @Test("an empty value is one, and two of a name are no document")
    func pairs() throws {
        func document(_ entries: String) -> SeedRequestDocument? {
            SeedRequestDocument(
                Array(
                    Self.xml.replacing(
                        "<entry><string>styles</string><string>red</string></entry>", with: entries
                    ).utf8))
        }
        let styles = "<entry><string>STYLES</string><string/></entry>"
        let time = "<entry><string>TIME</string><string>2005</string></entry>"
        let read = try #require(document(styles + time))
        #expect(read.parameters == ["STYLES": "", "TIME": "2005"])
        let options = try #require(read.options(of: "a:b"))
        #expect(options.style == nil && options.time == "2005")
        #expect(document(styles)?.parameters == ["STYLES": ""])
        #expect(
            document(time + time) == nil && document("<entry><string>a</string></entry>") == nil)
    }

    @Test("anything else is none", arguments: ["", "{}", "<a/>", "type=masstruncate", "[1", "<a>"])
    func others(_ text: String) { #expect(SeedRequestDocument(Array(text.utf8)) == nil) }

    @Test("what a form ends: all, those that run or wait, or one by its number")
    func endings() {
        func ending(_ text: String) -> SeedEnding? { SeedEnding(queryParameters(text)) }
        #expect(ending("kill_all=all") == .all && ending("kill_all=1") == .all)
        #expect(ending("kill_all=running") == .running && ending("kill_all=pending") == .pending)
        #expect(ending("kill_thread=1&thread_id=7") == .task(7))
        #expect(ending("thread_id=7") == nil && ending("type=seed") == nil)
    }
}

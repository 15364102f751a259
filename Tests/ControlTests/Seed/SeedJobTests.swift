import Glibc
import Testing
import Tiles

@testable import Control

@Suite("Seed: what the command line says")
struct SeedJobTests {
    private func job(_ change: (inout SeedOptions) -> Void) throws -> SeedJob {
        var options = SeedOptions(layer: "geonode:roads")
        options.zoom = "0-2"
        change(&options)
        return try SeedJob(options)
    }

    @Test("what cannot be done is refused in one line that says what to do")
    func mistakes() {
        let cases: [((inout SeedOptions) -> Void, String)] = [
            ({ $0.layer = "" }, "is no layer"), ({ $0.layer = "a:b:c" }, "write WORKSPACE:NAME"),
            ({ $0.zoom = nil }, "--zoom is missing"), ({ $0.zoom = "x" }, "write 0-5"),
            ({ $0.zoom = "0-31" }, "ends with 30"),
            ({ $0.bbox = "1,2,3" }, "write WEST,SOUTH,EAST,NORTH"),
            ({ ($0.bbox, $0.logs) = ("0,0,1,1", ["a"]) }, "--bbox and --from-log name two areas"),
            ({ $0.gridBox = "1,2,3" }, "--bounds is"), ({ $0.gridBox = "2,0,1,1" }, "has no area"),
            ({ ($0.bbox, $0.gridBox) = ("0,0,1,1", "0,0,1,1") }, "--bbox and --bounds name two"),
            ({ $0.polygon = "/nowhere" }, "--polygon: /nowhere cannot be opened"),
            ({ $0.gridSet = "EPSG:4325" }, "did you mean \"EPSG:4326\"?"),
            ({ $0.gridSetFiles = "/nowhere" }, "--grid-sets"),
            ({ $0.rate = "0" }, "write tiles per second"),
            ({ $0.concurrency = 0 }, "--concurrency is 0, which is out of range; give 1 to 64"),
            ({ $0.top = 0 }, "--top is 0"), ({ $0.failures = 0 }, "--give-up is 0"),
            ({ $0.format = "text/html" }, "which is no format of pictures"),
            ({ $0.path = "geoserver" }, "which is no path of services"),
            ({ $0.edge = "https://127.0.0.1" }, "name an address of the edge without TLS"),
            ({ $0.edge = "nonsense" }, "--to is"), ({ $0.host = "a b" }, "which is no Host"),
            ({ $0.time = "a\nb" }, "--time is"),
            ({ $0.bbox = "0,86,1,87" }, "no tile of these levels"),
        ]
        for (change, words) in cases {
            let mistake = #expect(throws: CommandMistake.self, "\(words)") { try job(change) }
            #expect(mistake?.description.contains(words) == true, "\(String(describing: mistake))")
            #expect(mistake?.isUsage == true)
        }
    }

    @Test("tiles are counted for each level, of the world, a box and a polygon")
    func counts() throws {
        #expect(
            try job { _ in }.countLines() == [
                "geonode:roads, everywhere, gridSet EPSG:900913", "  ZOOM  TILES",
                "  0         1", "  1         4", "  2        16", "  all      21",
            ])
        let box = try job { $0.bbox = "1,1,2,2" }.plan(isTakenUp: false)
        #expect(box.total == 3 && box.levels.map(\.tiles) == [1, 1, 1])
        let metres = try job { $0.gridBox = "1e3,1e3,2e3,2e3" }
        #expect(try metres.plan(isTakenUp: false).levels.map(\.tiles) == [1, 1, 1])
        let degrees = try job { $0.gridSet = "EPSG:4326" }.plan(isTakenUp: false)
        #expect(degrees.levels.map(\.tiles) == [2, 8, 32])
    }

    @Test("a walk asks for its tiles with the options' words, and of the options' host")
    func targets() throws {
        var plan = try job {
            ($0.style, $0.format, $0.time) = ("red", "image/jpeg", "2011-05-01")
            ($0.host, $0.path) = ("maps.test", "/")
        }.plan(isTakenUp: false)
        let next = plan.next()
        let first = try #require(next)
        #expect(first.host == "maps.test")
        for part in ["STYLES=red", "FORMAT=image/jpeg", "TIME=2011-05-01", "SRS=EPSG:3857"] {
            #expect(first.target.contains(part), "\(first.target)")
        }
        #expect(first.target.hasPrefix("/wms?"))
        var rest = 1
        while plan.next() != nil { rest += 1 }
        #expect(rest == plan.total && plan.total == 21)
    }

    @Test("jobs that ask for something else, or of another edge, are other jobs; speed is none")
    func definitions() throws {
        let plain = try job { _ in }.definition
        let others: [(inout SeedOptions) -> Void] = [
            { $0.layer = "geonode:towns" }, { $0.zoom = "0-3" }, { $0.bbox = "0,0,1,1" },
            { $0.gridBox = "0,0,1,1" },
            { $0.format = "image/jpeg" }, { $0.style = "a" }, { $0.time = "2011" },
            { $0.isOpaque = true }, { $0.gridSet = "EPSG:4326" }, { $0.path = "/gs" },
            { $0.edge = "http://127.0.0.1:81" }, { $0.host = "x" }, { $0.replaces = true },
        ]
        for change in others { #expect(try job(change).definition != plain) }
        let same = try job { ($0.rate, $0.concurrency, $0.failures, $0.zoom) = ("5", 9, 3, "0..2") }
        #expect(same.definition == plain)
    }

    @Test("an edited polygon is another job, and a job in another system takes no degrees")
    func polygons() throws {
        let path = "/tmp/mapedge-seed-\(getpid()).json"
        defer { unlink(path) }
        func write(_ east: Int) throws {
            let text =
                "{\"type\":\"Polygon\",\"coordinates\":"
                + "[[[0,0],[\(east),0],[\(east),1],[0,1],[0,0]]]}"
            try writeTextFile(text, to: path)
        }
        try write(1)
        let first = try job { $0.polygon = path }
        #expect(try first.plan(isTakenUp: false).total == 3)
        try write(120)
        let second = try job { $0.polygon = path }
        #expect(second.definition != first.definition)
        #expect(try second.plan(isTakenUp: false).total > 3)
    }
}

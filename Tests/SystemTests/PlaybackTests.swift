import Glibc
import Testing
import Tiles
import WireTesting

/// A frame took longer than the edge waits for a player's next one, and gave up, as it should, what
/// it had not begun to fetch ahead: what follows of this play tells nothing.
private struct Stalled: Error {}

/// Plays from the beginning again where the machine stalled in mid-frame, twice at most.
private func withoutStall(_ play: () throws -> Void) throws {
    for _ in 0..<2 {
        do { return try play() } catch is Stalled {}
    }
    try play()
}

extension Edge {
    /// Waits until so many tiles were asked for ahead, and are there.
    ///
    /// - Parameter start: when the frame was asked for.
    /// - Throws: `Stalled`.
    fileprivate func awaitAhead(
        _ count: Int, since start: ContinuousClock.Instant,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let isThere = try eventually { () -> Bool? in
            let lines = try admin("/metrics")
            if try lines.metric("mapedge_prefetches_total") >= count,
                try lines.metric("mapedge_fetches_in_flight") == 0
            {
                return true
            }
            return try lines.metric("mapedge_prefetches_refused_total") > 0 ? false : nil
        }
        // The least that a tracker waits, in a play as fast as these.
        if isThere == false, ContinuousClock.now - start > .seconds(2) { throw Stalled() }
        let asked = try metric("mapedge_prefetches_total")
        #expect(isThere == true, "\(asked) of \(count)", sourceLocation: place)
    }
}

@Suite("Playback over the wire")
struct PlaybackWireTests {
    @Test("four tiles of each month: from the fourth month on all are hits")
    func months() throws {
        try withoutStall { try MonthlyPlay().play() }
    }
}

/// Twenty months of four tiles, on an edge of their own.
private struct MonthlyPlay {
    private let room: Room
    private let edge: Edge

    init() throws {
        room = try SharedEdge.origin().room("playback")
        let text = """
            origins:
              default:
                members: ["\(try SharedEdge.origin().url)"]
                maps: { services: [{ path: \(room.path("geoserver")), bareWorkspace: geonode }] }
            behaviors:
              - { path: "*", class: tiles, playback: { frames: 3 } }

            """
        edge = try Edge(origin: nil, mode: "cloudfront", loops: 1, configuration: text)
    }

    private func target(_ month: Int, _ column: Int) -> String {
        let (year, month) = (2014 + (month - 1) / 12, (month - 1) % 12 + 1)
        return room.path("geoserver/gwc/service/gmaps?layers=geonode:storms&zoom=4&y=6")
            + "&format=image/png&x=\(column)"
            + "&time=\(year)-\(month < 10 ? "0" : "")\(month)-01T00%3A00%3A00.000Z"
    }

    func play() throws {
        let picture = BlankTile.png(width: 256, height: 256)
        room.always(OutageSite.reply("image/png", picture, "Cache-Control: max-age=600"))
        var viewer = try edge.viewer()
        for month in 1...20 {
            let start = ContinuousClock.now
            for column in 4...7 {
                let response = try viewer.exchange(
                    "GET \(target(month, column)) HTTP/1.1\r\nHost: edge.test\r\n"
                        + "Cookie: _ga=1\r\n\r\n")
                #expect(response.status == 200 && response.isHit == (month > 3), "\(month)")
            }
            if month >= 3 { try edge.awaitAhead(4 * month, since: start) }
        }
        #expect(room.count == 4 * 23)
        #expect(room.requests.last?.head["Cookie"] == nil)
        #expect(try edge.metric("mapedge_prefetches_ready_total") == 4 * 17)
        #expect(try edge.metric("mapedge_playback_tiles_total") == 4 * 18)
        #expect(try edge.metric("mapedge_prefetches_late_total") == 0)
        let (_, told) = try TemporaryDirectory().run(
            Edge.program,
            [
                "explain", "--admin", "127.0.0.1:\(edge.adminPort)",
                "http://edge.test\(target(1, 4))",
            ])
        #expect(told.contains("the next 3 frames are fetched ahead of who plays"), "\(told)")
        let status = try edge.admin("/status").text
        #expect(
            status.contains(
                #""playback":{"tiles":72,"prefetches":80,"ready":68,"late":0,"lost":0,"refused":0}"#
            ), "\(status)")
    }
}

@Suite(
    "Playback: the real MapServer", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct MapServerPlaybackTests {
    private func target(_ day: Int) -> String {
        "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&STYLES=&LAYERS=hurricanes"
            + "&SRS=EPSG:3857&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE"
            + "&BBOX=-10018754.171394622,2504688.5428486555,-7514065.628545967,5009377.085697312"
            + "&TIME=2005-08-\(day)T00:00:00Z/2005-08-\(day + 1)T00:00:00Z"
    }

    @Test("the days of a hurricane: drawn ahead they are what the server draws", arguments: [1, 2])
    func days(_ metatile: Int) throws {
        let demo = try DemoSite()
        let member = try demo.memberPort()
        try withoutStall { try play(metatile, member) }
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }

    private func play(_ metatile: Int, _ member: UInt16) throws {
        let text = """
            origins: { default: { members: ["http://127.0.0.1:\(member)"] } }
            behaviors:
              - path: "*"
                class: tiles
                playback: { frames: 2 }
                metatiles: { columns: \(metatile), rows: \(metatile) }

            """
        let edge = try Edge(origin: nil, mode: "cloudfront", loops: 1, configuration: text)
        var pictures: Set<[UInt8]> = []
        for day in 20...29 {
            let start = ContinuousClock.now
            let answer = try Viewer.ask(target(day), at: edge.port)
            #expect(answer.status == 200 && answer.isHit == (day > 22), "\(day)")
            if metatile == 1 {
                let own = try Viewer.ask(target(day), at: member).body
                #expect(answer.body == own, "\(day)")
            }
            pictures.insert(answer.body)
            // The player waits for its next tick.
            if day >= 22 { try edge.awaitAhead(day - 20, since: start) }
        }
        #expect(pictures.count > 5, "had all been empty, nothing would have been compared")
        #expect(try edge.metric("mapedge_prefetches_ready_total") == 7)
    }
}

import Edge
import Testing

@testable import Simulation

/// A viewer that plays a layer through the years, in front of an origin that draws slowly.
private final class Player {
    static let picture = """
        iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAADUlEQVR42mNgGAXIAAABEAABf80DtQAAAABJRU5ErkJg\
        gg==
        """
    let hand: HandTurnedEdge
    private var steps: [String: Int] = [:]

    /// - Parameters:
    ///   - delay: in which a picture is drawn.
    ///   - times: that will be asked for, each with what the request adds.
    init(
        limit: Int = 16, playback: String = "frames: 2", delay: Int = 100,
        lines: String = "", mode: String = "cloudfront", _ times: [String]
    ) throws {
        var text = """
            config:
              role: tier
              mode: \(mode)
              trustedProxies: [192.0.2.0/24]
              origins: { maps: { members: ["http://one.test"], limits: { tiles: \(limit) } } }
              behaviors: [{ path: "*", class: tiles, playback: { \(playback) } }]
            steps:
              - origin:
                  headers: { Content-Type: image/png, Cache-Control: max-age=600 }
                  bytes: \(Self.picture)
                  delay: \(delay)ms
            \(lines)
            """
        var count = text.split(separator: "\n").count { $0.hasPrefix("  - ") }
        for time in times where steps[time] == nil {
            steps[time] = count
            count += 1
            text += "\n  - get: \(Self.target(time))\n    expect: any"
            // What stands behind an @ is a viewer's Origin.
            let words = time.split(separator: "@")
            let origin = words.count > 1 ? ", Origin: \(words[1])" : ""
            text += "\n    headers: { X-Forwarded-For: 198.51.100.7\(origin) }"
        }
        hand = try HandTurnedEdge(text)
        try hand.script(0)
    }

    static func target(_ time: String) -> String {
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES=&SRS=EPSG:4326"
            + "&BBOX=0,0,1,1&WIDTH=16&HEIGHT=16&FORMAT=image/png&TIME="
            + time.prefix { $0 != "@" }
    }

    func begin(_ time: String) throws -> ScenarioViewer {
        let step = try #require(steps[time])
        return try hand.begin(step)
    }

    /// Asks for a frame and lets time pass; returns how long the answer took, in milliseconds.
    @discardableResult
    func see(_ time: String, within wait: Int = 400) throws -> Int {
        let viewer = try begin(time)
        hand.pass(milliseconds: wait)
        let answer = try #require(viewer.isDone ? viewer.answer : nil, "\(time)")
        #expect(answer.head.status == 200, "\(time)")
        return viewer.time
    }

    /// The years that the origin was asked for, as they came there.
    var asked: [String] {
        hand.site.seen.map { seen in
            let target = seen.request.head.start[1]
            let value = target.split(separator: "&").first { $0.hasPrefix("TIME=") }
            return String(value?.dropFirst(5) ?? "")
        }
    }

    func total(_ counter: Counter) -> UInt64 { hand.edge.total(counter) }
}

@Suite("Playback: the next frames are fetched ahead, and nobody waits for that")
struct PlaybackTests {
    private static func years(_ years: ClosedRange<Int>) -> [String] { years.map { "\($0)" } }

    @Test("after three frames the next two are there before the viewer is, each asked for once")
    func ahead() throws {
        let player = try Player(Self.years(2001...2008))
        for year in 2001...2003 { #expect(try player.see("\(year)") >= 100) }
        #expect(player.asked.sorted() == Self.years(2001...2005))
        for year in 2004...2008 { #expect(try player.see("\(year)") < 5, "\(year)") }
        #expect(player.asked.sorted() == Self.years(2001...2010))
        #expect(player.total(.hits) == 5 && player.total(.misses) == 3)
        #expect(player.total(.prefetches) == 7 && player.total(.prefetchesReady) == 5)
        #expect(player.total(.prefetchesLate) == 0 && player.total(.prefetchesLost) == 0)
        #expect(player.total(.playbackTiles) == 6)
        // Asked as nobody, and said so.
        let request = try #require(player.hand.site.seen.last?.request.head)
        #expect(request["sec-purpose"] == "prefetch" && request["x-forwarded-for"] == nil)
        player.hand.close()
    }

    @Test("a viewer who comes while his frame is under way waits for the rest of it only")
    func joined() throws {
        let slow = """
              - origin:
                  path: "*TIME=2004*"
                  headers: { Content-Type: image/png, Cache-Control: max-age=600 }
                  bytes: \(Player.picture)
                  delay: 600ms
            """
        let player = try Player(delay: 300, lines: slow, Self.years(2001...2004))
        try player.hand.script(1)
        for year in 2001...2002 { try player.see("\(year)") }
        try player.see("2003", within: 350)
        let time = try player.see("2004")
        #expect((1...280).contains(time), "\(time)")
        #expect(player.asked.filter { $0 == "2004" }.count == 1)
        #expect(player.total(.prefetchesLate) == 1 && player.total(.prefetchesReady) == 0)
        player.hand.close()
    }

    @Test("where a viewer waits for a place nothing is fetched ahead; where one is he gets it")
    func places() throws {
        let others = ["1901", "1950", "1902", "1960"]
        let player = try Player(
            limit: 2, playback: "frames: 8", delay: 1_000, Self.years(2001...2004) + others)
        for year in 2001...2003 { try player.see("\(year)", within: 1_100) }
        // One of two places is to spare.
        #expect(player.asked == Self.years(2001...2004))
        let first = try player.begin("1901")
        player.hand.pass(milliseconds: 100)
        #expect(player.asked == Self.years(2001...2004) + ["1901"])
        let second = try player.begin("1950")
        player.hand.pass(milliseconds: 100)
        // What was asked ahead has given its place up.
        #expect(player.asked == Self.years(2001...2004) + ["1901", "1950"])
        #expect(player.total(.prefetchesLost) == 1)
        player.hand.pass(milliseconds: 1_100)
        #expect(first.isDone && second.isDone && second.time < 1_100, "\(second.time)")
        #expect(player.asked.prefix(6) == (Self.years(2001...2004) + ["1901", "1950"])[...])
        player.hand.close()
    }

    @Test("a member with one place at a time gets none of it")
    func onePlace() throws {
        let player = try Player(limit: 1, Self.years(2001...2006))
        for year in 2001...2006 { #expect(try player.see("\(year)") >= 100) }
        #expect(player.asked == Self.years(2001...2006))
        #expect(player.total(.prefetches) == 0 && player.total(.prefetchesRefused) > 0)
        player.hand.close()
    }

    @Test("the budget bounds how many are under way, and how many there are in a second")
    func budget() throws {
        let player = try Player(
            playback: "frames: 8, concurrent: 3", delay: 5_000, Self.years(2001...2003))
        for year in 2001...2002 { try player.see("\(year)", within: 5_100) }
        let viewer = try player.begin("2003")
        player.hand.pass(milliseconds: 4_000)
        #expect(player.asked.sorted() == Self.years(2001...2006) && !viewer.isDone)
        player.hand.pass(milliseconds: 2_000)
        #expect(player.asked.sorted() == Self.years(2001...2009) && viewer.isDone)
        player.hand.close()
        let slow = try Player(playback: "frames: 8, rate: 2", delay: 10, Self.years(2001...2004))
        for year in 2001...2003 { try slow.see("\(year)", within: 200) }
        #expect(slow.asked.sorted() == Self.years(2001...2005))
        try slow.see("2004", within: 1_000)
        #expect(slow.asked.sorted() == Self.years(2001...2005))
        #expect(slow.total(.prefetchesRefused) > 0)
        slow.hand.close()
    }

    @Test("what comes to nothing is not repeated, and whoever waits for it asks himself")
    func lost() throws {
        for line in [
            "  - origin: { path: \"*TIME=2004*\", status: 503, once: true, delay: 300ms }",
            "  - origin: { path: \"*TIME=2004*\", status: 404, body: no, once: true, delay: 300ms }",
            """
              - origin:
                  path: "*TIME=2004*"
                  headers: { Content-Type: application/vnd.ogc.se_xml }
                  body: "<ServiceExceptionReport/>"
                  once: true
                  delay: 300ms
            """,
        ] {
            let player = try Player(
                playback: "frames: 1", delay: 50, lines: line, Self.years(2001...2006))
            for year in 2001...2002 { try player.see("\(year)") }
            try player.hand.script(1)
            try player.see("2003", within: 150)
            #expect(player.asked.sorted() == Self.years(2001...2004), "\(line)")
            try player.see("2004", within: 800)
            #expect(player.asked.last == "2004", "\(line)")
            #expect(
                player.asked.sorted() == Self.years(2001...2004) + ["2004", "2005"], "\(line)")
            #expect(player.total(.prefetchesLost) == 1, "\(line)")
            // The view is left alone for a while.
            for year in 2005...2006 { try player.see("\(year)", within: 800) }
            #expect(player.asked.last == "2006" && player.asked.count == 7, "\(line)")
            player.hand.close()
        }
    }

    @Test("whose variant is another than what is fetched ahead asks for himself, once")
    func variants() throws {
        let stalls = """
              - origin:
                  path: "*TIME=2004*"
                  headers: { Content-Type: image/png, Cache-Control: max-age=600, Vary: Origin }
                  bytes: \(Player.picture)
                  delay: 500ms
                  once: true
            """
        let times = Self.years(2001...2003) + ["2004@https://other.test"]
        let player = try Player(
            playback: "frames: 1", delay: 20, lines: stalls, mode: "rfc9111", times)
        for year in 2001...2002 { try player.see("\(year)") }
        try player.hand.script(1)
        try player.see("2003", within: 100)
        #expect(player.asked.last == "2004")
        // A picture is nobody's before it is whole.
        #expect(try player.see(times[3], within: 1_000) < 600)
        #expect(player.asked.filter { $0 == "2004" }.count == 2)
        #expect(player.total(.uncollapsed) == 1 && player.total(.prefetchesLate) == 1)
        player.hand.close()
    }

    @Test("whose variant is another waits no longer than for one that stalls, and asks for himself")
    func stalledVariant() throws {
        let stalls = """
              - origin:
                  path: "*TIME=2004*"
                  headers: { Content-Type: image/png, Cache-Control: max-age=600, Vary: Origin }
                  bytes: \(Player.picture)
                  size: 60000
                  fault: stall
                  once: true
            """
        let times = Self.years(2001...2003) + ["2004@https://other.test"]
        let player = try Player(
            playback: "frames: 1", delay: 20, lines: stalls, mode: "rfc9111", times)
        for year in 2001...2002 { try player.see("\(year)") }
        try player.hand.script(1)
        try player.see("2003", within: 100)
        #expect(player.asked.last == "2004")
        #expect(try player.see(times[3], within: 31_000) <= 30_500)
        #expect(player.asked.filter { $0 == "2004" }.count == 2)
        player.hand.close()
    }

    @Test("not while the pool is out")
    func out() throws {
        let player = try Player(delay: 10, Self.years(2001...2006))
        for year in 2001...2002 { try player.see("\(year)") }
        player.hand.site.set(.refused, of: ["default"])
        let viewer = try player.begin("2003")
        player.hand.pass(milliseconds: 2_000)
        #expect(viewer.isDone && viewer.answer?.head.status == 503)
        let count = player.total(.prefetches)
        #expect(count <= 2)
        let third = try player.begin("2004")
        player.hand.pass(milliseconds: 2_000)
        #expect(third.isDone && third.answer?.head.status == 503)
        #expect(player.total(.prefetches) == count)
        player.hand.close()
    }

    @Test("who pauses and looks round has nothing fetched ahead")
    func pause() throws {
        let player = try Player(delay: 10, Self.years(2001...2003) + ["2003&CQL_FILTER=b"])
        for year in 2001...2003 { try player.see("\(year)") }
        #expect(player.asked.count == 5)
        player.hand.pass(milliseconds: 5_000)
        try player.see("2003")
        try player.see("2003&CQL_FILTER=b")
        #expect(player.asked.count == 6)
        player.hand.close()
    }

    @Test("who shows a token has frames fetched ahead as nobody's, and off is off")
    func nobody() throws {
        let tokens = Self.years(2001...2005).map { "\($0)&access_token=x" }
        let player = try Player(delay: 10, tokens)
        for time in tokens { try player.see(time) }
        #expect(player.total(.prefetchesReady) == 2 && player.asked.count == 7)
        let targets = player.hand.site.seen.map { $0.request.head.start[1] }
        #expect(!targets.contains { $0.contains("token") })
        player.hand.close()
        let off = try Player(playback: "frames: 0", delay: 10, Self.years(2001...2004))
        for year in 2001...2004 { try off.see("\(year)") }
        #expect(off.asked.count == 4 && off.total(.playbackTiles) == 0)
        off.hand.close()
    }

    @Test("a store that has the frames is left as it is")
    func stored() throws {
        let player = try Player(delay: 10, Self.years(2001...2008))
        for year in (2004...2006).reversed() { try player.see("\(year)") }
        for year in 2001...2004 { try player.see("\(year)") }
        #expect(Set(player.asked).count == player.asked.count)
        #expect(player.total(.prefetchesLate) == 0)
        player.hand.close()
    }
}

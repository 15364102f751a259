import Testing

@testable import Tiles

/// One viewer of one view, and what it would be given.
private final class Player {
    var tracker = PlaybackTracker()
    var now: Int64 = 1_000_000

    /// Asks for a frame; returns whether it may be playing.
    func ask(_ time: String, of party: UInt64 = 1, after wait: Int64 = 500) -> Bool {
        now += wait
        let bytes = Array(time.utf8)
        return unsafe tracker.note(party, bytes.span.bytes, at: now) != nil
    }

    /// The frames to come, as far as there are any.
    func upcoming(_ count: Int = 3, of party: UInt64 = 1, in list: TimeList? = nil) -> [String] {
        guard tracker.current(party, at: now) != nil else { return [] }
        return (1...count).compactMap { text(tracker.upcoming($0, of: party, in: list)) }
    }
}

@Suite("Playback: who plays, and what comes next")
struct PlaybackTrackerTests {
    private struct Row {
        var name: String
        var frames: [String]
        var next: [String]
        var list: [String] = []
    }

    private static let table: [Row] = [
        Row(name: "one frame", frames: ["2001"], next: []),
        Row(name: "two", frames: ["2001", "2002"], next: []),
        Row(name: "three", frames: ["2001", "2002", "2003"], next: ["2004", "2005", "2006"]),
        Row(name: "backwards", frames: ["2003", "2002", "2001"], next: ["2000", "1999", "1998"]),
        Row(
            name: "months", frames: ["2014-01-01", "2014-02-01", "2014-03-01"],
            next: ["2014-04-01", "2014-05-01", "2014-06-01"]),
        Row(
            name: "thirty-one days are no month where none follows",
            frames: ["2014-07-01", "2014-08-01", "2014-09-01", "2014-10-02"],
            next: ["2014-11-02", "2014-12-03", "2015-01-03"]),
        Row(
            name: "windows", frames: ["2001/2003", "2002/2004", "2003/2005"],
            next: ["2004/2006", "2005/2007", "2006/2008"]),
        Row(
            name: "windows behind moments",
            frames: ["2001", "2002", "2003", "2004/2005", "2005/2006", "2006/2007"],
            next: ["2007/2008", "2008/2009", "2009/2010"]),
        Row(
            name: "a growing window", frames: ["2001/2002", "2001/2003", "2001/2004"],
            next: ["2001/2005", "2001/2006", "2001/2007"]),
        Row(
            name: "a window that is wound up", frames: ["2001/2009", "2002/2008", "2003/2007"],
            next: []),
        Row(name: "all tiles of a frame are one", frames: ["2001", "2001", "2001"], next: []),
        Row(
            name: "tiles", frames: ["2001", "2001", "2002", "2002", "2003", "2003"],
            next: ["2004", "2005", "2006"]),
        Row(
            name: "one that was under way", frames: ["2001", "2002", "2003", "2002", "2003"],
            next: ["2004", "2005", "2006"]),
        Row(name: "to and fro", frames: ["2001", "2002", "2001", "2002", "2001"], next: []),
        Row(name: "irregular", frames: ["2001", "2003", "2010", "2011", "2040"], next: []),
        Row(
            name: "seen now and then", frames: ["2001", "2003", "2004", "2007"],
            next: ["2008", "2009", "2010"]),
        Row(
            name: "a new stride", frames: ["2001", "2002", "2003", "2013", "2023", "2033"],
            next: ["2043", "2053", "2063"]),
        Row(
            name: "it turns round", frames: ["2001", "2002", "2003", "2002"], next: []),
        Row(
            name: "it began anew", frames: ["2001", "2002", "2003", "1990", "1991"],
            next: ["1992", "1993", "1994"]),
        Row(
            name: "it jumped, and nothing is known", frames: ["2001", "2002", "2003", "1990"],
            next: []),
        Row(name: "another form", frames: ["2001", "2002", "2003-01"], next: []),
        Row(name: "the present", frames: ["2001", "2002", "current", "2003"], next: []),
        Row(
            name: "by the list", frames: ["2001", "2004", "2005"], next: ["2009", "2010", "2001"],
            list: ["2001", "2004", "2005", "2009", "2010"]),
        Row(
            name: "by the list, backwards", frames: ["2009", "2005", "2004"],
            next: ["2001", "2010", "2009"], list: ["2001", "2004", "2005", "2009", "2010"]),
        Row(
            name: "round the end of the list", frames: ["2009", "2010", "2001"],
            next: ["2004", "2005", "2009"], list: ["2001", "2004", "2005", "2009", "2010"]),
        Row(
            name: "no frame that is not there", frames: ["2001", "2002", "2003"], next: ["2004"],
            list: ["2000/2004/P1Y"]),
        Row(
            name: "windows up to the last value", frames: ["2001/2002", "2002/2003", "2003/2004"],
            next: ["2004/2005"], list: ["2001", "2003", "2004"]),
    ]

    @Test("what follows from the frames that were asked for")
    func frames() {
        for row in Self.table {
            let player = Player()
            var isPlaying = false
            for frame in row.frames { isPlaying = player.ask(frame) }
            let next = isPlaying ? player.upcoming(in: TimeList(row.list)) : []
            #expect(next == row.next, "\(row.name)")
        }
    }

    @Test("a viewer that has paused does not play, however much it looks at")
    func pause() {
        let player = Player()
        for year in 2001...2004 { #expect(player.ask("\(year)") == (year > 2002)) }
        #expect(player.ask("2004", after: 1_000))
        #expect(!player.ask("2004", after: 1_100))
        #expect(player.upcoming().isEmpty)
        // It goes on.
        #expect(player.ask("2005"))
        #expect(player.upcoming() == ["2006", "2007", "2008"])
    }

    @Test("who steps slowly is waited for longer, but not for ever")
    func patience() {
        let player = Player()
        for year in 2001...2003 { _ = player.ask("\(year)", after: 5_000) }
        #expect(player.ask("2003", after: 14_000))
        #expect(!player.ask("2003", after: 2_000))
        for year in 2004...2006 { _ = player.ask("\(year)", after: 60_000) }
        #expect(player.ask("2006", after: 29_000))
        #expect(!player.ask("2006", after: 2_000))
    }

    @Test("what could not be had is left alone for a while")
    func rest() {
        let player = Player()
        for year in 2001...2003 { _ = player.ask("\(year)") }
        player.tracker.rest(1, at: player.now)
        player.tracker.rest(2, at: player.now)
        for year in 2004...2060 { #expect(!player.ask("\(year)")) }
        #expect(player.ask("2061", after: PlaybackTracker.restTime))
        player.tracker.forget()
        #expect(player.upcoming().isEmpty && !player.ask("2062"))
    }

    @Test("views do not mix, and far more of them than there is room for cost no more room")
    func bounded() {
        let player = Player()
        let count = UInt64(PlaybackTracker.tracks)
        for year in 2001...2003 {
            for party in 1...count { _ = player.ask("\(year)", of: party, after: 0) }
            player.now += 500
        }
        for party in 1...count { #expect(player.upcoming(1, of: party) == ["2004"]) }
        // Whoever was seen least lately gives way.
        _ = player.ask("2004", of: 1)
        for party in (count + 1)...(4 * count) { _ = player.ask("1900", of: party, after: 0) }
        let left = (1...count).count { player.tracker.upcoming(1, of: $0) != nil }
        #expect(left == 0)
        for year in 2001...2003 { _ = player.ask("\(year)", of: 7) }
        #expect(player.upcoming(1, of: 7) == ["2004"])
    }
}

@Suite("Playback: views and frames in the normal form of a map")
struct PlaybackViewTests {
    private func form(_ target: String) -> [UInt8] {
        let pieces = target.split(separator: "?", maxSplits: 1)
        let (path, query) = (Array(pieces[0].utf8), Array(pieces[1].utf8))
        return unsafe [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
            let outcome = unsafe TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: .standard,
                key: UnsafeMutableRawBufferPointer(buffer))
            if case .request(let request) = outcome { count = request.keyLength }
        }
    }

    private func view(_ target: String) -> (time: String, hash: UInt64)? {
        let text = form(target)
        guard let view = unsafe PlaybackView(text.span.bytes) else { return nil }
        return unsafe (
            String(decoding: text[view.time], as: UTF8.self),
            view.hash(text.span.bytes, seed: 1)
        )
    }

    private static func tile(_ zoom: Int, _ x: Int, _ y: Int, _ more: String) -> String {
        "/geoserver/gwc/service/gmaps?layers=a:b&zoom=\(zoom)&x=\(x)&y=\(y)&format=image/png"
            + more
    }

    private static let map =
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&SRS=EPSG:3857"
        + "&WIDTH=300&HEIGHT=200&FORMAT=image/png&BBOX=0,0,1,1"

    @Test("tiles of a level and frames of a map are one view; another level, layer or box is not")
    func views() throws {
        let time = "&time=2014-01-01T00:00:00Z"
        let first = try #require(view(Self.tile(4, 5, 6, time)))
        #expect(first.time == "2014-01-01T00:00:00.000Z")
        for (x, y, other) in [(7, 6, time), (5, 12, time), (0, 0, "&TIME=2015")] {
            #expect(view(Self.tile(4, x, y, other))?.hash == first.hash)
        }
        for other in [
            Self.tile(5, 5, 6, time), Self.tile(4, 5, 6, time + "&CQL_FILTER=a"),
            Self.tile(4, 5, 6, time + "&elevation=5"), Self.tile(4, 5, 6, time + "&OTHER=1"),
            Self.map + time,
        ] {
            #expect(view(other)?.hash != first.hash, "\(other)")
            #expect(view(other)?.time == first.time, "\(other)")
        }
        let map = try #require(view(Self.map + time))
        #expect(view(Self.map + "&TIME=2016/2017")?.hash == map.hash)
        #expect(view(Self.map + "&TIME=2016/2017")?.time == "2016/2017")
        #expect(view(Self.map.replacing("0,0,1,1", with: "0,0,1,2") + time)?.hash != map.hash)
    }

    @Test("a map without TIME has no frames")
    func none() {
        #expect(view(Self.tile(4, 5, 6, "")) == nil)
        #expect(view(Self.map + "&TIME=") == nil)
        #expect(view(Self.map + "&XTIME=2014&LAYER=TIME=5") == nil)
        #expect(view("/a?b=1") == nil)
    }

    @Test("the next frame's query is this one's with another time")
    func queries() {
        func query(_ given: String) -> String? {
            let bytes = Array(given.utf8)
            return unsafe TileRequest.query(bytes.span.bytes, withTime: Array("2015/2016".utf8))
                .map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(query("a=1&TIME=2014-01-01T00%3A00%3A00Z&b=2") == "a=1&TIME=2015/2016&b=2")
        #expect(query("time=2014") == "time=2015/2016")
        #expect(query("%74ime=2014+x&") == "%74ime=2015/2016")
        let tokens = "access_token=a&b=1&time=2014&Authkey=c&%61uthkey=d"
        #expect(query(tokens) == "b=1&time=2015/2016")
        #expect(query("a=1") == nil && query("TIME=&a") == nil && query("") == nil)
    }
}

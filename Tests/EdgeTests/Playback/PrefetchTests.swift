import Caching
import HTTP
import Reactor
import Testing

@testable import Edge

@Suite("Playback: what was fetched ahead, by its keys")
final class PrefetchMarksTests {
    private let marks = PrefetchMarks()

    deinit { marks.deallocate() }

    private func key(_ number: UInt64, place: UInt64 = 7) -> CacheKey {
        CacheKey(high: place, low: number << 20)
    }

    @Test("a viewer who comes for what was fetched ahead is told so once")
    func once() {
        marks.mark(key(1), isOwn: true, at: 0)
        #expect(marks.isRecent(key(1), at: 0) && !marks.isRecent(key(2), at: 0))
        #expect(!marks.take(key(2)) && !marks.take(key(1, place: 8)))
        #expect(marks.take(key(1)) && !marks.take(key(1)))
        #expect(!marks.isRecent(key(1), at: 0))
        marks.mark(key(1), isOwn: false, at: 0)
        #expect(marks.isRecent(key(1), at: 0) && !marks.take(key(1)))
        #expect(!marks.isRecent(key(1), at: 0))
    }

    @Test("a mark is recent for a minute, at any hour; ready it is as long as it is there")
    func age() {
        for start in [0, 8_000, 16_777_000, 1 << 40] as [Milliseconds] {
            marks.mark(key(3), isOwn: true, at: start)
            #expect(marks.isRecent(key(3), at: start + 50_000))
            #expect(!marks.isRecent(key(3), at: start + 90_000))
            #expect(marks.take(key(3)))
        }
    }

    @Test("two keys that share their slots are both there, before one another and after")
    func pair() {
        for (first, second) in [(0, 0), (0, 1), (1, 0)] as [(UInt64, UInt64)] {
            let keys = [key(1, place: 6 + first), key(2, place: 6 + second)]
            for key in keys { marks.mark(key, isOwn: true, at: 0) }
            // Who is looked at again is marked again.
            #expect(keys.allSatisfy { marks.isRecent($0, at: 0) })
            marks.mark(keys[0], isOwn: true, at: 9_000)
            #expect(keys.allSatisfy { marks.take($0) } && !keys.contains { marks.take($0) })
        }
    }

    @Test("of more keys that share their slots the one that was marked last is there")
    func crowd() {
        for number in 1...100 as ClosedRange<UInt64> {
            marks.mark(key(number), isOwn: true, at: Milliseconds(number) * 10_000)
        }
        #expect((1...98).allSatisfy { !marks.take(key($0)) })
        #expect(marks.take(key(99)) && marks.take(key(100)))
    }
}

@Suite("Playback: places to spare")
struct SparePlacesTests {
    private func pool(_ members: Int, _ change: (inout OriginSettings) -> Void = { _ in })
        -> OriginPool
    {
        var settings = OriginSettings()
        settings.members = (0..<members).map {
            MemberSettings(name: "m\($0)", endpoints: [], authority: "m\($0)")
        }
        settings.health.consecutiveFailures = 1
        change(&settings)
        return OriginPool(settings)
    }

    private func ask(_ pool: OriginPool, _ number: Int) -> OriginPool.Choice {
        pool.choose(
            tried: 0, at: 0, for: QueuedFetch(loop: 0, fetch: UInt64(number)),
            asking: PlaceAsk(requestClass: .tiles, viewer: 1))
    }

    private func spare(_ pool: OriginPool) -> Int? { pool.chooseSpare(.tiles, at: 0, .any) }

    @Test("half of a member's places at most, whoever has the others")
    func half() {
        let pool = pool(1) { $0.limits.given[.tiles] = 5 }
        #expect(spare(pool) == 0 && spare(pool) == 0 && spare(pool) == nil)
        #expect(!pool.hasSpare(.tiles, at: 0))
        #expect(ask(pool, 1) == .member(0))
        _ = pool.release(0, .succeeded, .tiles, at: 0)
        #expect(spare(pool) == nil)
        _ = pool.release(0, .succeeded, .tiles, at: 0)
        #expect(spare(pool) == 0)
    }

    @Test("none where there is one place, and none while anybody waits")
    func none() {
        #expect(spare(pool(1) { $0.limits.given[.tiles] = 1 }) == nil)
        #expect(spare(pool(1) { $0.memberConcurrency = 1 }) == nil)
        #expect(spare(pool(0)) == nil)
        let busy = pool(2) { $0.limits.given[.tiles] = 2 }
        for number in 1...4 { #expect(ask(busy, number) != .queued) }
        #expect(spare(busy) == nil)
        #expect(ask(busy, 5) == .queued)
        // The first of these is whose turn it was.
        for _ in 0..<2 { _ = busy.release(0, .neutral, .tiles, at: 0) }
        #expect(spare(busy) == nil)
        _ = busy.release(0, .neutral, .tiles, at: 0)
        #expect(spare(busy) == 0)
    }

    @Test("members take turns, and one that failed gets none")
    func turns() {
        let pool = pool(2)
        #expect(Set([spare(pool), spare(pool)]) == [0, 1])
        _ = pool.release(1, .failed(.status(503)), .tiles, at: 0)
        for _ in 0..<4 { #expect(spare(pool) == 0) }
    }

    @Test("the budgets of viewers' requests do not grow by it")
    func budgets() {
        let pool = pool(1)
        for _ in 0..<3 { #expect(pool.takeRetry()) }
        #expect(!pool.takeRetry())
        for _ in 0..<8 { #expect(spare(pool) == 0) }
        #expect(!pool.takeRetry())
        for number in 0..<6 { #expect(ask(pool, number) == .member(0)) }
        #expect(pool.takeRetry())
    }
}

@Suite("Playback: the request that asks ahead")
struct AheadRequestTests {
    @Test("what says how to ask is the viewer's; what says who asks is nobody's")
    func fields() throws {
        let lines = [
            "GET /geoserver/wms?LAYERS=a&Time=2014&_dc=1 HTTP/1.1", "Host: maps.test",
            "Cookie: _ga=1", "Accept: image/*", "User-Agent: b", "Authorization: Basic eA==",
            "X-Forwarded-For: 192.0.2.1", "X-Api-Key: s", "X-Forwarded-Proto: https",
            "If-None-Match: \"a\"", "Range: bytes=0-1", "Referer: http://c/",
            "Accept-Encoding: gzip",
        ]
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        let asked = try #require(
            unsafe head.withUnsafeBytes { unsafe AheadRequest.head($0, time: Array("2015".utf8)) })
        #expect(
            String(decoding: asked, as: UTF8.self)
                == [
                    "GET /geoserver/wms?LAYERS=a&Time=2015&_dc=1 HTTP/1.1", "Host: maps.test",
                    "Sec-Purpose: prefetch", "Accept: image/*", "User-Agent: b",
                    "X-Forwarded-Proto: https", "Accept-Encoding: gzip", "", "",
                ].joined(separator: "\r\n"))
    }
}

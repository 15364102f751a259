import Caching
import Testing

@Suite("Windows of those who have written")
struct OwnWritesTests {
    @Test("a window is its party's, and ends to the millisecond")
    func window() {
        var writes = OwnWrites(places: 64)
        #expect(writes.windowEnd(of: 7, at: 0) == nil)
        let first = writes.open(7, until: 100, at: 0)
        #expect(!first)
        #expect(writes.windowEnd(of: 7, at: 99) == 100)
        #expect(writes.windowEnd(of: 7, at: 100) == nil)
        #expect(writes.windowEnd(of: 8, at: 50) == nil)
        #expect(writes.lastEnds == 100)
    }

    @Test("another write makes it longer, never shorter")
    func again() {
        var writes = OwnWrites(places: 64)
        _ = writes.open(7, until: 100, at: 0)
        _ = writes.open(7, until: 150, at: 50)
        #expect(writes.windowEnd(of: 7, at: 120) == 150)
        _ = writes.open(7, until: 60, at: 55)
        #expect(writes.windowEnd(of: 7, at: 120) == 150)
        _ = writes.open(7, until: 300, at: 200)
        #expect(writes.windowEnd(of: 7, at: 299) == 300)
    }

    @Test("nobody is forgotten: where there is no place left, everybody counts as a writer")
    func full() {
        var writes = OwnWrites(places: 8)
        #expect(writes.places == 8)
        for party in UInt64(1)...8 {
            let gaveWay = writes.open(party, until: 100, at: 0)
            #expect(!gaveWay)
        }
        #expect(writes.windowEnd(of: 99, at: 50) == nil)
        let ninth = writes.open(9, until: 120, at: 10)
        #expect(ninth)
        for party in UInt64(1)...9 { #expect(writes.windowEnd(of: party, at: 99) != nil) }
        #expect(writes.windowEnd(of: 99, at: 99) == 100)
        // Those that gave way have ended: it is as before.
        #expect(writes.windowEnd(of: 99, at: 100) == nil)
        #expect(writes.windowEnd(of: 9, at: 119) == 120)
        let tenth = writes.open(10, until: 220, at: 120)
        #expect(!tenth)
    }

    @Test("many windows in a small table: each is seen by its party until it ends")
    func crowd() {
        var writes = OwnWrites(places: 128)
        var ends: [UInt64: Milliseconds] = [:]
        var party: UInt64 = 88_172_645_463_325_252
        for step in 0..<2_000 {
            party ^= party << 13
            party ^= party >> 7
            party ^= party << 17
            let now = Milliseconds(step)
            _ = writes.open(party, until: now + 500, at: now)
            ends[party] = now + 500
            for (other, end) in ends where end > now && step % 50 == 0 {
                #expect(writes.windowEnd(of: other, at: now) != nil)
            }
        }
    }

    @Test("where nobody's windows are known everybody counts, until then")
    func unknown() {
        var writes = OwnWrites(places: 64)
        writes.openForAll(until: 100)
        #expect(writes.lastEnds == 100)
        #expect(writes.windowEnd(of: 7, at: 99) == 100 && writes.windowEnd(of: 7, at: 100) == nil)
        writes.openForAll(until: 50)
        #expect(writes.windowEnd(of: 7, at: 99) == 100)
    }
}

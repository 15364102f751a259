import Caching
import Testing

@testable import Edge

@Suite("When what is stored under a key was made stale last, for longer than the store asks")
struct PurgeTimesTests {
    private func key(_ path: String) -> [UInt8] { Array(name(path).utf8) }

    private func prefix(_ path: String) -> InvalidationRule {
        InvalidationRule(.prefix, Array(path.utf8))
    }

    @Test("the latest rule that reaches it counts, and none that is forgotten")
    func latest() {
        var times = PurgeTimes(InvalidationIndex(latest: 3, horizon: 3), at: 1_000, most: 4)
        let (one, two) = (key("/a/1"), key("/b/1"))
        #expect(times.latest(reaching: one, .standard) == nil)
        times.note([prefix("/a/")], number: 4, at: 2_000)
        times.note([prefix("/b/"), prefix("/c/")], number: 5, at: 3_000)
        #expect(times.latest(reaching: one, .standard) == 2_000)
        #expect(times.latest(reaching: two, .standard) == 3_000)
        times.note([prefix("/a/")], number: 6, at: 4_000)
        #expect(times.latest(reaching: one, .standard) == 4_000)
        // A fifth: the older half goes.
        times.note([prefix("/d/")], number: 7, at: 5_000)
        #expect(times.latest(reaching: one, .standard) == 4_000)
        #expect(times.latest(reaching: two, .standard) == nil)
    }

    @Test("rules of an earlier process came before this one began to note them")
    func earlier() {
        var known = InvalidationIndex(latest: 1, horizon: 1)
        known.insert(prefix("/a/"), number: 2)
        known.insert(prefix("/z/"), number: 7)
        var times = PurgeTimes(known, at: 9_000)
        #expect(times.latest(reaching: key("/a/1"), .standard) == 9_000)
        #expect(times.latest(reaching: key("/b/1"), .standard) == nil)
    }

    private func touching(_ kinds: EntryKinds, _ target: WriteScope.Target) -> InvalidationRule {
        InvalidationRule(scope: WriteScope(target, kinds))
    }

    @Test("a book is kept while somebody asks for it")
    func book() {
        let book = PurgeBook { 5_000 }
        let rule = touching(.pages, .page("/a"))
        book.note([rule], number: 1)
        #expect(!book.isKept)
        #expect(book.latest(reaching: key("/a/1"), .standard) == nil)
        book.follow { InvalidationIndex() }
        book.note([rule], number: 1)
        book.follow { InvalidationIndex() }
        #expect(book.latest(reaching: key("/a/1"), .standard) == 5_000)
        book.follow(nil)
        #expect(!book.isKept)
    }

    @Test("of what no write has touched, or everybody's, a tile cache knows nothing")
    func wide() {
        let book = PurgeBook { 5_000 }
        book.follow { InvalidationIndex() }
        for rule in [prefix("/a/"), .everything, touching(.all, .everything)] {
            book.note([rule], number: 1)
        }
        #expect(book.latest(reaching: key("/a/1"), .standard) == nil)
    }

    @Test("what was done to the tile cache itself is not repeated; what goes on elsewhere is")
    func repeated() {
        func noted(_ kinds: EntryKinds) -> Bool {
            let book = PurgeBook { 5_000 }
            book.follow { InvalidationIndex() }
            book.note([touching(kinds, .layer(LayerName("a:x")))], number: 1, isRepeated: true)
            return book.count > 1
        }
        #expect(!noted(.tiles) && noted(.all))
    }
}

import Testing
import Tiles
import WireTesting

@testable import Control

@Suite("Seed: a store that is full, and what is kept of those that a restart cuts short")
struct SeedKeepingTests {
    private func space(_ used: Int, until: Int64 = 0) -> SeedSpace {
        SeedSpace(used: used, size: 1_000, evictsFrom: 900, evictedUntil: until)
    }

    @Test(
        "it ends before what it has stored has to go, and not because others have to",
        arguments: [
            // Used when it began and now, when the youngest of the evicted came, whether it ends.
            (0, 500, 0, false), (0, 859, 0, false), (0, 860, 0, true), (859, 860, 0, true),
            (860, 880, 0, false), (890, 880, 0, false), (890, 890, 99, false),
            (890, 890, 100, true), (0, 500, 100, true), (0, 500, 99, false),
        ])
    func surrender(_ before: Int, _ now: Int, _ until: Int64, _ ends: Bool) {
        let why = space(now, until: until).surrender(after: space(before), began: 100)
        #expect((why != nil) == ends)
        #expect(why?.hasPrefix("the store is full") != false)
    }

    @Test("it is looked at more often when it fills")
    func looks() {
        #expect(!space(649).isNearlyFull && space(650).isNearlyFull)
        // A store that has no size says nothing.
        let none = SeedSpace(used: 0, size: 0, evictsFrom: 0, evictedUntil: 500)
        #expect(none.surrender(after: none, began: 100) == nil)
    }

    @Test("what was asked for is found again, in its order, until it is over")
    func journal() throws {
        let directory = try TemporaryDirectory()
        let journal = SeedJournal(directory: directory.path)
        #expect(journal.entries().isEmpty)
        var full = SeedOptions(layer: "geonode:roads")
        (full.zoom, full.gridSet, full.format) = ("1-12", "NZTM", "image/jpeg")
        (full.style, full.time, full.path) = ("a \"b\"", "2016/2017", "/gs")
        full.bounds = .init(west: -1.0 / 3, south: 1e-7, east: 2, north: 1e6)
        full.replaces = true
        var plain = SeedOptions(layer: "true")
        plain.zoom = "3"
        let paths = [journal.newPath(), journal.newPath()]
        #expect(paths[0] < paths[1])
        try journal.keep(SeedJournal.Entry(path: paths[1], options: plain, threads: nil))
        try journal.keep(SeedJournal.Entry(path: paths[0], options: full, threads: 4))
        let found = SeedJournal(directory: directory.path).entries()
        #expect(found.map(\.path) == paths && found.map(\.threads) == [4, nil])
        let (first, second) = (found[0].options, found[1].options)
        #expect((first.layer, first.zoom, first.gridSet) == ("geonode:roads", "1-12", "NZTM"))
        #expect((first.format, first.style, first.time) == (full.format, full.style, full.time))
        #expect(first.bounds == full.bounds && first.path == "/gs" && first.replaces)
        #expect(second.layer == "true" && second.zoom == "3" && second.bounds == nil)
        #expect((second.gridSet, second.format, second.replaces) == (nil, nil, false))
        #expect(first.isUnattended && second.isUnattended)
        journal.forget(paths[0])
        #expect(journal.entries().map(\.path) == [paths[1]])
        for rubbish in ["", "[]", "{\"mapedgeSeedTask\":2}", "{"] {
            try writeTextFile(rubbish, to: paths[1] + ".task")
            #expect(journal.entries().isEmpty, "\(rubbish)")
        }
    }
}

import Testing
import Tiles

@testable import Control

@Suite("Capabilities: whether a reading tells of a change")
struct CapabilitiesSightTests {
    private func said(_ title: String, _ sequence: String?) throws -> Capabilities {
        let attribute = sequence.map { " updateSequence=\"\($0)\"" } ?? ""
        let text =
            "<WMS_Capabilities\(attribute)><Capability><Layer><Name>a</Name><Title>\(title)"
            + "</Title></Layer></Capability></WMS_Capabilities>"
        return try unsafe CapabilitiesReader.read(Array(text.utf8).span.bytes)
    }

    /// What each of these readings of one member is taken for, with no write between them.
    private func taken(_ readings: [(String, String?)]) throws -> [Bool] {
        var sight = CapabilitiesSight()
        return try readings.map { title, sequence in
            sight.takes([try said(title, sequence)], of: "one", writes: 0)
        }
    }

    @Test("the first is what others are compared with, without a sequence by what they say")
    func fingerprint() throws {
        let found = try taken([("a", nil), ("a", nil), ("b", nil), ("b", nil), ("a", nil)])
        #expect(found == [false, false, true, false, true])
    }

    @Test("what differs each time is told once, and again when it stands still")
    func clock() throws {
        let moving = try taken((0..<9).map { ("\($0)", nil) })
        #expect(moving == [false, true] + Array(repeating: false, count: 7))
        let stopped = try taken([
            ("1", nil), ("2", nil), ("3", nil), ("3", nil), ("3", nil), ("4", nil),
        ])
        #expect(stopped == [false, true, false, true, false, true])
    }

    @Test("a sequence tells more: that data alone have moved on, and of the other services")
    func sequence() throws {
        #expect(try taken([("a", "7"), ("b", "7"), ("c", "7")]) == [false, false, false])
        #expect(try taken([("a", "7"), ("a", "8"), ("a", "8")]) == [false, true, false])
        #expect(try taken([("a", "7"), ("b", "8")]) == [false, true])
        // A server that has begun anew.
        #expect(try taken([("a", "7"), ("a", "1")]) == [false, false])
        #expect(try taken([("a", "7"), ("b", "1")]) == [false, true])
        #expect(try taken([("a", "x"), ("a", "y")]) == [false, true])
        #expect(try taken([("a", nil), ("b", "1")]) == [false, true])
    }

    @Test("one that a write through the edge has raised tells nothing unless another thing is said")
    func writes() throws {
        for (last, writes) in [(UInt64?(0), UInt64?(1)), (0, nil), (nil, 1)] {
            for (title, isChange) in [("a", false), ("b", true)] {
                var sight = CapabilitiesSight()
                let isFirstTold = sight.takes([try said("a", "7")], of: "one", writes: last)
                let isTold = sight.takes([try said(title, "8")], of: "one", writes: writes)
                #expect(!isFirstTold)
                #expect(isTold == isChange, "\(String(describing: writes)), \(title)")
            }
        }
    }

    @Test("each member counts for itself, and any service's counts")
    func members() throws {
        var sight = CapabilitiesSight()
        let readings = [("one", "a", "7"), ("two", "a", "9"), ("one", "b", "7")]
        let found = try readings.map { member, title, sequence in
            sight.takes([try said(title, sequence)], of: member, writes: 0)
        }
        #expect(found == [false, false, true])
        var several = CapabilitiesSight()
        let first = try said("a", nil)
        let both = try ["a", "b"].map { title in
            several.takes([first, try said(title, nil)], of: "one", writes: 0)
        }
        #expect(both == [false, true])
    }
}

import Glibc
import Testing

@testable import Edge

/// SplitMix64.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

@Suite("What passed last is kept in a ring")
struct LookBackTests {
    private static let bytes = 4_096

    private func note(
        _ kind: LookBack.Kind, _ number: UInt64, of connection: UInt64 = 1, begins: Bool = false
    ) -> LookBack.Note {
        LookBack.Note(
            kind: kind, begins: begins, connection: Tape.Connection(loop: 0, bits: connection),
            time: Int64(number), moment: number * 10)
    }

    private func add(
        _ texts: [[UInt8]], to ring: inout LookBack, _ note: LookBack.Note, limit: Int = .max,
        name: String = ""
    ) {
        let copies = texts.map { text in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
            copy.copyBytes(from: text)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        let parts = copies.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
        let count = texts.reduce(0) { $0 + $1.count }
        var name = name
        parts.withUnsafeBufferPointer { parts in
            name.withUTF8 { name in
                ring.note(
                    note, parts, first: count, limit: limit, name: UnsafeRawBufferPointer(name))
            }
        }
    }

    private func text(_ event: Tape.Event) -> String? {
        switch event {
        case .viewerSaid(let bytes, _, _, _), .viewerHeard(let bytes), .originSaid(let bytes),
            .originAsked(let bytes, _):
            String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    @Test("the newest are there, whole and in order, whatever their sizes", arguments: 1...20)
    func wraps(_ seed: UInt64) {
        var dice = Dice(state: seed)
        var ring = LookBack(bytes: Self.bytes, NoteNumbers())
        var all: [[UInt8]] = []
        for number in 1...400 {
            let parts = (0..<Int.random(in: 0...3, using: &dice)).map { _ -> [UInt8] in
                let most = [0, 9, 200, 900].randomElement(using: &dice)!
                let byte = UInt8.random(in: 0...255, using: &dice)
                return Array(repeating: byte, count: .random(in: 0...most, using: &dice))
            }
            all.append(Array(parts.joined()))
            add(parts, to: &ring, note(.viewerSaid, UInt64(number), begins: true))
            let kept = ring.entries(since: 0)
            let expected = all.suffix(kept.count)
            #expect(kept.map { Int($0.number) } == expected.indices.map { $0 + 1 })
            #expect(
                zip(kept, expected).allSatisfy { entry, bytes in
                    guard case .viewerSaid(bytes, false, false, false) = entry.entry.event else {
                        return false
                    }
                    return true
                })
        }
        // No record is longer than 2,900 bytes, and what the ring's end leaves unused no longer.
        #expect(!ring.entries(since: 0).isEmpty && ring.entries(since: 0).count < 400)
    }

    @Test("what is larger than all of the ring is not noted, and takes nothing's place")
    func tooLarge() {
        var ring = LookBack(bytes: Self.bytes, NoteNumbers())
        add([Array("a".utf8)], to: &ring, note(.viewerSaid, 1, begins: true))
        add([Array(repeating: 0, count: Self.bytes)], to: &ring, note(.viewerHeard, 2))
        #expect(ring.entries(since: 0).map(\.number) == [1])
        let none = LookBack(bytes: 0, NoteNumbers())
        #expect(!none.isOn && none.entries(since: 0).isEmpty && ring.isOn)
    }

    @Test("of a part over the limit its length is told")
    func limited() {
        var ring = LookBack(bytes: Self.bytes, NoteNumbers())
        add([Array("GET".utf8)], to: &ring, note(.viewerSaid, 1, begins: true))
        let parts = ["head", "bodies", "end"].map { Array($0.utf8) }
        add(parts, to: &ring, note(.viewerHeard, 2), limit: 4)
        #expect(
            ring.entries(since: 0).compactMap { text($0.entry.event) } == ["GET", "headxxxxxxend"])
    }

    @Test("a connection is told from its first whole request on, and from the moment asked for")
    func connections() {
        var ring = LookBack(bytes: Self.bytes, NoteNumbers())
        for (number, kind, connection, begins) in [
            (1, LookBack.Kind.viewerHeard, 1, false), (2, .viewerSaid, 1, false),
            (3, .originSaid, 2, false), (4, .viewerSaid, 1, true), (5, .viewerHeard, 1, false),
            (6, .viewerLeft, 1, false), (7, .viewerLeft, 3, false),
            // Another one by the same name.
            (8, .viewerHeard, 1, false), (9, .viewerSaid, 1, true),
        ] {
            add([], to: &ring, note(kind, UInt64(number), of: UInt64(connection), begins: begins))
        }
        #expect(ring.entries(since: 0).map(\.number) == [4, 5, 6, 9])
        #expect(ring.entries(since: 50).map(\.number) == [9])
    }

    @Test("of invalidations the newest are kept, within bounds")
    func invalidations() {
        let noted = RareNotes()
        for number in 1...40_000 {
            let path = "/\(number)"
            noted.note(
                .invalidated([path], isSoft: false), at: 0, bytes: 64 + path.utf8.count,
                UInt64(number), UInt64(number))
        }
        let kept = noted.entries(since: 0).map { Int($0.number) }
        #expect(kept == Array(40_001 - kept.count...40_000))
        #expect((5_000...16_384).contains(kept.count))
        #expect(noted.entries(since: 39_999).count == 2)
    }

    @Test("an origin's name and a failure are told")
    func origins() {
        var ring = LookBack(bytes: Self.bytes, NoteNumbers())
        add([Array("GET".utf8)], to: &ring, note(.originAsked, 1, begins: true), name: "maps/é")
        var failed = note(.originFailed, 2, of: 9)
        failed.detail = FetchFailure.connectFailed.rawValue
        add([], to: &ring, failed, name: "pages")
        let events = ring.entries(since: 0).map(\.entry.event)
        guard case .originAsked(_, origin: "maps/é") = events[0],
            case .originFailed(.connectFailed, origin: "pages") = events[1]
        else {
            Issue.record("\(events)")
            return
        }
    }
}

import Caching
import Foundation
import Synchronization
import Testing

@testable import Edge

/// Whatever becomes of the file: what was acknowledged is in force, or everything is (laws 3, 4).
@Suite("A damaged log of invalidations")
final class InvalidationDamageTests {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "invalidations-\(UUID())").path
    private var file: URL { URL(filePath: directory + "/data.mdb") }
    private var newest: URL { URL(filePath: directory + "/newest") }
    /// What stood in it behind what `fill` wrote.
    private var witness = Data()

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func open(
        isStoreEmpty: Bool = false, _ says: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) -> Invalidations {
        Invalidations(
            directory: directory, storeLatest: 0, isStoreEmpty: isStoreEmpty, stepping: true,
            events: says)
    }

    private func rule(_ index: Int) -> InvalidationRule {
        InvalidationRule(.target, Array("/tiles/of-the-world/\(index + 1_000).png".utf8))
    }

    /// A log with rules in several pages, most of them one by one, and a write under way.
    private func fill() throws -> [UInt8] {
        let invalidations = open(isStoreEmpty: true)
        for index in stride(from: 0, to: 240, by: 4) {
            invalidations.invalidate(index % 12 == 0 ? (0..<4).map { rule(index + $0) } : [])
            for next in 0..<4 where index % 12 > 0 {
                invalidations.invalidate([rule(index + next)])
            }
            _ = invalidations.step()
        }
        _ = invalidations.beginWrite(rule(900)) { _ in }
        _ = invalidations.step()
        invalidations.close()
        witness = try Data(contentsOf: newest)
        return try Array(Data(contentsOf: file))
    }

    /// Whether the log, so damaged, still knows all rules, or says that everything is stale.
    private func holds(_ bytes: [UInt8]) throws -> (all: Bool, everything: Bool) {
        try Data(bytes).write(to: file)
        try witness.write(to: newest)
        let invalidations = open()
        let found = invalidations.inForce.journal.map(\.rule)
        invalidations.close()
        let all = (Array(0..<240) + [900]).allSatisfy { found.contains(rule($0)) }
        return (all, found.contains(.everything))
    }

    private func places(of text: String, in bytes: [UInt8]) -> [Int] {
        let (word, data) = (Data(text.utf8), Data(bytes))
        var (places, from) = ([Int](), 0)
        while let range = data.range(of: word, in: from..<data.count) {
            places.append(range.lowerBound)
            from = range.upperBound
        }
        return places
    }

    /// Leaves whose first node is a rule. In place of a page of any other kind, some of which have
    /// the bytes of former leaves, one of these ends the process in LMDB.
    private func leaves(of bytes: [UInt8]) -> [Int] {
        (2..<bytes.count / 4_096).filter { page in
            let start = page * 4_096
            let node = Int(bytes[start + 16]) | Int(bytes[start + 17]) << 8
            guard bytes[start + 10] == 2, 16..<4_096 ~= node else { return false }
            let first = Array(bytes[start + node..<start + min(node + 96, 4_096)])
            return !places(of: "/tiles/of-the-world/", in: first).isEmpty
        }
    }

    /// Overwrites the leaves of the file, which was so good, with zeros.
    private func wipe(_ good: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: file)
        for page in leaves(of: good) {
            try handle.seek(toOffset: UInt64(page) * 4_096)
            try handle.write(contentsOf: Data(count: 4_096))
        }
        try handle.close()
    }

    /// Whether each of three invalidations is told to be durable when what stands in the file's
    /// place is removed before one of them.
    private func invalidate(
        _ invalidations: Invalidations, removingBefore mended: Int
    ) throws -> [Bool] {
        let told = Mutex<[Bool]>([])
        for index in 1...3 {
            if index == mended { try FileManager.default.removeItem(at: file) }
            invalidations.invalidate([rule(index)]) { isDurable in
                told.withLock { $0.append(isDurable) }
            }
            _ = invalidations.step()
        }
        return told.withLock { $0 }
    }

    @Test("one that is whole knows what was invalidated, and no more")
    func whole() throws {
        let found = try holds(try fill())
        #expect(found.all && !found.everything)
    }

    @Test("a bit that flips in what is in force makes everything stale")
    func bits() throws {
        let good = try fill()
        var isMissed = 0
        for word in ["1017.png", "1100.png", "1239.png", "1900.png"] {
            for place in places(of: word, in: good) {
                var bytes = good
                bytes[place + 2] ^= 1
                let found = try holds(bytes)
                #expect(found.all || found.everything, "\(word) at \(place)")
                if !found.all { isMissed += 1 }
            }
        }
        #expect(isMissed >= 4)
    }

    @Test("a page that another takes the place of is missed")
    func pages() throws {
        let good = try fill()
        let leaves = leaves(of: good)
        var isMissed = 0
        for page in leaves {
            for other in leaves where other != page {
                var bytes = good
                let source = good[other * 4_096..<(other + 1) * 4_096]
                bytes.replaceSubrange(page * 4_096..<(page + 1) * 4_096, with: source)
                let found = try holds(bytes)
                #expect(found.all || found.everything, "\(other) over \(page): \(found)")
                if !found.all { isMissed += 1 }
            }
        }
        #expect(isMissed > 0)
    }

    @Test("one that cannot be begun anew is tried again each time")
    func retries() throws {
        let good = try fill()
        let invalidations = open()
        let before = invalidations.latest
        try wipe(good)
        // What stands in its place is no file.
        try FileManager.default.moveItem(atPath: file.path, toPath: directory + "/old")
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        #expect(try invalidate(invalidations, removingBefore: 3) == [false, false, true])
        // Everything is stale once, when that could be kept.
        #expect(invalidations.latest == before + 4)
        invalidations.close()
    }

    @Test("one that cannot be made at the start is tried again with each invalidation")
    func lateStart() throws {
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        let events = Mutex<[String]>([])
        let invalidations = open { event in events.withLock { $0.append(event.text) } }
        #expect(events.withLock { $0.contains { $0.contains("cannot be made") } })
        #expect(try invalidate(invalidations, removingBefore: 2) == [false, true, true])
        invalidations.close()
        let again = open()
        #expect(again.inForce.journal.map(\.rule) == [.everything, rule(3)])
        again.close()
    }

    @Test("what it has lost while it is open it begins anew, and goes on to acknowledge")
    func heals() throws {
        let good = try fill()
        let events = Mutex<[String]>([])
        let invalidations = open { event in events.withLock { $0.append(event.text) } }
        let before = invalidations.latest
        try wipe(good)
        let isDurable = Mutex<Bool?>(nil)
        let write = invalidations.beginWrite(rule(901)) { _ in }
        invalidations.invalidate([rule(1)]) { durable in isDurable.withLock { $0 = durable } }
        _ = invalidations.step()
        #expect(isDurable.withLock { $0 } == true)
        #expect(invalidations.latest == before + 2 && write > 0)
        #expect(invalidations.inForce.journal.contains { $0.rule == .everything })
        #expect(events.withLock { $0.contains { $0.contains("begun anew") } })
        let later = Mutex<Bool?>(nil)
        invalidations.invalidate([rule(2)]) { durable in later.withLock { $0 = durable } }
        _ = invalidations.step()
        #expect(later.withLock { $0 } == true)
        invalidations.close()
        let again = open()
        let rules = again.inForce.journal.map(\.rule)
        #expect(rules.first == .everything && rules.contains(rule(2)))
        // What was under way is known still, and nobody tells any more what became of it.
        #expect(rules.contains(rule(901)) && again.latest > before + 3)
        again.close()
    }

    // MARK: the last of it

    /// Of each of LMDB's two first pages, the number by which it chooses the newer one: behind the
    /// page's head, magic, version, address, size, two tables and the last page.
    private let numbers = [0, 4_096].map { page in page + 144..<page + 152 }

    @Test("the last append, undone by a bit in LMDB's first pages, is missed", arguments: 0...1)
    func lastAppend(_ page: Int) throws {
        let good = try fill()
        var isMissed = 0
        for place in numbers[page] {
            for bit in 0..<8 {
                var bytes = good
                bytes[place] ^= 1 << bit
                let found = try holds(bytes)
                #expect(found.all || found.everything, "bit \(bit) at \(place)")
                if !found.all { isMissed += 1 }
            }
        }
        // Of the newer one a one that becomes a nought, of the older one nearly all that can flip.
        #expect(isMissed > 0)
    }

    @Test("an older log in its place is missed, and the one begun anew is believed")
    func older() throws {
        let good = try fill()
        let invalidations = open()
        invalidations.invalidate([rule(901)])
        _ = invalidations.step()
        invalidations.close()
        try Data(good).write(to: file)
        let events = Mutex<[String]>([])
        let old = open { event in events.withLock { $0.append(event.text) } }
        #expect(old.inForce.journal.map(\.rule) == [.everything])
        #expect(events.withLock { $0.contains { $0.contains("begun anew") } })
        old.invalidate([rule(902)])
        _ = old.step()
        old.close()
        let next = open()
        #expect(next.inForce.journal.map(\.rule) == [.everything, rule(902)])
        next.close()
        // What says that all is stale is no less than an append.
        let last = try Data(contentsOf: file)
        try Data(good).write(to: file)
        open().close()
        try last.write(to: file)
        let again = open()
        #expect(again.inForce.journal.map(\.rule) == [.everything])
        again.close()
    }

    @Test("a log without its witness, or with a damaged one, is believed")
    func witnesses() throws {
        let good = try fill()
        for damage in 0...witness.count {
            if damage < witness.count { witness[damage] ^= 1 } else { witness = Data() }
            let found = try holds(good)
            #expect(found.all && !found.everything, "\(damage)")
            if damage < witness.count { witness[damage] ^= 1 }
        }
        try FileManager.default.removeItem(at: newest)
        try Data(good).write(to: file)
        let invalidations = open()
        #expect(!invalidations.inForce.journal.map(\.rule).contains(.everything))
        invalidations.close()
    }

    @Test("what is on disk is acknowledged without a witness, and that is said once")
    func unwritable() throws {
        try FileManager.default.createDirectory(at: newest, withIntermediateDirectories: true)
        let events = Mutex<[StoreEvent]>([])
        let invalidations = open(isStoreEmpty: true) { event in events.withLock { $0.append(event) }
        }
        let told = Mutex<[Bool]>([])
        for index in 0..<3 {
            invalidations.invalidate([rule(index)]) { isDurable in
                told.withLock { $0.append(isDurable) }
            }
            _ = invalidations.step()
        }
        invalidations.close()
        #expect(told.withLock { $0 } == [true, true, true])
        #expect(events.withLock { $0.map(\.level) } == [.warning])
        #expect(events.withLock { $0[0].text.contains("\(newest.path)") })
        let again = open { event in events.withLock { $0.append(event) } }
        #expect(again.inForce.journal.map(\.rule) == (0..<3).map(rule))
        again.close()
        #expect(events.withLock { $0.count } == 1)
    }

    @Test("what came back from an earlier time while the log is open is not appended to")
    func undone() throws {
        _ = try fill()
        let invalidations = open()
        invalidations.invalidate([rule(901)])
        _ = invalidations.step()
        // Both pages name the state from before the last append.
        let bytes = try Array(Data(contentsOf: file))
        let number = numbers.map { range in
            range.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
        }
        let older = number[0] < number[1] ? 0 : 1
        // All but the page's own number and the transaction's.
        let state = Data(bytes[older * 4_096 + 40..<older * 4_096 + 144])
        let handle = try FileHandle(forWritingTo: file)
        try handle.seek(toOffset: UInt64((1 - older) * 4_096 + 40))
        try handle.write(contentsOf: state)
        try handle.close()
        let isDurable = Mutex<Bool?>(nil)
        invalidations.invalidate([rule(902)]) { durable in isDurable.withLock { $0 = durable } }
        _ = invalidations.step()
        #expect(isDurable.withLock { $0 } == true)
        #expect(invalidations.inForce.journal.contains { $0.rule == .everything })
        invalidations.close()
        let again = open()
        #expect(again.inForce.journal.map(\.rule).contains(.everything))
        again.close()
    }
}

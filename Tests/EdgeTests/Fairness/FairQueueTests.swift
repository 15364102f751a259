import Caching
import Testing

@testable import Edge

@Suite("The queue: turns of classes and viewers")
struct FairQueueTests {
    private typealias Queue = FairQueue<Int>

    private func queue(
        all: Int = 1_000, perClass: Int = 1_000, perViewer: Int = 1_000
    ) -> Queue { Queue(.init(all: all, perClass: perClass, perViewer: perViewer)) }

    private func entry(
        _ number: Int, viewer: UInt64 = 1, _ requestClass: RequestClass = .tiles, cost: Int = 1,
        deadline: Milliseconds = .max, group: Int = 0
    ) -> Queue.Entry {
        Queue.Entry(
            fetch: QueuedFetch(loop: 0, fetch: UInt64(number)), requestClass: requestClass,
            viewer: viewer, cost: cost, deadline: deadline, group: group)
    }

    private func next(_ queue: inout Queue, at now: Milliseconds = 0) -> Int? {
        queue.take(at: now, serves: { _ in true }, suits: { _ in true }).map { Int($0.fetch.fetch) }
    }

    private func order(_ queue: inout Queue) -> [Int] {
        var order: [Int] = []
        while let number = next(&queue) { order.append(number) }
        return order
    }

    @Test("one viewer's are served in the order they came")
    func first() {
        var queue = queue()
        for number in 1...5 { #expect(queue.add(entry(number)) == nil) }
        #expect(order(&queue) == [1, 2, 3, 4, 5])
        #expect(queue.isEmpty)
    }

    @Test("who comes late with one request waits for one of each other viewer's at most")
    func playback() {
        var queue = queue()
        for number in 1...40 { _ = queue.add(entry(number, viewer: 1)) }
        for viewer in 2...11 { _ = queue.add(entry(100 + viewer, viewer: UInt64(viewer))) }
        #expect(queue.ahead(of: 12, .tiles) == 11)
        #expect(queue.ahead(of: 1, .tiles) == 50, "its own, and one each of the others' few")
        let order = order(&queue)
        #expect(order.count == 50)
        #expect(Set(order.prefix(11)) == Set([1] + (102...111)))
    }

    @Test("a picture that a second viewer wants, too, is the second one's, if that is sooner")
    func shared() {
        var queue = queue()
        for number in 1...40 { _ = queue.add(entry(number, viewer: 1)) }
        queue.share(QueuedFetch(loop: 0, fetch: 40), with: 2)
        queue.share(QueuedFetch(loop: 0, fetch: 41), with: 2)
        #expect(queue.count == 40)
        // It is not given back to who has more to wait for.
        queue.share(QueuedFetch(loop: 0, fetch: 40), with: 1)
        let order = order(&queue)
        #expect(order.count == 40)
        #expect(order.prefix(2).contains(40))
        #expect(order.filter { $0 != 40 } == Array(1...39))
    }

    @Test("a picture of the size of four takes four turns")
    func cost() {
        var queue = queue()
        for number in 1...4 { _ = queue.add(entry(number, viewer: 1, cost: 4)) }
        for number in 11...18 { _ = queue.add(entry(number, viewer: 2)) }
        let order = order(&queue)
        #expect(order.prefix(10).filter { $0 < 10 } == [1, 2])
    }

    @Test("classes take turns, and none waits behind one that has no place")
    func classes() {
        var queue = queue()
        for number in 1...3 { _ = queue.add(entry(number, .tiles)) }
        for number in 11...13 { _ = queue.add(entry(number, .features)) }
        var blocked = queue
        #expect(order(&queue) == [1, 11, 2, 12, 3, 13])
        let taken = blocked.take(at: 0, serves: { $0 == .features }, suits: { _ in true })
        #expect(taken?.fetch.fetch == 11)
        #expect(blocked.count(of: .tiles) == 3 && blocked.count(of: .features) == 2)
    }

    @Test("only those that may go to the member are taken, whoever stands before them")
    func groups() {
        var queue = queue()
        _ = queue.add(entry(1, group: 1))
        _ = queue.add(entry(2, viewer: 2, group: 2))
        let taken = queue.take(at: 0, serves: { _ in true }, suits: { $0 == 2 })
        #expect(taken?.fetch.fetch == 2)
        #expect(queue.take(at: 0, serves: { _ in true }, suits: { $0 == 2 }) == nil)
        #expect(queue.removeAll(of: .tiles) { $0 == 1 } == [QueuedFetch(loop: 0, fetch: 1)])
        #expect(queue.isEmpty)
    }

    @Test("whoever's deadline is over is passed by")
    func deadlines() {
        var queue = queue()
        _ = queue.add(entry(1, deadline: 10))
        _ = queue.add(entry(2, deadline: 20))
        _ = queue.add(entry(3, deadline: 10))
        #expect(next(&queue, at: 10) == 2)
        #expect(next(&queue, at: 10) == nil)
        #expect(queue.isEmpty)
    }

    @Test("it is bounded in all, by class and by viewer")
    func bounds() {
        var queue = queue(all: 5, perClass: 4, perViewer: 2)
        #expect(queue.add(entry(1, viewer: 1)) == nil)
        #expect(queue.add(entry(2, viewer: 1)) == nil)
        #expect(queue.add(entry(3, viewer: 1)) == .viewerFull)
        #expect(queue.add(entry(4, viewer: 2)) == nil)
        #expect(queue.add(entry(5, viewer: 3)) == nil)
        #expect(queue.add(entry(6, viewer: 4)) == .classFull)
        #expect(queue.add(entry(7, viewer: 4, .pages)) == nil)
        #expect(queue.add(entry(8, viewer: 5, .writes)) == .full)
        let removed = (0..<2).map { _ in queue.remove(QueuedFetch(loop: 0, fetch: 1)) }
        #expect(removed == [true, false])
        #expect(queue.add(entry(9, viewer: 1)) == nil)
        #expect(queue.count == 5)
    }

    @Test("with equal demand each viewer is served once in a round", arguments: 0..<20)
    func rounds(seed: UInt64) {
        var dice = SeededDice(seed)
        let viewers = 2 + Int(dice.below(12))
        var queue = queue()
        var number = 0
        // They come in any order, each with as many.
        var arrivals = (0..<viewers).flatMap { Array(repeating: UInt64($0), count: 6) }
        dice.shuffle(&arrivals)
        var owner: [Int: UInt64] = [:]
        for viewer in arrivals {
            number += 1
            owner[number] = viewer
            _ = queue.add(entry(number, viewer: viewer))
        }
        let served = order(&queue).compactMap { owner[$0] }
        for round in 0..<6 {
            let part = served[round * viewers..<(round + 1) * viewers]
            #expect(Set(part).count == viewers, "round \(round) of seed \(seed)")
        }
    }

    @Test("whatever happens: bounds hold, nobody is lost or served twice", arguments: 0..<40)
    func storm(seed: UInt64) {
        var dice = SeededDice(seed &+ 1_000)
        let bounds = Queue.Bounds(
            all: 1 + Int(dice.below(60)), perClass: 1 + Int(dice.below(40)),
            perViewer: 1 + Int(dice.below(10)))
        var queue = Queue(bounds)
        var waiting: [Int: Queue.Entry] = [:]
        var now: Milliseconds = 0
        for number in 0..<2_000 {
            now += Milliseconds(dice.below(3))
            switch dice.below(10) {
            case 0...4:
                let entry = entry(
                    number, viewer: UInt64(dice.below(8)),
                    RequestClass.allCases[Int(dice.below(6))], cost: 1 + Int(dice.below(4)),
                    deadline: now + Milliseconds(1 + dice.below(200)), group: Int(dice.below(3)))
                if queue.add(entry) == nil { waiting[number] = entry }
            case 5:
                guard let number = waiting.keys.sorted().first else { continue }
                let removed = queue.remove(QueuedFetch(loop: 0, fetch: UInt64(number)))
                if !removed { #expect(waiting[number]?.deadline ?? 0 <= now) }
                waiting[number] = nil
            default:
                let (kind, group) = (RequestClass.allCases[Int(dice.below(6))], Int(dice.below(3)))
                let taken = queue.take(at: now, serves: { $0 != kind }, suits: { $0 != group })
                guard let taken else {
                    let served = waiting.values.contains {
                        $0.requestClass != kind && $0.group != group && $0.deadline > now
                    }
                    #expect(!served, "somebody could have been served")
                    continue
                }
                #expect(taken.requestClass != kind && taken.group != group)
                #expect(taken.deadline > now)
                #expect(waiting.removeValue(forKey: Int(taken.fetch.fetch)) == taken)
            }
            #expect(queue.count <= bounds.all)
            for kind in RequestClass.allCases { #expect(queue.count(of: kind) <= bounds.perClass) }
        }
        // Whoever was not served is there, unless its time is over.
        let rest = Set(queue.entries.map { Int($0.fetch.fetch) })
        #expect(rest.isSubset(of: Set(waiting.keys)))
        #expect(waiting.allSatisfy { rest.contains($0.key) || $0.value.deadline <= now })
    }

    @Test(
        "no viewer waits for more than the others' turns, whatever one of them asks for",
        arguments: 0..<20)
    func starvation(seed: UInt64) {
        var dice = SeededDice(seed &+ 77)
        var queue = queue()
        var number = 0
        // Viewer 0 plays a time series: it always has 50 in the queue.
        func play() {
            while queue.count(of: .tiles) < 50 {
                number += 1
                _ = queue.add(entry(number, viewer: 0))
            }
        }
        for _ in 0..<200 {
            play()
            let others = 1 + Int(dice.below(9))
            var mine: Set<Int> = []
            for viewer in 1...others {
                number += 1
                mine.insert(number)
                _ = queue.add(entry(number, viewer: UInt64(viewer)))
            }
            var turns = 0
            while !mine.isEmpty, let served = next(&queue) {
                turns += 1
                mine.remove(served)
            }
            #expect(turns <= 2 * (others + 1), "\(others) waited for \(turns) turns")
        }
    }
}

/// Numbers that a seed decides (splitmix64).
struct SeededDice {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }

    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for index in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(index, Int(below(UInt64(index) + 1)))
        }
    }
}

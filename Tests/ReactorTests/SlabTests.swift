import Reactor
import Testing

@Suite("Slab")
struct SlabTests {
    @Test func `a life is known until it ends, and its slot's next life is another`() throws {
        var slab = Slab<Int>(capacity: 4)
        let first = try place(slab.insert(10))
        expect(slab.contains(first))
        expect(slab.remove(first.index) == 10)
        expect(!slab.contains(first))
        let second = try place(slab.insert(20))
        #expect(second.index == first.index)
        #expect(second.generation != first.generation)
        expect(!slab.contains(first))
        expect(slab.contains(Token(second, kind: 7)))
        expect(slab.life(of: second.index) == second)
    }

    @Test func `a slot that never lived is not contained`() {
        let slab = Slab<Int>(capacity: 4)
        expect(!slab.contains(Slot(index: 0, generation: 0)))
        expect(!slab.contains(Slot(index: 4_000_000, generation: 0)))
    }

    @Test func `a full slab takes nothing more, until one leaves`() throws {
        var slab = Slab<Int>(capacity: 65)
        for value in 0..<65 { expect(slab.insert(value) != nil) }
        expect(slab.isFull)
        let refused = slab.insert(65)
        #expect(refused == nil)
        slab.remove(64)
        let taken = try place(slab.insert(66))
        #expect(taken.index == 64)
    }

    @Test func `an element is changed in place and never moves`() throws {
        var slab = Slab<InlineArray<4, Int>>(capacity: 1_000)
        let slot = try place(slab.insert([1, 2, 3, 4]))
        let before = withUnsafePointer(to: &slab[slot.index]) { UInt(bitPattern: $0) }
        for _ in 0..<999 { _ = slab.insert([0, 0, 0, 0]) }
        slab[slot.index][2] = 9
        let after = withUnsafePointer(to: &slab[slot.index]) { UInt(bitPattern: $0) }
        #expect(before == after)
        #expect(slab[slot.index][2] == 9)
    }

    @Test func `whatever lives when the slab ends is ended with it, and nothing twice`() throws {
        let ledger = Ledger()
        do {
            var slab = Slab<Tenant>(capacity: 200)
            for _ in 0..<150 { _ = slab.insert(Tenant(ledger)) }
            for index in stride(from: UInt32(0), to: 150, by: 3) { slab.remove(index) }
            #expect(ledger.ended == 50)
            expect(slab.count == 100)
        }
        #expect(ledger.ended == 150)
    }

    @Test("a slab agrees with a list over random lives", arguments: 0..<8)
    func model(seed: Int) {
        var numbers = SeededNumbers(seed: UInt64(seed))
        var slab = Slab<Int>(capacity: 300)
        var model: [(slot: Slot, value: Int)] = []
        var dead: [Slot] = []
        for step in 0..<3_000 {
            if numbers.next() % 100 < 52 {
                let slot = slab.insert(step)
                expect((slot == nil) == (model.count == 300))
                if let slot { model.append((slot, step)) }
            } else if !model.isEmpty {
                model.swapAt(Int(numbers.next() % UInt64(model.count)), model.count - 1)
                let leaving = model.removeLast()
                expect(slab.remove(leaving.slot.index) == leaving.value)
                dead.append(leaving.slot)
            }
            expect(slab.count == model.count)
        }
        for (slot, value) in model {
            expect(slab.contains(slot) && slab[slot.index] == value)
        }
        #expect(dead.allSatisfy { !slab.contains($0) })
        #expect(Set(walk(slab)) == Set(model.map(\.slot.index)))
    }

    @Test func `the use of a vacant slot ends the process`() async {
        await #expect(processExitsWith: .failure) {
            var slab = Slab<Int>(capacity: 4)
            if let slot = slab.insert(1) {
                slab.remove(slot.index)
                slab[slot.index] = 2
            }
        }
    }

    private func place(_ slot: Slot?) throws -> Slot {
        try #require(slot)
    }

    private func walk(_ slab: borrowing Slab<Int>) -> [UInt32] {
        var found: [UInt32] = []
        var next: UInt32 = 0
        while let index = slab.firstOccupied(from: next) {
            found.append(index)
            next = index + 1
        }
        return found
    }
}

@Suite("Token")
struct TokenTests {
    @Test(
        "a token gives back what was packed into it",
        arguments: [
            (UInt32(0), UInt32(0), UInt8(0)), (.max, 0xFF_FFFF, .max), (1, 2, 3),
            (0x8000_0001, 0x80_0001, 0x81),
        ])
    func packing(slot: UInt32, generation: UInt32, kind: UInt8) {
        let token = Token(bits: Token(slot: slot, generation: generation, kind: kind).bits)
        #expect(token.slot == slot)
        #expect(token.generation == generation)
        #expect(token.kind == kind)
        #expect(token.life == Slot(index: slot, generation: generation))
    }

    @Test func `a generation keeps its low 24 bits and spills into nothing else`() {
        let token = Token(slot: 5, generation: 0x0500_0001, kind: 9)
        #expect(token.generation == 1)
        #expect(token.kind == 9)
        #expect(Slot(index: 5, generation: 0x0500_0001) == token.life)
    }
}

private final class Ledger {
    var ended = 0
}

private struct Tenant: ~Copyable {
    let ledger: Ledger

    init(_ ledger: Ledger) {
        self.ledger = ledger
    }

    deinit {
        ledger.ended += 1
    }
}

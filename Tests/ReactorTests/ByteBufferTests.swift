import Reactor
import Testing

@Suite("ByteBuffer")
struct ByteBufferTests {
    @Test func `an empty buffer holds no memory, nor does one released`() {
        var buffer = ByteBuffer(maximum: 1 << 20)
        expect(buffer.allocatedBytes == 0)
        expect(buffer.readable.isEmpty && buffer.writable.isEmpty)
        #expect(append([1, 2, 3], to: &buffer))
        buffer.releaseIfEmpty()
        expect(buffer.count == 3)
        buffer.consume(3)
        expect(buffer.allocatedBytes > 0)
        buffer.releaseIfEmpty()
        expect(buffer.allocatedBytes == 0)
    }

    @Test func `a buffer costs 24 bytes where it stands`() {
        #expect(MemoryLayout<ByteBuffer>.size <= 24)
    }

    @Test func `a buffer never passes its maximum, and says so before it takes anything`() {
        var buffer = ByteBuffer(maximum: 1_000)
        #expect(append([UInt8](repeating: 1, count: 990), to: &buffer))
        #expect(!append([UInt8](repeating: 2, count: 11), to: &buffer))
        expect(!buffer.reserve(11))
        expect(buffer.count == 990)
        expect(buffer.room == 10)
        buffer.consume(1)
        #expect(append([UInt8](repeating: 3, count: 11), to: &buffer))
        expect(buffer.allocatedBytes == 1_000)
        expect(buffer.readable.last == 3)
    }

    @Test func `space that was consumed is used again instead of more memory`() {
        var buffer = ByteBuffer(maximum: 1 << 20)
        for _ in 0..<10_000 {
            expect(append([UInt8](repeating: 7, count: 100), to: &buffer))
            buffer.consume(buffer.count > 150 ? 150 : 50)
        }
        expect(buffer.allocatedBytes <= 1_024)
    }

    @Test func `an append of nothing succeeds and takes no memory`() {
        var buffer = ByteBuffer(maximum: 8)
        #expect(append([], to: &buffer))
        expect(buffer.allocatedBytes == 0)
    }

    @Test func `a consume or a commit past the end ends the process`() async {
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(maximum: 8)
            buffer.consume(1)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(maximum: 8)
            buffer.commit(1)
        }
    }

    @Test("a buffer agrees with an array", arguments: 0..<12)
    func model(seed: Int) {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let maximum = [1, 511, 512, 513, 4_000, 70_000][seed % 6]
        var buffer = ByteBuffer(maximum: maximum)
        var model: [UInt8] = []
        for step in 0..<800 {
            let size = Int(numbers.next() >> (50 + numbers.next() % 14))
            switch numbers.next() % 4 {
            case 0:
                let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
                let fits = model.count + size <= maximum
                expect(append(bytes, to: &buffer) == fits)
                if fits { model += bytes }
            case 1:
                let fits = model.count + size <= maximum
                expect(buffer.reserve(size) == fits)
                guard fits else { continue }
                expect(buffer.writable.count >= size)
                let space = UnsafeMutableRawBufferPointer(rebasing: buffer.writable[..<size])
                space.initializeMemory(as: UInt8.self, repeating: UInt8(size & 255))
                buffer.commit(size)
                model += [UInt8](repeating: UInt8(size & 255), count: size)
            case 2:
                let taken = min(size, model.count)
                buffer.consume(taken)
                model.removeFirst(taken)
            default:
                buffer.releaseIfEmpty()
            }
            expect(buffer.isEmpty == model.isEmpty && buffer.count == model.count)
            expect(buffer.readable.prefix(9).elementsEqual(model.prefix(9)))
            expect(buffer.readable.suffix(9).elementsEqual(model.suffix(9)))
            if step % 50 == 0 { expect(buffer.readable.elementsEqual(model)) }
            expect(buffer.allocatedBytes <= maximum)
        }
    }

    private func append(_ bytes: [UInt8], to buffer: inout ByteBuffer) -> Bool {
        buffer.append(bytes.span.bytes)
    }
}

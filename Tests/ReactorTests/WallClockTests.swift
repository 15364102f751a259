import Dispatch
import Reactor
import Testing

@Suite("The clock that an edge goes by")
struct WallClockTests {
    @Test func `a manual clock stands until it is moved, and tells the new time`() throws {
        let clock = WallClock(manual: 1_000)
        #expect(clock.isManual)
        #expect(clock.now == 1_000)
        #expect(try clock.advance(by: 1) == 1_001)
        #expect(try clock.advance(by: 0) == 1_001)
        #expect(try clock.set(to: 5_000) == 5_000)
        #expect(try clock.set(to: 5_000) == 5_000)
        #expect(clock.now == 5_000)
    }

    @Test func `it is never set back`() {
        let clock = WallClock(manual: 1_000)
        #expect(throws: WallClockError.backwards(now: 1_000)) { try clock.set(to: 999) }
        #expect(throws: WallClockError.backwards(now: 1_000)) { try clock.advance(by: -1) }
        #expect(clock.now == 1_000)
    }

    @Test func `it ends where HTTP has no more dates, and begins in 1970`() throws {
        let clock = WallClock(manual: 1_000)
        #expect(throws: WallClockError.tooLate) { try clock.set(to: WallClock.latest + 1) }
        #expect(throws: WallClockError.tooLate) { try clock.advance(by: .max) }
        #expect(try clock.set(to: WallClock.latest) == WallClock.latest)
        #expect(throws: WallClockError.tooLate) { try clock.advance(by: 1) }
        #expect(WallClock(manual: -1).now == 0)
        #expect(WallClock(manual: .max).now == WallClock.latest)
    }

    @Test func `the machine's clock is moved by nobody`() {
        let before = WallClock.system.now
        #expect(!WallClock.system.isManual)
        #expect(throws: WallClockError.notManual) { try WallClock.system.advance(by: 1) }
        #expect(throws: WallClockError.notManual) { try WallClock.system.set(to: .max) }
        // 2100; a clock that was moved would be beyond.
        #expect((before - 3_600_000..<4_102_444_800_000).contains(WallClock.system.now))
    }

    @Test func `moves from several threads add up`() {
        let clock = WallClock(manual: 0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1_000 { _ = try? clock.advance(by: 3) }
        }
        #expect(clock.now == 24_000)
    }

    @Test func `a loop has one time for a whole tick, and reads anew when it is told`() throws {
        let clock = WallClock(manual: 1_000)
        var network = try LinuxNetwork(batchSize: 1, wall: clock)
        let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 1)
        defer { events.deallocate() }
        #expect(network.wallNow == 1_000)
        _ = try clock.advance(by: 10)
        #expect(network.wallNow == 1_000)
        let before = network.monotonicNow
        network.readClocks()
        #expect(network.wallNow == 1_010)
        #expect(network.monotonicNow >= before)
        _ = try clock.advance(by: 10)
        #expect(network.wait(until: 0, into: events) == 0)
        #expect(network.wallNow == 1_020)
        // The monotonic clock goes on, whatever the other does.
        #expect(network.monotonicMilliseconds == Int64(network.monotonicNow / 1_000_000))
        #expect(monotonicMilliseconds() >= network.monotonicMilliseconds)
    }
}

import Reactor
import Testing

/// One tick of the wheel, in nanoseconds.
private let tick: UInt64 = 1 << 23
private let second: UInt64 = 1_000_000_000

@Suite("TimerWheel")
struct TimerWheelTests {
    @Test(
        "a timer fires in the tick after its deadline, never before",
        arguments: [
            0, 1, tick - 1, tick, tick + 1, 63 * tick, 64 * tick, 64 * tick + 1, second,
            5 * second, 60 * second, 3_600 * second, 90_000 * second, 400 * 86_400 * second,
        ])
    func firing(delay: UInt64) {
        let start: UInt64 = 77_777_777_777
        var wheel = TimerWheel(start: start, capacity: 8)
        let token = Token(slot: 3, generation: 4, kind: 5)
        let timer = wheel.arm(token, kind: 6, deadline: start + delay)
        let due = max((delay + tick - 1) / tick, 1) * tick
        expect(wheel.expire(now: start + due - 1) == nil)
        expect(wheel.isArmed(timer))
        let fired = wheel.expire(now: start + due)
        #expect(fired?.token == token)
        #expect(fired?.kind == 6)
        expect(!wheel.isArmed(timer))
        expect(wheel.expire(now: start + due) == nil)
        expect(wheel.count == 0)
        expect(wheel.nextDeadline == nil)
    }

    @Test func `a cancelled timer does not fire, and its handle names no later one`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        let first = wheel.arm(Token(bits: 1), kind: 0, deadline: second)
        wheel.cancel(first)
        let second = wheel.arm(Token(bits: 2), kind: 0, deadline: second)
        wheel.cancel(first)
        expect(!wheel.rearm(first, deadline: 1))
        expect(wheel.isArmed(second))
        expect(wheel.expire(now: 2_000_000_000)?.token == Token(bits: 2))
    }

    @Test func `no timer is named by the empty handle`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        _ = wheel.arm(Token(bits: 1), kind: 0, deadline: second)
        expect(!wheel.isArmed(.none))
        wheel.cancel(.none)
        expect(!wheel.rearm(.none, deadline: 0))
        expect(wheel.count == 1)
    }

    @Test func `a timer moved to a later deadline fires then only, however often it was moved`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        let timer = wheel.arm(Token(bits: 1), kind: 0, deadline: second)
        for now in 1...100 {
            expect(wheel.rearm(timer, deadline: UInt64(now) * second / 2 + second))
            expect(wheel.expire(now: UInt64(now) * second / 2) == nil)
        }
        expect(wheel.expire(now: 51 * second - 1) == nil)
        expect(wheel.expire(now: 51 * second + tick) != nil)
    }

    @Test func `a timer moved to an earlier deadline fires earlier`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        let timer = wheel.arm(Token(bits: 1), kind: 0, deadline: 60 * second)
        expect(wheel.rearm(timer, deadline: second))
        expect(wheel.expire(now: second + tick) != nil)
    }

    @Test func `a timer that is due may still be moved or cancelled by another one's handling`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        let timers = (1...3).map { wheel.arm(Token(bits: $0), kind: 0, deadline: second) }
        let first = wheel.expire(now: 2 * second)
        let others = timers.filter { wheel.isArmed($0) }
        #expect(first != nil && others.count == 2)
        wheel.cancel(others[0])
        expect(wheel.rearm(others[1], deadline: 5 * second))
        expect(wheel.expire(now: 2 * second) == nil)
        expect(wheel.expire(now: 5 * second + tick) != nil)
    }

    @Test func `an idle loop is woken a few times for one far timer, not at every tick`() {
        var wheel = TimerWheel(start: 0, capacity: 8)
        _ = wheel.arm(Token(bits: 1), kind: 0, deadline: 3_600 * second)
        var wakes = 0
        while let deadline = wheel.nextDeadline {
            wakes += 1
            _ = wheel.expire(now: deadline)
        }
        #expect((1...6).contains(wakes))
    }

    @Test func `many thousand timers fire once each, in the order of their ticks`() {
        var numbers = SeededNumbers(seed: 1)
        var wheel = TimerWheel(start: 0, capacity: 20_000)
        var deadlines: [UInt64] = []
        for name in 0..<UInt64(20_000) {
            deadlines.append(numbers.next() % (120 * second))
            _ = wheel.arm(Token(bits: name), kind: 0, deadline: deadlines[Int(name)])
        }
        var fired: [UInt64] = []
        while let timer = wheel.expire(now: 121 * second) { fired.append(timer.token.bits) }
        #expect(fired.sorted() == Array(0..<20_000))
        let ticks = fired.map { max((deadlines[Int($0)] + tick - 1) / tick, 1) }
        #expect(ticks == ticks.sorted())
    }

    @Test func `a timer takes 32 bytes`() {
        #expect(TimerWheel.bytesPerTimer == 32)
    }

    @Test func `more timers than the capacity end the process`() async {
        await #expect(processExitsWith: .failure) {
            var wheel = TimerWheel(start: 0, capacity: 1)
            _ = wheel.arm(Token(bits: 1), kind: 0, deadline: 1)
            _ = wheel.arm(Token(bits: 2), kind: 0, deadline: 1)
        }
    }

    @Test("the wheel agrees with a list of deadlines", arguments: 0..<16)
    func model(seed: Int) {
        var model = WheelModel(seed: UInt64(seed))
        for _ in 0..<1_000 { model.step() }
        model.finish()
    }
}

/// A wheel beside a plain dictionary of deadlines.
private struct WheelModel: ~Copyable {
    struct Armed {
        var handle: TimerHandle
        var deadline: UInt64
        /// The present when the deadline was set: a past deadline waits for the next tick.
        var setAt: UInt64
    }

    let start: UInt64 = 123_456_789
    var now: UInt64
    var wheel: TimerWheel
    var armed: [UInt64: Armed] = [:]
    var nextName: UInt64 = 0
    var numbers: SeededNumbers

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
        now = start
        wheel = TimerWheel(start: start, capacity: 4_096)
    }

    mutating func step() {
        switch numbers.next() % 10 {
        case 0...3: arm()
        case 4: cancel()
        case 5...6: rearm()
        default: advance(by: delay() / 4)
        }
        expect(wheel.count == armed.count)
    }

    /// Follows the wheel's own wake-ups until nothing is armed.
    mutating func finish() {
        var wakes = 0
        while let deadline = wheel.nextDeadline, wakes < 100_000 {
            wakes += 1
            advance(by: deadline > now ? deadline - now : 0)
        }
        #expect(armed.isEmpty)
    }

    /// From nothing to days, each magnitude as likely as another.
    mutating func delay() -> UInt64 {
        numbers.next() >> (16 + numbers.next() % 40)
    }

    mutating func arm() {
        guard armed.count < wheel.capacity else { return }
        nextName += 1
        let past = numbers.next() % 8 == 0
        let deadline = past ? now - min(now, delay()) : now + delay()
        let handle = wheel.arm(Token(bits: nextName), kind: UInt8(nextName & 7), deadline: deadline)
        armed[nextName] = Armed(handle: handle, deadline: deadline, setAt: now)
    }

    mutating func cancel() {
        guard let (name, timer) = pick() else { return }
        armed[name] = nil
        wheel.cancel(timer.handle)
    }

    /// One of the armed timers, the same for the same seed.
    mutating func pick() -> (name: UInt64, timer: Armed)? {
        let highest = nextName
        for _ in 0..<8 where highest > 0 {
            let name = highest - min(highest - 1, numbers.next() % 64)
            if let timer = armed[name] { return (name, timer) }
        }
        return nil
    }

    mutating func rearm() {
        guard let (name, timer) = pick() else { return }
        let deadline = now + delay()
        expect(wheel.rearm(timer.handle, deadline: deadline))
        armed[name]?.deadline = deadline
        armed[name]?.setAt = now
    }

    mutating func advance(by step: UInt64) {
        now += step
        let present = (now - start) / tick
        while let fired = wheel.expire(now: now) {
            guard let timer = armed.removeValue(forKey: fired.token.bits) else {
                Issue.record("fired what was not armed: \(fired)")
                return
            }
            expect(ticks(timer.deadline) <= present)
            expect(fired.kind == UInt8(fired.token.bits & 7))
            if numbers.next() % 4 == 0 { numbers.next() % 2 == 0 ? arm() : rearm() }
        }
        for timer in armed.values {
            let latest = max(ticks(timer.deadline), (timer.setAt - start) / tick + 1)
            expect(latest > present)
        }
    }

    /// The first tick at or after the deadline.
    func ticks(_ deadline: UInt64) -> UInt64 {
        deadline <= start ? 0 : (deadline - start + tick - 1) / tick
    }
}

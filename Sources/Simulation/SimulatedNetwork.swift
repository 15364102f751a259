public import Glibc
public import Reactor
import Synchronization

/// The network as one simulated loop sees it. Descriptors are numbers; nothing is ever waited for.
public struct SimulatedNetwork: ~Copyable, Network {
    public private(set) var monotonicNow: UInt64
    public private(set) var wallNow: Int64
    private let fabric: Fabric
    private let loop: Int
    private let wake: WakeFlag
    private let mailbox: Token

    init(_ fabric: Fabric, loop: Int, wake: WakeFlag, mailbox: Token) {
        self.fabric = fabric
        self.loop = loop
        self.wake = wake
        self.mailbox = mailbox
        monotonicNow = fabric.world.clock.monotonic
        wallNow = fabric.world.clock.wall
    }

    public mutating func readClocks() {
        monotonicNow = fabric.world.clock.monotonic
        wallNow = fabric.world.clock.wall
    }

    /// Takes some of the events there are, in any order; the others come with the next tick.
    public mutating func wait(
        until deadline: UInt64?, into events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int {
        readClocks()
        let dice = fabric.world.dice
        if dice.chance(2) { fabric.markAtRandom(loop) }
        let most = min(events.count, dice.chance(30) ? dice.pick(1...3) : events.count)
        var count = 0
        if wake.take() {
            unsafe events[count] = ReadyEvent(token: mailbox, readiness: .readable)
            count += 1
        }
        while count < most, let event = fabric.takeEvent(loop) {
            unsafe events[count] = event
            count += 1
        }
        return count
    }

    public mutating func receive(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) -> IOResult {
        let result = unsafe fabric.link(loop, fd).receive(into: buffer)
        fabric.world.note("loop \(loop) receive \(fd): \(result)", result.number)
        return result
    }

    public mutating func send(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        let result = unsafe fabric.link(loop, fd).send(parts)
        fabric.world.note("loop \(loop) send \(fd): \(result)", result.number)
        return result
    }

    public func untaken(_ fd: Int32) -> Int {
        let pipe = fabric.link(loop, fd).toPeer
        return pipe.transit + pipe.unread
    }

    /// Nobody listens in here: the bytes stay as they are, and only the call is noted.
    public mutating func secure(
        _ fd: Int32, _ context: TLSContext, token: Token, host: String?, or other: String?,
        early: UnsafeRawBufferPointer
    ) -> Bool {
        fabric.world.note("loop \(loop) secure \(fd)", Int(fd))
        return true
    }

    public mutating func readMap(_ map: MappedFile?) {}
    public func describeTLS(_ fd: Int32) -> TLSDescription? { nil }
    public func namesOfTLS(_ fd: Int32) -> TLSNames? { nil }
    public func failureOfTLS(_ fd: Int32) -> TLSFailure? { nil }

    public mutating func accept(_ listener: Int32, peer: inout SocketAddress) -> AcceptResult {
        let result = fabric.accept(loop, listener)
        if case .connection(let fd) = result {
            peer =
                fabric.link(loop, fd).address
                ?? SocketAddress(ipv4: 0xC000_0200 | UInt32(fd & 255), port: 40_000)
        }
        fabric.world.note("loop \(loop) accept: \(result)", 1)
        return result
    }

    public mutating func connect(to endpoint: Endpoint) -> ConnectResult {
        let result = fabric.connect(loop, endpoint)
        fabric.world.note("loop \(loop) connect: \(result)", 2)
        return result
    }

    public mutating func connectError(_ fd: Int32) -> Int32 {
        if case .broken(let code) = fabric.link(loop, fd).state { code } else { 0 }
    }

    public mutating func watch(_ fd: Int32, _ token: Token) -> Bool {
        fabric.watch(loop, fd, token)
        return true
    }

    public mutating func rewatch(_ fd: Int32, _ token: Token) { fabric.watch(loop, fd, token) }
    public mutating func unwatch(_ fd: Int32) { fabric.unwatch(loop, fd) }

    public mutating func close(_ fd: Int32) {
        fabric.world.note("loop \(loop) close \(fd)", Int(fd))
        fabric.close(loop, fd, reset: false)
    }

    public mutating func closeWithReset(_ fd: Int32) {
        fabric.world.note("loop \(loop) reset \(fd)", Int(fd))
        fabric.close(loop, fd, reset: true)
    }

    public mutating func shutdownWrite(_ fd: Int32) {
        fabric.world.note("loop \(loop) shut \(fd)", Int(fd))
        fabric.link(loop, fd).shutdownWrite()
    }
}

/// Notes that a loop has mail; set from any thread.
final class WakeFlag: Sendable {
    private let isSet = Atomic<Bool>(false)

    var hasMail: Bool { isSet.load(ordering: .acquiring) }
    func signal() { isSet.store(true, ordering: .releasing) }
    func take() -> Bool { isSet.exchange(false, ordering: .acquiringAndReleasing) }
}

extension IOResult {
    fileprivate var number: Int {
        switch self {
        case .bytes(let count): count
        case .wouldBlock: -1
        case .endOfStream: -2
        case .failed(let code): -100 - Int(code)
        }
    }
}

import CLinux
import Glibc

/// The kernel's network through epoll: one for each loop, made on the loop and kept there.
@safe
public struct LinuxNetwork: ~Copyable, Network {
    public private(set) var monotonicNow: UInt64 = 0
    public private(set) var wallNow: Int64 = 0
    /// System calls made so far, by kind.
    public internal(set) var calls = SystemCallCounts()

    /// nil: the machine's, so that loops share nothing that each of their ticks would touch.
    private let manual: WallClock?
    private let poller: Int32
    private let batch: UnsafeMutableBufferPointer<epoll_event>
    /// Accepting stops here, so that there are descriptors left for those whom accepted ones need.
    let acceptCeiling: Int32
    /// The descriptor accepted last: the kernel gives the lowest that is free.
    var lastAccepted: Int32 = 0
    /// The secured connections; the rest of this file knows of them only where they differ.
    var secured = TLSTable()

    /// - Parameters:
    ///   - batchSize: most events taken in one tick; 12 bytes each.
    ///   - wall: where ``wallNow`` is read.
    ///   - keepsReserve: an eighth of the process's descriptors, 16 to 1,024, is not for `accept`.
    /// - Throws: EMFILE, ENFILE or ENOMEM.
    public init(
        batchSize: Int, wall: WallClock = .system, keepsReserve: Bool = false
    ) throws(SystemError) {
        precondition(batchSize > 0, "a tick without events")
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        if poller < 0 { throw SystemError(call: "epoll_create1", errno: errno) }
        self.poller = poller
        manual = wall.isManual ? wall : nil
        acceptCeiling = keepsReserve ? descriptorsForViewers() : .max
        unsafe batch = .allocate(capacity: batchSize)
        readClocks()
    }

    deinit {
        unsafe batch.deallocate()
        _ = Glibc.close(poller)
    }

    /// A signal ends the wait early, with no events.
    public mutating func wait(
        until deadline: UInt64?,
        into events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int {
        guard secured.needsAttention else { return unsafe waitForKernel(deadline, events) }
        return unsafe waitSecured(until: deadline, into: events)
    }

    /// What the kernel has to tell.
    mutating func waitForKernel(
        _ deadline: UInt64?, _ events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int {
        calls.wait &+= 1
        let room = unsafe Int32(truncatingIfNeeded: min(events.count, batch.count))
        let count = unsafe epoll_wait(poller, batch.baseAddress, room, milliseconds(to: deadline))
        if count < 0, errno != EINTR { trap("epoll_wait", errno) }
        readClocks()
        guard count > 0 else { return 0 }
        for index in 0..<Int(count) {
            let event = unsafe batch[index]
            unsafe events[index] = unsafe ReadyEvent(
                token: Token(bits: event.data.u64), readiness: Readiness(epoll: event.events))
        }
        return Int(count)
    }

    public mutating func watch(_ fd: Int32, _ token: Token) -> Bool {
        switch control(EPOLL_CTL_ADD, fd, token) {
        case 0: return true
        case ENOSPC, ENOMEM: return false
        case let errno: trap("epoll_ctl add", errno)
        }
    }

    public mutating func rewatch(_ fd: Int32, _ token: Token) {
        let errno = control(EPOLL_CTL_MOD, fd, token)
        if errno != 0 { trap("epoll_ctl modify", errno) }
    }

    public mutating func unwatch(_ fd: Int32) {
        let errno = control(EPOLL_CTL_DEL, fd, Token(bits: 0))
        if errno != 0 { trap("epoll_ctl delete", errno) }
    }

    private mutating func control(_ operation: Int32, _ fd: Int32, _ token: Token) -> Int32 {
        calls.control &+= 1
        var event = unsafe epoll_event(
            events: Readiness.epollMask, data: epoll_data_t(u64: token.bits))
        return unsafe epoll_ctl(poller, operation, fd, &event) == 0 ? 0 : errno
    }

    /// Rounded up, lest the loop wake before its timer and turn idle rounds.
    private func milliseconds(to deadline: UInt64?) -> Int32 {
        guard let deadline else { return -1 }
        guard deadline > monotonicNow else { return 0 }
        return Int32(clamping: (deadline - monotonicNow - 1) / 1_000_000 + 1)
    }

    /// Both are answered without a system call, from memory that the kernel shares.
    public mutating func readClocks() {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        monotonicNow = UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
        wallNow = manual?.now ?? WallClock.readMachine()
    }
}

extension Readiness {
    /// Every edge, in both directions, once.
    static let epollMask =
        EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue

    init(epoll bits: UInt32) {
        self = []
        if bits & EPOLLIN.rawValue != 0 { insert(.readable) }
        if bits & EPOLLOUT.rawValue != 0 { insert(.writable) }
        if bits & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue) != 0 { insert(.hangup) }
        if bits & EPOLLERR.rawValue != 0 { insert(.error) }
    }
}

import Glibc
import Reactor
import Synchronization

/// A connected stream socket whose calls wait until one deadline for all of them. Closes itself.
///
/// For the admin port and its clients, which have a thread to spare; viewers and origins never
/// meet it.
final class TimedSocket: Sendable {
    private struct State {
        var deadline: ContinuousClock.Instant
        /// When bytes last went either way.
        var lastMove = ContinuousClock.now
        var isWorking = false
    }

    private let fd: Int32
    private let state: Mutex<State>

    /// Takes over a non-blocking descriptor.
    init(owning fd: Int32, within limit: Duration) {
        self.fd = fd
        state = Mutex(State(deadline: .now + limit))
    }

    /// Another limit, from now on.
    func allow(_ limit: Duration) { state.withLock { $0.deadline = .now + limit } }

    /// The limit is over.
    var isOverdue: Bool { state.withLock { $0.deadline } <= .now }

    /// While this runs the peer is not silent: it waits.
    func working<T>(_ work: () -> T) -> T {
        state.withLock { $0.isWorking = true }
        defer {
            state.withLock {
                $0.isWorking = false
                $0.lastMove = .now
            }
        }
        return work()
    }

    /// Since when the peer has neither said nor taken anything; nil while it waits for us.
    var silentSince: ContinuousClock.Instant? {
        state.withLock { $0.isWorking ? nil : $0.lastMove }
    }

    /// Ends the calls that are under way and those that follow, from any thread.
    func interrupt() {
        state.withLock { $0.deadline = .now }
        shutdown(fd, Int32(SHUT_RDWR))
    }

    private func noteMove(_ count: Int) {
        if count > 0 { state.withLock { $0.lastMove = .now } }
    }

    deinit { close(fd) }

    /// Connects within the limit, which then binds the calls that follow too.
    ///
    /// - Throws: what the kernel said, or ETIMEDOUT.
    static func connect(
        to endpoint: Endpoint, within limit: Duration
    ) throws(SystemError) -> TimedSocket {
        var network = try LinuxNetwork(batchSize: 1)
        switch network.connect(to: endpoint) {
        case .failed(let code):
            throw SystemError(call: "connect", subject: "\(endpoint)", errno: code)
        case .connected(let fd):
            return TimedSocket(owning: fd, within: limit)
        case .pending(let fd):
            let socket = TimedSocket(owning: fd, within: limit)
            let code = socket.waits(for: POLLOUT) ? network.connectError(fd) : ETIMEDOUT
            guard code == 0 else {
                throw SystemError(call: "connect", subject: "\(endpoint)", errno: code)
            }
            return socket
        }
    }

    /// Bytes that were read; 0 at the end of the stream, nil after an error or the deadline.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            let count = unsafe recv(fd, buffer.baseAddress, buffer.count, 0)
            if count >= 0 {
                noteMove(count)
                return count
            }
            guard errno == EINTR || (errno == EAGAIN && waits(for: POLLIN)) else { return nil }
        }
    }

    /// Whether all bytes went out.
    func write(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { whole in
            var rest = unsafe whole
            while unsafe !rest.isEmpty {
                let count = unsafe send(fd, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count >= 0 {
                    noteMove(count)
                    unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR, !(errno == EAGAIN && waits(for: POLLOUT)) {
                    return false
                }
            }
            return true
        }
    }

    /// Says that no more will be written; reading goes on.
    func endWriting() { shutdown(fd, Int32(SHUT_WR)) }

    // False at the deadline.
    private func waits(for event: Int32) -> Bool {
        while true {
            let left = state.withLock { $0.deadline } - .now
            guard left > .zero else { return false }
            var wanted = pollfd(fd: fd, events: Int16(event), revents: 0)
            // Rounded up, lest the last millisecond be spent in idle rounds.
            let (seconds, attoseconds) = left.components
            let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
            let count = unsafe poll(&wanted, 1, Int32(clamping: milliseconds))
            if count != 0, errno != EINTR || count > 0 { return count > 0 }
        }
    }
}

import Glibc

/// A UDP socket that speaks with one peer; the kernel drops what comes from others.
///
/// For who has a thread to spare: ``receive(into:until:)`` waits. Its port is the kernel's choice,
/// another one for each socket.
public final class DatagramSocket: Sendable {
    private let fd: Int32

    /// - Throws: what the kernel said.
    public init(to peer: SocketAddress) throws(SystemError) {
        let kind = SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        fd = socket(peer.isIPv4 ? AF_INET : AF_INET6, Int32(kind), 0)
        guard fd >= 0 else { throw SystemError(call: "socket", subject: "\(peer)", errno: errno) }
        let storage = SocketStorage(peer)
        let result = unsafe storage.withPointer {
            unsafe Glibc.connect(fd, $0, storage.length)
        }
        guard result == 0 else {
            let reason = errno
            close(fd)
            throw SystemError(call: "connect", subject: "\(peer)", errno: reason)
        }
    }

    deinit { close(fd) }

    /// Whether the datagram went out; it may still be lost.
    public func send(_ bytes: [UInt8]) -> Bool {
        unsafe Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// One datagram, as long as there is room; nil at the deadline, or when the peer refuses.
    ///
    /// - Parameter deadline: monotonic nanoseconds.
    public func receive(until deadline: UInt64, bytesMax: Int = 65_535) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        while true {
            // Before each, so that a flood of what nobody asked for ends with it too.
            let now = UInt64(monotonicMilliseconds()) * 1_000_000
            guard now < deadline else { return nil }
            let count = unsafe recv(fd, &bytes, bytes.count, 0)
            if count >= 0 { return Array(bytes[..<count]) }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return nil }
            var wanted = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
            // Rounded up, lest the last millisecond be spent in idle rounds.
            let milliseconds = (deadline - now) / 1_000_000 + 1
            _ = unsafe poll(&wanted, 1, Int32(clamping: milliseconds))
        }
    }
}

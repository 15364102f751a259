import Glibc
import Synchronization

/// What went wrong on the wire or with a process, in words for the test's report.
public struct WireError: Error, CustomStringConvertible, Sendable {
    public var description: String

    public init(_ description: String) { self.description = description }

    static func system(_ call: String) -> WireError {
        WireError("\(call): \(String(cString: strerror(errno)))")
    }
}

/// How long anything on the wire may take before a test calls it a failure, in milliseconds.
///
/// A bound for the broken case only: nothing waits that long where all is well. Set
/// `MAPEDGE_PATIENCE` to lose less time over many that are broken.
public let patience = getenv("MAPEDGE_PATIENCE").flatMap { Int(String(cString: $0)) } ?? 60_000

/// Held while a child is started, and while there is a descriptor that it must not inherit.
let spawning = Mutex(())

/// A stream socket that no child process inherits.
let streamType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
private let noSignal = Int32(MSG_NOSIGNAL)

/// A blocking stream socket that closes with its last reference.
public final class Socket: Sendable {
    let descriptor: Int32
    private let isClosed = Atomic(false)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// Connects to 127.0.0.1.
    public static func connect(port: UInt16) throws -> Socket {
        let socket = Socket(Glibc.socket(AF_INET, streamType, 0))
        guard socket.descriptor >= 0 else { throw WireError.system("socket") }
        var address = loopback(port)
        try socket.connect(to: &address, "port \(port)")
        socket.setOption(IPPROTO_TCP, TCP_NODELAY, 1)
        return socket
    }

    /// Connects to ::1.
    public static func connect(port6: UInt16) throws -> Socket {
        let socket = Socket(Glibc.socket(AF_INET6, streamType, 0))
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port6.bigEndian
        address.sin6_addr = in6addr_loopback
        try socket.connect(to: &address, "port \(port6) of ::1")
        return socket
    }

    /// Connects to a Unix socket.
    public static func connect(path: String) throws -> Socket {
        let socket = Socket(Glibc.socket(AF_UNIX, streamType, 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        try socket.connect(to: &address, path)
        return socket
    }

    /// Listens on a Unix socket, whose buffer, unlike that of TCP, does not grow with its use.
    public static func listen(path: String) throws -> Socket {
        let socket = Socket(Glibc.socket(AF_UNIX, streamType, 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, Glibc.listen(socket.descriptor, 16) == 0 else {
            throw WireError.system("listen on \(path)")
        }
        return socket
    }

    private func connect<Address>(to address: inout Address, _ name: String) throws {
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else { throw WireError.system("connect to \(name)") }
    }

    /// Listens on a free port of 127.0.0.1.
    public static func listen() throws -> (Socket, port: UInt16) {
        let socket = Socket(Glibc.socket(AF_INET, streamType, 0))
        guard socket.descriptor >= 0 else { throw WireError.system("socket") }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard Glibc.bind(socket.descriptor, $0, length) == 0 else { return Int32(-1) }
                guard Glibc.listen(socket.descriptor, 1024) == 0 else { return Int32(-1) }
                return getsockname(socket.descriptor, $0, &length)
            }
        }
        guard result == 0, fcntl(socket.descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            throw WireError.system("listen")
        }
        return (socket, UInt16(bigEndian: address.sin_port))
    }

    /// The next connection; nil when the listener was shut down.
    public func accept() -> Socket? {
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&poller, 1, -1) < 0 { continue }
            // No child may be started between the two calls, lest it inherit the connection.
            let (accepted, reason) = spawning.withLock { _ in
                let accepted = Glibc.accept(descriptor, nil, nil)
                let reason = errno
                if accepted >= 0 { _ = fcntl(accepted, F_SETFD, FD_CLOEXEC) }
                return (accepted, reason)
            }
            if accepted >= 0 {
                let socket = Socket(accepted)
                socket.setOption(IPPROTO_TCP, TCP_NODELAY, 1)
                return socket
            }
            // Descriptors are shared by all tests of the process: a shortage passes.
            guard [EINTR, ECONNABORTED, EMFILE, EAGAIN].contains(reason) else { return nil }
        }
    }

    /// Sends everything or throws.
    ///
    /// - Parameter isLast: holds the bytes back until the end of the stream goes with them.
    public func send(_ bytes: [UInt8], isLast: Bool = false) throws {
        let flags = isLast ? noSignal | Int32(MSG_MORE) : noSignal
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, flags)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw WireError.system("send") }
            sent += count
        }
    }

    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// What arrives next; empty at the end of the stream, nil after a reset.
    ///
    /// Throws when nothing arrives for `milliseconds`.
    public func receive(
        limit: Int = 65_536, within milliseconds: Int = patience
    ) throws -> [UInt8]? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var ready = poll(&poller, 1, Int32(milliseconds))
        while ready < 0, errno == EINTR { ready = poll(&poller, 1, Int32(milliseconds)) }
        guard ready > 0 else { throw WireError("nothing arrived for \(milliseconds) ms") }
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            result = recv(descriptor, buffer.baseAddress, limit, 0)
            count = max(0, result)
        }
        return result < 0 ? nil : bytes
    }

    /// Says that nothing more will be sent; receiving goes on.
    public func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Wakes whoever is blocked on it and ends both directions.
    public func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    public func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        _ = Glibc.close(descriptor)
    }

    /// Closes with a reset in place of an orderly end.
    public func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func setOption(_ level: Int, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, Int32(level), name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Asks for a small window, so that a slow reader is slow soon.
    public func shrinkReceiveBuffer() { setOption(Int(SOL_SOCKET), SO_RCVBUF, 4096) }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

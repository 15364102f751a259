import CLinux
public import Glibc

/// Sockets of a ``LinuxNetwork``; every one is non-blocking and closed on exec.
extension LinuxNetwork {
    public mutating func receive(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) -> IOResult {
        precondition(
            unsafe !buffer.isEmpty, "a receive without room would look like an end of stream")
        if secured.holds(fd) { return unsafe receiveSecured(fd, into: buffer) }
        calls.receive &+= 1
        let count = retrying { unsafe recv(fd, buffer.baseAddress, buffer.count, 0) }
        if count > 0 { return .bytes(count) }
        return count == 0 ? .endOfStream : ioFailure("recv", errno)
    }

    public mutating func send(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        if secured.holds(fd), !secured.kernelSends(fd) { return unsafe sendSecured(fd, parts) }
        calls.send &+= 1
        var message = unsafe msghdr()
        unsafe message.msg_iov = UnsafeMutablePointer(mutating: parts.baseAddress)
        unsafe message.msg_iovlen = parts.count
        let count = retrying { unsafe sendmsg(fd, &message, Int32(MSG_NOSIGNAL)) }
        return count >= 0 ? .bytes(count) : ioFailure("sendmsg", errno)
    }

    public func untaken(_ fd: Int32) -> Int {
        var count: Int32 = 0
        return unsafe ioctl(fd, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    public mutating func accept(_ listener: Int32, peer: inout SocketAddress) -> AcceptResult {
        calls.accept &+= 1
        if lastAccepted >= acceptCeiling - Self.acceptMargin, !isBelowCeiling(listener) {
            return .outOfDescriptors
        }
        var storage = SocketStorage()
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let fd = unsafe storage.withMutablePointer { address, length in
            retrying { unsafe Int(accept4(listener, address, length, flags)) }
        }
        if fd >= 0 {
            peer = storage.address
            lastAccepted = Int32(truncatingIfNeeded: fd)
            return .connection(lastAccepted)
        }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .outOfDescriptors
        case EBADF, EFAULT, EINVAL, ENOTSOCK: trap("accept4", errno)
        case let errno: return .failed(errno)
        }
    }

    /// From so far below the ceiling on each accept looks whether it is reached: others of the
    /// process open descriptors, too.
    private static var acceptMargin: Int32 { 64 }

    /// Whether the next descriptor is one that may be accepted.
    private func isBelowCeiling(_ listener: Int32) -> Bool {
        let next = fcntl(listener, F_DUPFD_CLOEXEC, 0)
        guard next >= 0 else { return false }
        _ = Glibc.close(next)
        return next < acceptCeiling
    }

    public mutating func connect(to endpoint: Endpoint) -> ConnectResult {
        calls.connect &+= 1
        let fd = openSocket(for: endpoint)
        guard fd >= 0 else { return .failed(errno) }
        let result: Int
        switch endpoint {
        case .ip(let address):
            let storage = SocketStorage(address)
            result = retrying {
                unsafe storage.withPointer { unsafe Int(Glibc.connect(fd, $0, storage.length)) }
            }
        case .unix(let path):
            result = retrying {
                unsafe withUnixAddress(path) { unsafe Int(Glibc.connect(fd, $0, $1)) }
            }
        }
        if result == 0 { return .connected(fd) }
        let reason = errno
        if reason == EINPROGRESS { return .pending(fd) }
        close(fd)
        return .failed(reason)
    }

    public mutating func connectError(_ fd: Int32) -> Int32 {
        calls.option &+= 1
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        if unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 {
            trap("getsockopt", errno)
        }
        return error
    }

    public mutating func close(_ fd: Int32) {
        if secured.holds(fd) { endSecured(fd, withGoodbye: true) }
        release(fd)
    }

    private mutating func release(_ fd: Int32) {
        calls.close &+= 1
        // Linux has released the descriptor even where it says EINTR; only EBADF is a mistake.
        if Glibc.close(fd) != 0, errno == EBADF { trap("close", EBADF) }
    }

    public mutating func closeWithReset(_ fd: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        calls.option &+= 1
        let size = socklen_t(MemoryLayout<linger>.size)
        if unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, size) != 0 {
            trap("setsockopt SO_LINGER", errno)
        }
        if secured.holds(fd) { endSecured(fd, withGoodbye: false) }
        release(fd)
    }

    public mutating func shutdownWrite(_ fd: Int32) {
        calls.shutdown &+= 1
        if secured.holds(fd) {
            endSendingSecured(fd)
            return
        }
        // A peer that is gone already (ENOTCONN) needs no end of stream.
        if shutdown(fd, Int32(SHUT_WR)) != 0, errno != ENOTCONN { trap("shutdown", errno) }
    }

    /// For an outgoing connection; -1 with `errno` set if there is none to be had.
    private mutating func openSocket(for endpoint: Endpoint) -> Int32 {
        let family =
            switch endpoint {
            case .ip(let address): address.isIPv4 ? AF_INET : AF_INET6
            case .unix: AF_UNIX
            }
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let fd = socket(family, Int32(kind), 0)
        if fd >= 0, family != AF_UNIX {
            calls.option &+= 1
            setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY)
        }
        return fd
    }
}

/// Repeats a call that a signal cut short.
@inline(__always)
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Sets a yes-or-no option. Fails only for a wrong descriptor or option: our own mistake.
func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32 = 1) {
    var value = value
    if unsafe setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) != 0 {
        trap("setsockopt \(name)", errno)
    }
}

/// What a failed receive or send means.
private func ioFailure(_ call: String, _ errno: Int32) -> IOResult {
    switch errno {
    case EAGAIN: .wouldBlock
    case EBADF, EFAULT, EINVAL, ENOTSOCK, EMSGSIZE, EOPNOTSUPP: trap(call, errno)
    default: .failed(errno)
    }
}

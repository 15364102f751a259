import Glibc

/// Opens a listening socket: non-blocking, closed on exec, its connections without Nagle's delay.
///
/// An IPv6 socket takes IPv6 only. A Unix socket's file is replaced if nobody listens on it.
/// - Parameters:
///   - endpoint: port 0 lets the kernel choose; see ``boundAddress(_:)``.
///   - backlog: connections that may wait; the kernel caps it at `net.core.somaxconn`.
///   - reusePort: let several loops listen on the same address, the kernel sharing viewers out
///     among them. Has no meaning for a Unix socket.
///   - mode: of a Unix socket's file, which says who may connect; nil: what the umask leaves.
/// - Returns: a descriptor that the caller owns.
public func listen(
    on endpoint: Endpoint, backlog: Int32, reusePort: Bool, mode: UInt32? = nil
) throws(SystemError) -> Int32 {
    switch endpoint {
    case .ip(let address):
        let fd = try open(address.isIPv4 ? AF_INET : AF_INET6)
        setOption(fd, SOL_SOCKET, SO_REUSEADDR)
        if reusePort { setOption(fd, SOL_SOCKET, SO_REUSEPORT) }
        if !address.isIPv4 { setOption(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        // Linux hands it on to each accepted connection, which saves a call for each.
        setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY)
        // What the kernel takes is to say what the peer takes: with megabytes of send buffer a slow
        // viewer would look as if it took nothing for minutes.
        setOption(fd, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, 65_536)
        let storage = SocketStorage(address)
        let result = unsafe storage.withPointer { unsafe bind(fd, $0, storage.length) }
        try finish("bind", result, fd, endpoint)
        try finish("listen", Glibc.listen(fd, backlog), fd, endpoint)
        return fd
    case .unix(let path):
        guard path.utf8.count <= Endpoint.pathLengthMax else {
            throw SystemError(call: "bind", subject: endpoint.description, errno: ENAMETOOLONG)
        }
        try removeStaleSocket(path)
        let fd = try open(AF_UNIX)
        let result = unsafe withUnixAddress(path) { unsafe bind(fd, $0, $1) }
        try finish("bind", result, fd, endpoint)
        // Nobody can connect yet.
        if let mode { try finish("chmod", unsafe chmod(path, mode), fd, endpoint) }
        try finish("listen", Glibc.listen(fd, backlog), fd, endpoint)
        return fd
    }
}

/// The address that a listening or connected socket has on our side.
///
/// - Precondition: the descriptor is a socket's.
public func boundAddress(_ fd: Int32) -> Endpoint {
    var local = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafeMutablePointer(to: &local) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getsockname(fd, $0, &length)
        }
    }
    if result != 0 { trap("getsockname", errno) }
    if Int32(local.sun_family) == AF_UNIX {
        let path = unsafe withUnsafeBytes(of: local.sun_path) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .unix(path: path)
    }
    var storage = SocketStorage()
    _ = unsafe storage.withMutablePointer { unsafe getsockname(fd, $0, $1) }
    return .ip(storage.address)
}

private func open(_ family: Int32) throws(SystemError) -> Int32 {
    let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let fd = socket(family, Int32(kind), 0)
    if fd < 0 { throw SystemError(call: "socket", errno: errno) }
    return fd
}

/// Closes the descriptor and throws if the call failed.
private func finish(
    _ call: String, _ result: Int32, _ fd: Int32, _ endpoint: Endpoint
) throws(SystemError) {
    guard result != 0 else { return }
    let error = SystemError(call: call, subject: endpoint.description, errno: errno)
    _ = Glibc.close(fd)
    throw error
}

/// Removes the file of a socket that a dead process left behind, and nothing else.
private func removeStaleSocket(_ path: String) throws(SystemError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw SystemError(call: "bind", subject: "unix:\(path)", errno: EEXIST)
    }
    let probe = try open(AF_UNIX)
    defer { _ = Glibc.close(probe) }
    let result = unsafe withUnixAddress(path) { unsafe Glibc.connect(probe, $0, $1) }
    // A listener whose backlog is full says EAGAIN: it lives.
    guard result != 0, errno == ECONNREFUSED else {
        throw SystemError(call: "bind", subject: "unix:\(path)", errno: EADDRINUSE)
    }
    if unsafe unlink(path) != 0, errno != ENOENT {
        throw SystemError(call: "unlink", subject: path, errno: errno)
    }
}

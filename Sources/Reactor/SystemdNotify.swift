import Glibc

/// Tells systemd how the service is, as `sd_notify` does: one datagram to `$NOTIFY_SOCKET`.
///
/// - Parameter state: such as `READY=1`, `STOPPING=1` or `STATUS=...`; several on lines of their
///   own.
/// - Returns: false if no supervisor asked to be told, or it does not listen.
@discardableResult
public func notifySupervisor(_ state: String) -> Bool {
    guard let value = unsafe getenv("NOTIFY_SOCKET") else { return false }
    return notifySupervisor(state, at: unsafe String(cString: value))
}

/// Whether the supervisor ends a service that says `WATCHDOG=1` no more (`WatchdogSec=`).
///
/// Source: `sd_watchdog_enabled`(3).
public var isWatchedBySupervisor: Bool {
    guard let time = unsafe getenv("WATCHDOG_USEC"), unsafe strtoull(time, nil, 10) > 0 else {
        return false
    }
    guard let process = unsafe getenv("WATCHDOG_PID") else { return true }
    return unsafe String(cString: process) == "\(getpid())"
}

/// - Parameter socketPath: a path, or `@` and an abstract name.
func notifySupervisor(_ state: String, at socketPath: String) -> Bool {
    guard let first = socketPath.utf8.first, first == 0x2F || first == 0x40,
        socketPath.utf8.count <= Endpoint.pathLengthMax
    else { return false }
    let path = first == 0x40 ? "\0" + socketPath.dropFirst() : socketPath
    let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { return false }
    defer { _ = Glibc.close(fd) }
    var text = state
    let sent = text.withUTF8 { bytes in
        retrying {
            unsafe withUnixAddress(path) { address, length in
                unsafe sendto(
                    fd, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), address,
                    length)
            }
        }
    }
    return sent == state.utf8.count
}

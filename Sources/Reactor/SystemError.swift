import Glibc

/// A system call that failed for a reason outside the program: what was tried, on what, why it
/// failed and what to do about it.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, such as `bind`.
    public let call: String
    /// What it was called on, such as an address or a path; may be empty.
    public let subject: String
    public let errno: Int32

    public init(call: String, subject: String = "", errno: Int32) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    /// One line: `bind 0.0.0.0:80: Permission denied; ports below 1024 need ...`.
    public var description: String {
        let place = subject.isEmpty ? call : "\(call) \(subject)"
        return "\(place): \(reason); \(remedy)"
    }

    /// The C library's words for ``errno``.
    public var reason: String {
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }

    /// What the operator can do.
    public var remedy: String {
        switch errno {
        case EMFILE: "raise LimitNOFILE (ulimit -n)"
        case ENFILE: "raise the sysctl fs.file-max"
        case EADDRINUSE:
            "another process listens on \(subject); stop it or choose another --listen"
        case EACCES where call == "bind":
            "ports below 1024 need CAP_NET_BIND_SERVICE, a Unix socket a directory that may be "
                + "written"
        case EACCES, EPERM: "let this user do it, or run as another one"
        case EADDRNOTAVAIL: "no interface of this machine has that address; see \"ip address\""
        case EAFNOSUPPORT: "this kernel lacks that address family; use another address"
        case ENOENT, ENOTDIR: "create the directory of that path"
        case ENAMETOOLONG: "a Unix socket's path has at most 107 bytes; choose a shorter one"
        case EEXIST: "a file that is no socket has that path; remove it or choose another path"
        case ENOSPC: "raise the sysctl fs.epoll.max_user_watches"
        case ENOMEM, ENOBUFS: "free memory or raise the service's MemoryMax"
        default: "see errno \(errno) in \"man 2 \(call)\""
        }
    }
}

/// Ends the process because a system call failed in a way that only our own mistake explains, such
/// as the use of a closed descriptor: going on could write to another viewer's connection.
@inline(never)
func trap(_ call: String, _ errno: Int32) -> Never {
    fatalError("\(SystemError(call: call, errno: errno).reason) in \(call): a bug of MapEdge")
}

import CLinux
import Glibc

/// How a thread wakes a loop.
public enum Wake: Sendable {
    /// Through an eventfd that the loop watches.
    case event(WakeEvent)
    /// By a call, on the posting thread: for a simulated loop, which notes that it has work.
    case call(@Sendable () -> Void)

    /// Wakes the loop; from any thread, any number of times.
    public func signal() {
        switch self {
        case .event(let event): event.signal()
        case .call(let note): note()
        }
    }
}

/// An eventfd. Watched edge-triggered, it needs no reading: each signal is an edge of its own.
public final class WakeEvent: Sendable {
    /// For the loop to watch; closed when the event goes away.
    public let descriptor: Int32

    /// - Throws: EMFILE, ENFILE or ENOMEM.
    public init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        if descriptor < 0 { throw SystemError(call: "eventfd", errno: errno) }
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Wakes the loop. One system call.
    public func signal() {
        while eventfd_write(descriptor, 1) != 0 {
            switch errno {
            case EINTR: continue
            // The counter is full, after 2^64 signals without a reading: start it again.
            case EAGAIN:
                var value: eventfd_t = 0
                _ = unsafe eventfd_read(descriptor, &value)
            default: trap("write to eventfd", errno)
            }
        }
    }
}

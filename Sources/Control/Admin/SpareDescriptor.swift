import Glibc
import Synchronization

/// A descriptor kept to be given up when there is no other, so that the operator is answered even
/// while viewers hold all the rest.
final class SpareDescriptor: Sendable {
    private let source: Int32
    private let held: Mutex<Int32>

    /// - Parameter source: an open descriptor that outlives this object; the spare is a copy of it.
    init(of source: Int32) {
        self.source = source
        held = Mutex(fcntl(source, F_DUPFD_CLOEXEC, 0))
    }

    deinit { held.withLock { if $0 >= 0 { close($0) } } }

    /// Frees it; false if it was given up already.
    func release() -> Bool {
        held.withLock { held in
            guard held >= 0 else { return false }
            close(held)
            held = -1
            return true
        }
    }

    /// Takes one again, if there is one to be had.
    func restore() {
        held.withLock { if $0 < 0 { $0 = fcntl(source, F_DUPFD_CLOEXEC, 0) } }
    }
}

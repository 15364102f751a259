import Glibc
import LMDB

/// Leaves a marker when a fault within the map ends the process, so that the next start sets the
/// file aside: a page that the disk cannot deliver comes as a signal (SIGBUS), not as an error.
enum FaultGuard {
    // Read by a signal handler, which may neither lock nor allocate; written once, at start.
    nonisolated(unsafe) private static var low: UInt = 0
    nonisolated(unsafe) private static var high: UInt = 0
    nonisolated(unsafe) private static var marker: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var formerBus = sigaction()
    nonisolated(unsafe) private static var formerSegment = sigaction()

    /// Watches this environment from now on, in place of any other.
    static func install(_ environment: Environment, _ directory: StoreDirectory) {
        guard let addresses = environment.mapAddresses else { return }
        let isFirst = marker == nil
        marker = strdup(directory.suspect)
        low = addresses.lowerBound
        high = addresses.upperBound
        environment.onContradiction { _, _ in FaultGuard.mark() }
        guard isFirst else { return }
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | Int32(bitPattern: UInt32(SA_NODEFER))
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            FaultGuard.handle(number, information)
        }
        sigaction(SIGBUS, &action, &formerBus)
        sigaction(SIGSEGV, &action, &formerSegment)
    }

    private static func handle(_ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?) {
        let address = UInt(bitPattern: information?.pointee._sifields._sigfault.si_addr)
        if address >= low, address < high { mark() }
        // The instruction faults again, under the handler that was there before.
        if number == SIGBUS {
            sigaction(SIGBUS, &formerBus, nil)
        } else {
            sigaction(SIGSEGV, &formerSegment, nil)
        }
    }

    private static func mark() {
        guard let marker else { return }
        let descriptor = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }
}

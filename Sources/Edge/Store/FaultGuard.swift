import Glibc
import LMDB

/// Leaves a marker when a fault within the map ends the process, so that the next start sets the
/// file aside: a page that the disk cannot deliver comes as a signal (SIGBUS), not as an error.
enum FaultGuard {
    /// What a signal handler needs, which may neither lock nor allocate.
    private struct State {
        var low: UInt = 0
        var high: UInt = 0
        var marker: UnsafeMutablePointer<CChar>?
        var formerBus = sigaction()
        var formerSegment = sigaction()
    }

    nonisolated(unsafe) private static var state = State()  // written before the handlers are set

    /// Watches this environment from now on, in place of any other.
    static func install(_ environment: Environment, _ directory: StoreDirectory) {
        guard let addresses = environment.mapAddresses else { return }
        let isFirst = state.marker == nil
        state.marker = strdup(directory.suspect)
        state.low = addresses.lowerBound
        state.high = addresses.upperBound
        environment.onContradiction { _, _ in FaultGuard.mark() }
        guard isFirst else { return }
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | Int32(bitPattern: UInt32(SA_NODEFER))
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            FaultGuard.handle(number, information)
        }
        sigaction(SIGBUS, &action, &state.formerBus)
        sigaction(SIGSEGV, &action, &state.formerSegment)
    }

    private static func handle(_ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?) {
        let address = UInt(bitPattern: information?.pointee._sifields._sigfault.si_addr)
        if address >= state.low, address < state.high { mark() }
        // The instruction faults again, under the handler that was there before.
        if number == SIGBUS {
            sigaction(SIGBUS, &state.formerBus, nil)
        } else {
            sigaction(SIGSEGV, &state.formerSegment, nil)
        }
    }

    private static func mark() {
        guard let marker = state.marker else { return }
        let descriptor = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }
}

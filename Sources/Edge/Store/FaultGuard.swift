import Glibc
import LMDB

/// Leaves a marker when a fault within the map ends the process, so that the next start sets the
/// file aside: a page that the disk cannot deliver comes as a signal (SIGBUS), not as an error.
enum FaultGuard {
    /// What a signal handler needs, which may neither lock nor allocate.
    @safe  // written under the lock, and read by the handler alone
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
        let isFirst = unsafe state.marker == nil
        unsafe state.marker = unsafe strdup(directory.suspect)
        unsafe state.low = addresses.lowerBound
        unsafe state.high = addresses.upperBound
        unsafe environment.onContradiction { _, _ in FaultGuard.mark() }
        guard isFirst else { return }
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | Int32(bitPattern: UInt32(SA_NODEFER))
        unsafe action.__sigaction_handler.sa_sigaction = { number, information, _ in
            unsafe FaultGuard.handle(number, information)
        }
        unsafe sigaction(SIGBUS, &action, &state.formerBus)
        unsafe sigaction(SIGSEGV, &action, &state.formerSegment)
    }

    private static func handle(_ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?) {
        let address = unsafe UInt(bitPattern: information?.pointee._sifields._sigfault.si_addr)
        if unsafe address >= state.low, unsafe address < state.high { mark() }
        // The instruction faults again, under the handler that was there before.
        if number == SIGBUS {
            unsafe sigaction(SIGBUS, &state.formerBus, nil)
        } else {
            unsafe sigaction(SIGSEGV, &state.formerSegment, nil)
        }
    }

    private static func mark() {
        guard let marker = unsafe state.marker else { return }
        let descriptor = unsafe open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }
}

import Glibc
import LMDB
import Synchronization

/// Leaves a marker when a signal ends the process, by which the next start knows what to do: a page
/// that the disk cannot deliver, or one that is not what was written, comes as a signal and not as
/// an error.
///
/// A fault at an address within the map, or in LMDB's code (whose pointers, computed from a broken
/// page, lead anywhere), is the database's: `StoreDirectory.suspect`; `suspectLog` where it is at
/// the invalidations. Any other soon after the start may be: `StoreDirectory.crashed`.
enum FaultGuard {
    /// What a signal handler needs, which may neither lock nor allocate.
    @safe  // written while nothing faults, and read by the handler alone
    private struct State {
        var map = Addresses()
        /// Of the invalidations.
        var log = Addresses()
        var library = Addresses()
        var suspect: UnsafeMutablePointer<CChar>?
        var suspectLog: UnsafeMutablePointer<CChar>?
        var crashed: UnsafeMutablePointer<CChar>?
        /// Until when, in seconds since the machine began, a signal counts as soon.
        var soon = 0
        /// What a tool says in place of marking; it then ends with status 1.
        var lastWords: UnsafeMutablePointer<CChar>?
        /// The handlers that were there before, by signal.
        var former = InlineArray<32, sigaction>(repeating: sigaction())
        var isInstalled = false
    }

    private struct Addresses {
        var low: UInt = 0
        var high: UInt = 0

        init(_ range: Range<UInt>? = nil) {
            if let range { (low, high) = (range.lowerBound, range.upperBound) }
        }

        func contains(_ address: UInt) -> Bool { address >= low && address < high }
    }

    nonisolated(unsafe) private static var state = State()  // written before handlers are set

    /// The thread that is at the invalidations; 0: none is. One at a time is.
    private static let logThread = Atomic<UInt>(0)

    /// After so many seconds a process that a signal ends has shown that its cache can be served.
    private static let health = 60
    /// Words of the stack in which a call from LMDB's code is looked for: it has the C library
    /// copy, compare and move what lies in pages.
    private static let depth = 64

    /// Marks in this directory from now on, in place of any other; before the database is opened.
    static func install(_ directory: StoreDirectory) {
        unsafe state.suspect = unsafe strdup(directory.suspect)
        unsafe state.suspectLog = unsafe strdup(directory.suspectLog)
        unsafe state.crashed = unsafe strdup(directory.crashed)
        unsafe state.soon = seconds() + health
        unsafe state.map = Addresses()
        unsafe state.log = Addresses()
        logThread.store(0, ordering: .relaxed)
        setHandlers()
    }

    /// Says these words on standard error and ends with status 1 when reading a database faults:
    /// for a process that does nothing else.
    static func say(_ words: String) {
        unsafe state.lastWords = unsafe strdup(words + "\n")
        setHandlers()
    }

    /// The same for what a tool opens, if it has words to say.
    static func watchForTool(_ environment: Environment) {
        if unsafe state.lastWords != nil { watch(environment) }
    }

    /// Watches this environment from now on, in place of any other.
    static func watch(_ environment: Environment) {
        unsafe environment.onContradiction { _, _ in FaultGuard.markSuspect() }
        unsafe state.map = Addresses(environment.mapAddresses)
    }

    /// Watches the invalidations of the directory that is marked in, from now on.
    static func watch(log: Environment, of directory: StoreDirectory) {
        guard isOf(directory) else { return }
        unsafe log.onContradiction { _, _ in FaultGuard.markSuspectLog() }
        unsafe state.log = Addresses(log.mapAddresses)
    }

    /// This thread is at the invalidations, until `leaveLog`.
    static func enterLog() { logThread.store(pthread_self(), ordering: .relaxed) }
    static func leaveLog() { logThread.store(0, ordering: .relaxed) }

    private static func isOf(_ directory: StoreDirectory) -> Bool {
        guard let suspect = unsafe state.suspect else { return false }
        return unsafe strcmp(suspect, directory.suspect) == 0
    }

    /// The database is closed: what happens from now on is not its doing.
    static func leave(_ directory: StoreDirectory) {
        guard isOf(directory) else { return }
        unsafe state.suspect = nil
        unsafe state.suspectLog = nil
        unsafe state.crashed = nil
        unsafe state.map = Addresses()
        unsafe state.log = Addresses()
    }

    private static func setHandlers() {
        if unsafe state.isInstalled { return }
        unsafe state.isInstalled = true
        unsafe state.library = Addresses(Environment.libraryAddresses)
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | Int32(bitPattern: UInt32(SA_NODEFER))
        unsafe action.__sigaction_handler.sa_sigaction = { number, information, context in
            unsafe FaultGuard.handle(number, information, context)
        }
        for number in [SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGTRAP] {
            unsafe sigaction(number, &action, &state.former[Int(number)])
        }
    }

    private static func handle(
        _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?,
        _ context: UnsafeMutableRawPointer?
    ) {
        if unsafe isOfDatabase(number, information, context) {
            if unsafe isOfLog(information) { markSuspectLog() } else { markSuspect() }
        } else if unsafe seconds() < state.soon, unsafe isOwn(information) {
            unsafe mark(state.crashed)
        }
        // The instruction faults again, under the handler that was there before; what somebody
        // sent comes once.
        unsafe sigaction(number, &state.former[Int(number)], nil)
        if unsafe (information?.pointee.si_code ?? 0) <= 0 { raise(number) }
    }

    /// It came of what this process did, as `abort` does; a watchdog's or a person's says nothing
    /// of the cache.
    private static func isOwn(_ information: UnsafeMutablePointer<siginfo_t>?) -> Bool {
        guard let information = unsafe information else { return false }
        return unsafe information.pointee.si_code > 0
            || information.pointee._sifields._kill.si_pid == getpid()
    }

    private static func isOfDatabase(
        _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?,
        _ context: UnsafeMutableRawPointer?
    ) -> Bool {
        guard number == SIGBUS || number == SIGSEGV, let information = unsafe information,
            unsafe information.pointee.si_code > 0
        else { return false }
        let address = unsafe UInt(bitPattern: information.pointee._sifields._sigfault.si_addr)
        if unsafe state.map.contains(address) || state.log.contains(address) { return true }
        guard let context = unsafe context else { return false }
        let place = unsafe Place(context)
        if unsafe state.library.contains(place.instruction) { return true }
        if unsafe state.library.contains(place.caller) { return true }
        guard let stack = unsafe UnsafePointer<UInt>(bitPattern: place.stack) else { return false }
        for index in 0..<depth where unsafe state.library.contains(stack[index]) { return true }
        return false
    }

    /// The same of a fault that is the database's: a page of the invalidations, or LMDB at work on
    /// them.
    private static func isOfLog(_ information: UnsafeMutablePointer<siginfo_t>?) -> Bool {
        guard let information = unsafe information else { return false }
        let address = unsafe UInt(bitPattern: information.pointee._sifields._sigfault.si_addr)
        if unsafe state.log.contains(address) { return true }
        if unsafe state.map.contains(address) { return false }
        return logThread.load(ordering: .relaxed) == pthread_self()
    }

    /// Where a thread was when a signal came, from the kernel's `ucontext_t`.
    private struct Place {
        var instruction: UInt = 0
        var stack: UInt = 0
        /// Where a function that calls none returns to, on processors that have a register for it.
        var caller: UInt = 0

        init(_ context: UnsafeMutableRawPointer) {
            #if arch(x86_64)
                unsafe stack = context.load(fromByteOffset: 160, as: UInt.self)
                unsafe instruction = context.load(fromByteOffset: 168, as: UInt.self)
            #elseif arch(arm64)
                unsafe caller = context.load(fromByteOffset: 424, as: UInt.self)
                unsafe stack = context.load(fromByteOffset: 432, as: UInt.self)
                unsafe instruction = context.load(fromByteOffset: 440, as: UInt.self)
            #endif
        }
    }

    private static func seconds() -> Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec
    }

    private static func markSuspect() {
        sayLastWords()
        unsafe mark(state.suspect)
    }

    private static func markSuspectLog() {
        sayLastWords()
        unsafe mark(state.suspectLog)
    }

    private static func sayLastWords() {
        if let words = unsafe state.lastWords {
            _ = unsafe write(STDERR_FILENO, words, strlen(words))
            _exit(1)
        }
    }

    private static func mark(_ marker: UnsafeMutablePointer<CChar>?) {
        guard let marker = unsafe marker else { return }
        let descriptor = unsafe open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }
}

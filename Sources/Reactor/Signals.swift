import Dispatch
import Glibc

/// Process signals as calls, until cancelled.
public final class Signals {
    private let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]
    private let queue = DispatchQueue(label: "mapedge.signals")
    private let cancelled = DispatchGroup()

    /// Handles signals in place of their default action, from when this returns.
    ///
    /// - Parameters:
    ///   - numbers: such as SIGTERM and SIGHUP.
    ///   - handle: called with the signal's number on a serial queue of its own; several of a kind
    ///     may be reported as one.
    public init(_ numbers: [Int32], _ handle: @escaping @Sendable (Int32) -> Void) {
        self.numbers = numbers
        let (queue, cancelled) = (queue, cancelled)
        let registered = DispatchGroup()
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handle(number) }
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            cancelled.enter()
            source.setCancelHandler { cancelled.leave() }
            source.resume()
            return source
        }
        registered.wait()
    }

    /// Gives the signals back their default action, from when this returns; once.
    ///
    /// Waits for a running call to end, so that it must not be called from within one.
    public func cancel() {
        dispatchPrecondition(condition: .notOnQueue(queue))
        for source in sources { source.cancel() }
        // Until Dispatch has let go, it would still take a signal, and tell nobody.
        cancelled.wait()
        var unblocked = sigset_t()
        unsafe sigemptyset(&unblocked)
        for number in numbers {
            signal(number, SIG_DFL)
            unsafe sigaddset(&unblocked, number)
        }
        // Dispatch blocks a signal in each thread that it finds it in; one must take it again.
        unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    }

    /// Makes an error of what would be the end of the process: writing to a pipe that nobody reads,
    /// and to a file beyond the limit on its size (EFBIG).
    ///
    /// Sockets never raise SIGPIPE here; standard output may.
    public static func ignoreFailedWrites() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}

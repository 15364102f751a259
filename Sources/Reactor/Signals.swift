import Dispatch
import Glibc

/// Process signals as calls, until cancelled.
public final class Signals {
    private let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    /// Handles signals in place of their default action, from when this returns.
    ///
    /// - Parameters:
    ///   - numbers: such as SIGTERM and SIGHUP.
    ///   - handle: called with the signal's number on a serial queue of its own; several of a kind
    ///     may be reported as one.
    public init(_ numbers: [Int32], _ handle: @escaping @Sendable (Int32) -> Void) {
        self.numbers = numbers
        let queue = DispatchQueue(label: "mapedge.signals")
        let registered = DispatchGroup()
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handle(number) }
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
            return source
        }
        registered.wait()
    }

    /// Gives the signals back their default action.
    public func cancel() {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// Makes writing to a pipe that nobody reads an error instead of the end of the process.
    ///
    /// Sockets never raise SIGPIPE here; standard output may.
    public static func ignoreBrokenPipe() {
        signal(SIGPIPE, SIG_IGN)
    }
}

public import Dispatch
import Glibc

/// Process signals as calls on a queue, until cancelled.
public final class Signals {
    private let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    /// Handles signals in place of their default action.
    ///
    /// - Parameters:
    ///   - numbers: such as SIGTERM and SIGHUP.
    ///   - queue: where `handle` runs; several of a kind may be reported as one.
    ///   - handle: called with the signal's number.
    public init(
        _ numbers: [Int32], on queue: DispatchQueue, _ handle: @escaping @Sendable (Int32) -> Void
    ) {
        self.numbers = numbers
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handle(number) }
            source.resume()
            return source
        }
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

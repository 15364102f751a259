import Dispatch
public import Reactor
import Synchronization

/// A resolver that does not wait for long: who has not answered in time is asked in the background,
/// and the name has no address until somebody asks again.
///
/// One for each reading of a configuration: the patience is for all its names together, but one
/// that hangs leaves some for those that are asked after it.
public struct BoundedResolver<Base: NameResolver>: NameResolver {
    private let base: Base
    private let deadline: DispatchTime
    private let least: Int

    /// - Parameters:
    ///   - milliseconds: that all names together may take. Default 2,000.
    ///   - least: milliseconds that each one has even so. Default 100.
    public init(_ base: Base, within milliseconds: Int = 2_000, least: Int = 100) {
        self.base = base
        self.least = least
        deadline = .now() + .milliseconds(milliseconds)
    }

    public func addresses(
        of host: String, port: UInt16
    ) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        let answer = ResolverAnswer()
        // A queue of its own: as many threads as there are names that nobody answers for.
        DispatchQueue(label: "control.resolver").async { [base] in
            answer.give(
                Result { () throws(ResolutionError) in
                    try base.addresses(of: host, port: port)
                })
        }
        guard let result = answer.take(until: max(deadline, .now() + .milliseconds(least))) else {
            throw ResolutionError(
                host: host, reason: "the resolver has not answered yet", isPending: true)
        }
        return try result.get()
    }
}

/// What a resolver says, some time.
private final class ResolverAnswer: Sendable {
    private let result = Mutex<Result<[SocketAddress], ResolutionError>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func give(_ answer: Result<[SocketAddress], ResolutionError>) {
        result.withLock { $0 = answer }
        isThere.signal()
    }

    func take(until deadline: DispatchTime) -> Result<[SocketAddress], ResolutionError>? {
        _ = isThere.wait(timeout: deadline)
        return result.withLock { $0 }
    }
}

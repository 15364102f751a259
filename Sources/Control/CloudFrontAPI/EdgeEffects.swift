import Caching
import CloudFront
import Dispatch
import Edge
import Reactor
import Synchronization

/// What the control API does to a running edge.
struct EdgeEffects: DistributionEffects {
    let store: Store
    /// Told of what is in force, for who records.
    let noting: @Sendable (_ items: [String], _ isSoft: Bool) -> Void
    /// What is in force.
    let settings: @Sendable () -> Settings?
    /// Puts a distribution in force on all loops, or throws and leaves what is.
    let updating: @Sendable (Distribution) throws -> Void

    /// How long a count may read; less than an admin connection may take.
    private static let countingTime = Duration.seconds(5)

    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64? {
        var rules = rules(for: targets)
        for index in rules.indices { rules[index].isSoft = isSoft }
        if rules.isEmpty {
            noteKept(targets, isSoft)
            return nil
        }
        let (number, isKept) = store.invalidateDurably(rules)
        guard isKept else {
            throw .serviceUnavailable(
                "The invalidation is in effect but not on disk; the log says why. Try again.")
        }
        noteKept(targets, isSoft)
        return number
    }

    /// For who records: one that failed is asked for again.
    private func noteKept(_ targets: [InvalidationPath], _ isSoft: Bool) {
        noting(targets.map(\.text), isSoft)
    }

    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount {
        let rules = rules(for: targets)
        guard let count = store.count(rules, within: Self.countingTime) else {
            throw .serviceUnavailable("The store cannot be read.")
        }
        return count
    }

    func advice(on target: InvalidationPath) -> String? { settings()?.advice(on: target) }

    private func rules(for targets: [InvalidationPath]) -> [InvalidationRule] {
        let settings = settings() ?? Settings()
        return targets.flatMap { settings.rules(for: $0) }
    }

    func update(_ distribution: Distribution) throws { try updating(distribution) }
}

extension Store {
    /// Puts rules in force and waits for the disk, 30 seconds at most: clients try again after a
    /// server's error. Never to be used on a loop.
    ///
    /// - Returns: their number, and whether they are on disk; in force they are in any case.
    @discardableResult
    func invalidateDurably(_ rules: [InvalidationRule]) -> (number: UInt64, isKept: Bool) {
        let done = DispatchSemaphore(value: 0)
        let isKept = Atomic<Bool>(false)
        let (number, _) = invalidate(rules) { isDurable in
            isKept.store(isDurable, ordering: .releasing)
            done.signal()
        }
        let isInTime = done.wait(timeout: .now() + .seconds(30)) == .success
        return (number, isInTime && isKept.load(ordering: .acquiring))
    }
}

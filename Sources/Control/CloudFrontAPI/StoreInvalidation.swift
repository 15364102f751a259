import Caching
import CloudFront
import Dispatch
import Edge
import Synchronization

/// What the control API does to an edge that is configured by its own file.
struct StoreInvalidation: DistributionEffects {
    let store: Store

    /// How long the disk may take; clients try again after a server's error.
    private static let patience = DispatchTimeInterval.seconds(30)

    func check(_ items: [String]) throws(APIFault) { _ = try paths(items) }

    func invalidate(_ items: [String]) throws(APIFault) {
        let rules = try paths(items).compactMap(InvalidationRule.init)
        if rules.isEmpty { return }
        let done = DispatchSemaphore(value: 0)
        let isKept = Atomic<Bool>(false)
        store.invalidate(rules) { isDurable in
            isKept.store(isDurable, ordering: .releasing)
            done.signal()
        }
        guard done.wait(timeout: .now() + Self.patience) == .success,
            isKept.load(ordering: .acquiring)
        else {
            throw .serviceUnavailable(
                "The invalidation is in effect but not on disk; free space there and try again.")
        }
    }

    func swap(to config: ConfigNode) throws(APIFault) {
        throw APIFault(
            "IllegalUpdate", 400,
            "This edge is configured by its own file; change that, and reload it.")
    }

    private func paths(_ items: [String]) throws(APIFault) -> [InvalidationPath] {
        var paths: [InvalidationPath] = []
        for item in items {
            do throws(APIError) {
                paths.append(try InvalidationPath(item))
            } catch {
                throw APIFault(error)
            }
        }
        return paths
    }
}

extension InvalidationRule {
    /// On any host. A tag matches nothing where no field is named that origins tag by: nil.
    init?(_ path: InvalidationPath) {
        switch path {
        case .exact(let bytes): self.init(.target, bytes)
        case .prefix(let bytes): self.init(.prefix, bytes)
        case .tag: return nil
        }
    }
}

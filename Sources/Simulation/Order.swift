import Synchronization

/// An invalidation that was asked for, and what must hold from then on.
struct Order {
    /// As the control API takes it: `/k1`, `/k*`, `/*`, `#K1`.
    let item: String
    let isSoft: Bool
    /// When it was put in force.
    let given: UInt64
    let receipt: Receipt

    /// By the letter of CloudFront, "Specify files to invalidate": a star at the end stands for
    /// whatever follows. Each resource is tagged with its name, and all with one tag more.
    func concerns(_ target: String) -> Bool {
        if item.hasPrefix("#") {
            let tag = item.dropFirst().lowercased()
            return tag == Resource.commonTag || target.prefix { $0 != "?" } == "/" + tag
        }
        return item.hasSuffix("*") ? target.hasPrefix(item.dropLast()) : target == item
    }
}

/// The acknowledgement of an invalidation: it is on disk. Signed from any thread.
final class Receipt: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSigned: Bool { flag.load(ordering: .acquiring) }
    func sign() { flag.store(true, ordering: .releasing) }
}

import Synchronization

/// An invalidation that was asked for, and what must hold from then on.
struct Order {
    /// As the control API takes it: `/k1`, `/k*`, `/*`.
    let item: String
    let isSoft: Bool
    /// When it was put in force.
    let given: UInt64
    let receipt: Receipt

    /// By the letter of CloudFront, "Specify files to invalidate": a star at the end stands for
    /// whatever follows.
    func concerns(_ target: String) -> Bool {
        item.hasSuffix("*") ? target.hasPrefix(item.dropLast()) : target == item
    }
}

/// The acknowledgement of an invalidation: it is on disk. Signed from any thread.
final class Receipt: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSigned: Bool { flag.load(ordering: .acquiring) }
    func sign() { flag.store(true, ordering: .releasing) }
}

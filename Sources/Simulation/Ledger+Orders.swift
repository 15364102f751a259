// What invalidations promise: what was fetched before one of them is not served to who asks after
// it; a soft one ends its lifetime.
extension Ledger {
    /// From now on it is in force, for good once it is acknowledged.
    func ordered(_ order: Order) {
        world.note("invalidates \(order.item)\(order.isSoft ? " softly" : "")", 11)
        orders.append(order)
    }

    /// The power was cut: of what nobody was told that it is kept, nothing need be left.
    func forgetUnsigned() { orders.removeAll { !$0.receipt.isSigned } }

    /// Whether something was asked for since that names a target.
    func hasOrder(for target: String, since time: UInt64) -> Bool {
        orders.contains { $0.given >= time && $0.concerns(target) }
    }

    /// What the origin had made before an invalidation must not answer who asked after it.
    func judgeOrders(_ response: SentResponse, _ ask: Ask, _ place: String) {
        for order in orders
        where response.madeAt < order.given && order.given < ask.sentAt
            && order.concerns(response.target)
        {
            if order.isSoft, mayBeStale(response, ask) { continue }
            violate(
                "\(place) was made before \(order.isSoft ? "the soft " : "")"
                    + "\(order.item) and asked for after it")
            return
        }
    }

    /// Whether a response may be served although its lifetime has ended: within the time that it
    /// gives to who revalidates it, or when the origin has failed, or to who takes it.
    private func mayBeStale(_ response: SentResponse, _ ask: Ask) -> Bool {
        if mayFail || ask.takesStale { return true }
        guard let resource = response.resource else { return false }
        let wish = Wish(resource.cacheControl)
        let window = max(wish.staleWhileRevalidate ?? 0, staleWhileRevalidate)
        guard window > 0, let lifetime = lifetime(of: response) else { return window > 0 }
        return seconds(from: response.madeAt, to: ask.sentAt) <= lifetime + window + slack
    }
}

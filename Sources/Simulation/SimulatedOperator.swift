import Caching
import CloudFront

/// Asks for invalidations the way the control API does: an item becomes a rule, the rule is in
/// force, goes to the durable log, and is acknowledged then.
final class SimulatedOperator {
    private let world: World
    private let ledger: Ledger
    private let sabotage: Sabotage?
    private let items: [String]
    /// What origins tag by; none where no distribution says which field that is in.
    private let tags: [String]

    init(_ world: World, _ ledger: Ledger, _ resources: [Resource], _ sabotage: Sabotage?) {
        self.world = world
        self.ledger = ledger
        self.sabotage = sabotage
        // Of a distribution some keys have a query, which an exact item has to name.
        let queries = ledger.distribution == nil ? [""] : ["", "?a=1", "?a=2"]
        // In other letters than the origins': tags count without case.
        tags = ledger.distribution == nil ? [] : resources.map { "#" + $0.name.uppercased() }
        items = resources.flatMap { resource in queries.map { resource.target + $0 } }
    }

    /// One invalidation, of one target, of what begins alike, of what has a tag, or of everything.
    func invalidate(_ store: (InvalidationRule, Receipt) -> Void) {
        let target = world.dice.pick(items)
        var choice = [target, target, target + "*", "/k*", "/w*", "/*"]
        if !tags.isEmpty { choice += [world.dice.pick(tags), "#\(Resource.commonTag)"] }
        let item = world.dice.pick(choice)
        let isSoft = world.dice.chance(40)
        guard let path = try? InvalidationPath(item),
            var rule = InvalidationRule(path, tagField: Array(Resource.tagField.utf8))
        else {
            ledger.violate("\(item) is not taken for an invalidation")
            return
        }
        rule.isSoft = isSoft
        let receipt = Receipt()
        ledger.ordered(
            Order(item: item, isSoft: isSoft, given: world.now, receipt: receipt))
        switch sabotage {
        case .forgetsOrders: return
        case .forgetsSoftOrders where isSoft: return
        case .forgetsTags where item.hasPrefix("#"): return
        case .acknowledgesEarly: receipt.sign()
        default: break
        }
        store(rule, receipt)
    }
}

package import Caching
package import CloudFront
import Tiles

extension Settings {
    /// The rules that an item of an invalidation comes to. Maps are stored by their normal form,
    /// whatever they were asked for as: so what is named by a path of another spelling is named by
    /// that, too.
    package func rules(for item: InvalidationPath) -> [InvalidationRule] {
        let bare = item.withoutEmptyQuery
        var named = settled(bare).compactMap { InvalidationRule($0, tagField: tagField) }
        // By the RFC's book keys tell the two apart.
        if mode == .rfc9111, bare != item, case .exact(let bytes) = item {
            named = [InvalidationRule(.target, bytes)]
        }
        var services: [MapServices] = []
        // What was stored before the pool's layers were known has the key that it had then.
        let all = behaviors.compactMap(\.maps).flatMap { [$0, $0.configured ?? $0] }
        for maps in all where !services.contains(where: { $0 === maps }) { services.append(maps) }
        var rules = named
        for (rule, maps) in named.flatMap({ rule in services.map { (rule, $0) } }) {
            let others: [InvalidationRule]
            switch rule.reach {
            case .everything, .tag, .scope: others = []
            case .target:
                let key = TileRequest.key(of: rule.bytes, services: maps)
                others = key.map { [InvalidationRule(.target, $0)] } ?? []
            case .prefix:
                others = maps.canonicalPrefixes(of: rule.bytes).map {
                    InvalidationRule(.prefix, $0)
                }
            }
            for other in others where !rules.contains(other) { rules.append(other) }
        }
        return rules
    }
}

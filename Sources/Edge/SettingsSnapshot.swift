package import Caching
import Glibc
import Reactor

/// One configuration in force: immutable, shared by all loops, replaced whole by a reload.
package final class SettingsSnapshot: Sendable {
    let settings: Settings
    let layerSources: [LayerSource]
    package let pools: [OriginPool]
    let hot: HotTable
    /// Which pools fail, whatever configuration is in force.
    let outages: OutageBoard
    let notices: NoticeBook
    /// How often viewers may ask; nil: as often as they like.
    private let rates: ViewerRates?
    /// Who may sign requests, by behavior; nil where nobody needs to.
    let signers: [Signers?]
    /// For connections accepted from now on.
    let viewerTLS: TLSContext?

    /// The origin of a behavior's requests; where it matches the viewer's protocol, the one that
    /// speaks it.
    func originIndex(_ behavior: Int, usesTLS: Bool) -> Int {
        let plain = hot[behavior].origin
        return usesTLS ? settings.behaviors[behavior].imported?.secureOrigin ?? plain : plain
    }

    /// Pools whose origin did not change are taken over from `previous`, health and all; their next
    /// connections use the new certificates. So is what viewers have left of their rates.
    ///
    /// - Parameter seed: a secret of this process.
    package init(
        _ settings: Settings, previous: SettingsSnapshot?, _ contexts: TLSContexts = TLSContexts(),
        seed: UInt64 = 0
    ) {
        self.settings = settings
        layerSources = settings.layerSources
        let outages = previous?.outages ?? OutageBoard()
        self.outages = outages
        pools = settings.origins.map { origin in
            let former = previous?.pools.filter { $0.settings.id == origin.id } ?? []
            return former.first { $0.settings.isSame(as: origin) }
                ?? OriginPool(
                    origin, outages, former.first?.outage ?? PoolOutage(), after: former.first)
        }
        for pool in pools {
            pool.judgesOutages(
                begins: settings.fallbacks.outageBegins, ends: settings.fallbacks.outageEnds)
        }
        outages.keep(
            Dictionary(pools.map { ($0.settings.id, ObjectIdentifier($0)) }) { first, _ in first })
        notices = NoticeBook(settings)
        viewerTLS = contexts.viewers
        for (pool, context) in zip(pools, contexts.origins) { pool.tls = context }
        signers = settings.behaviors.map { behavior in
            settings.distribution.flatMap { Signers(behavior, $0) }
        }
        rates =
            settings.viewerRates.isOn
            ? ViewerRates(settings.viewerRates, seed: seed, previous: previous?.rates?.table) : nil
        hot = HotTable(settings, rates: rates)
    }

    deinit { hot.deallocate() }

    /// Certificates and trust as they are in force.
    package var contexts: TLSContexts {
        var contexts = TLSContexts()
        contexts.viewers = viewerTLS
        contexts.origins = pools.map(\.tls)
        return contexts
    }

    /// Pools that are new take the place of those of the same name. To be called once, before the
    /// loops hear of this snapshot.
    ///
    /// - Returns: places for fetches that waited in an old pool.
    package func succeed(
        _ previous: SettingsSnapshot, at now: Milliseconds
    ) -> [(place: HandedPlace, pool: OriginPool)] {
        pools.flatMap { pool -> [(place: HandedPlace, pool: OriginPool)] in
            let old = previous.pools.first { $0.settings.id == pool.settings.id }
            guard let old, !previous.pools.contains(where: { $0 === pool }) else { return [] }
            return pool.succeed(old, at: now).map { ($0, pool) }
        }
    }
}

extension OriginSettings {
    /// Same members and same treatment, so that what was learned of their health still holds.
    fileprivate func isSame(as other: OriginSettings) -> Bool {
        String(describing: self) == String(describing: other)
    }
}

public import Caching
import Reactor
public import Tiles

/// Where an origin's layers are read from.
public struct LayerSettings: Sendable, Hashable {
    /// Paths of its WMS services as viewers see them, such as `/geoserver/wms`, whose capabilities
    /// are read without credentials: what nobody may see is told to nobody.
    public var services: [String]
    /// Paths of its WMTS, such as `/geoserver/gwc/service/wmts`, whose tile matrix sets are grid
    /// sets.
    public var tileServices: [String] = []
    /// Milliseconds between two readings. Default 5 min.
    public var interval = 300_000
    /// Milliseconds that one document may take. Default 30 s.
    public var timeout = 30_000

    public init(services: [String]) { self.services = services }
}

/// An origin whose layers are read, and its map services.
public struct LayerSource: Sendable {
    public var origin: String
    public var settings: LayerSettings
    /// As they were configured.
    public var configured: MapServices
    /// As they are in force.
    public var maps: MapServices
}

// What is known of layers reaches the loops with the configuration's snapshot: whoever began with
// one makes key and question by the same.
extension Server {
    /// Origins whose layers are to be read, of those that a behavior has maps of. Asked for many
    /// times a second: one retain.
    public var layerSources: [LayerSource] { snapshot.layerSources }

    /// Puts map services in force for the behaviors whose own were made of the same ones.
    ///
    /// A reload that came in between has others, and nothing happens.
    public func putInForce(_ maps: MapServices) {
        amend { settings in
            var isAny = false
            for index in settings.behaviors.indices {
                guard let former = settings.behaviors[index].maps,
                    (former.configured ?? former) === (maps.configured ?? maps)
                else { continue }
                settings.behaviors[index].maps = maps
                isAny = true
            }
            if isAny {
                settings.readPoolSets()
                settings.writes.mayBeGroups = settings.possibleGroups
            }
            return isAny
        }
        // What is invalidated from now on finds tiles of these grid sets by where they lie.
        shared.store?.invalidations.reading = snapshot.settings.writes.reading
    }

    /// The map services below a path such as `/geoserver`; below `/gwc/rest` alone the only ones.
    /// nil where no behavior has maps there.
    public func mapServices(below context: String) -> MapServices? {
        let all = snapshot.settings.behaviors.compactMap(\.maps)
        if let found = all.first(where: { $0.contextPaths.contains(context) }) { return found }
        guard context.isEmpty, let first = all.first, all.allSatisfy({ $0 === first }) else {
            return nil
        }
        return first
    }

    /// By what writes are read.
    public var writeContext: WriteContext { snapshot.settings.writes.context }

    /// How many writes have passed that may have changed which style of a layer is its default one,
    /// and whether the last of them is done.
    public var styleChanges: (number: UInt64, isSettled: Bool) {
        shared.catalogue.styleChanges(at: monotonicMilliseconds())
    }

    /// Members that may be asked what layers an origin has: those that are fit, since one that has
    /// just started lists less than there is, and in step with its catalog, as far as it has one.
    public func layerTargets(of origin: String) -> [MemberTarget] {
        guard let pool = snapshot.pools.first(where: { $0.settings.id == origin }) else {
            return []
        }
        let fit = pool.standing(at: monotonicMilliseconds()).fit
        let stepless = pool.cluster?.stepless ?? []
        return pool.settings.members.enumerated().filter { index, member in
            fit >> UInt64(index) & 1 == 1 && !stepless.contains(member.name)
        }.map { _, member in
            MemberTarget(
                origin: pool.settings, member: member, tls: pool.tls, authorization: nil,
                timeout: pool.settings.layers?.timeout ?? pool.settings.firstByteTimeout)
        }
    }
}

extension Settings {
    /// Has keys of tiles in the pools' grid sets read by them.
    fileprivate mutating func readPoolSets() {
        var maps: [MapServices] = []
        for behavior in behaviors {
            if let own = behavior.maps, !maps.contains(where: { $0 === own }) { maps.append(own) }
        }
        writes.reading.services = writes.reading.services.knowing(
            [], documents: nil, poolSets: maps.flatMap(\.poolSets))
        writes.context.gridSets = writes.reading.services.gridSets
    }

    /// What may be a group by what the pools' capabilities say; nil: not all of them were read.
    fileprivate var possibleGroups: [LayerName]? {
        var names: [LayerName] = []
        for behavior in behaviors {
            guard let maps = behavior.maps, let layers = origins[behavior.origin].layers,
                !layers.services.isEmpty
            else { continue }
            guard let facts = maps.facts else { return nil }
            for fact in facts where fact.description?.mayBeGroup ?? true {
                let name = LayerName(fact.name)
                if !names.contains(name) { names.append(name) }
            }
        }
        return names
    }

    /// Origins whose layers are to be read, of those that a behavior has maps of.
    var layerSources: [LayerSource] {
        var sources: [LayerSource] = []
        for behavior in behaviors {
            let origin = origins[behavior.origin]
            guard let maps = behavior.maps, let layers = origin.layers,
                !sources.contains(where: { $0.origin == origin.id })
            else { continue }
            sources.append(
                LayerSource(
                    origin: origin.id, settings: layers, configured: maps.configured ?? maps,
                    maps: maps))
        }
        return sources
    }
}

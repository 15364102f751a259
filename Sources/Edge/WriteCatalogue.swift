public import Caching
public import Reactor
import Synchronization

/// What the servers' own catalogue says of how far a write reaches, as it was read last.
public struct WriteCatalogue: Sendable, Equatable {
    /// The workspace that a namespace URI belongs to.
    public var workspaces: [String: String] = [:]
    /// Groups with their members.
    public var groups: [LayerName: [LayerName]] = [:]

    public init() {}
}

/// Where that catalogue is read.
public struct CatalogueSettings: Sendable, Equatable {
    /// The origin whose members have it.
    public var origin: String
    /// The path of GeoServer's REST interface there.
    public var restPath = "/geoserver/rest"
    /// The value of an Authorization field; nil: none.
    public var authorization: String?
    /// Milliseconds between two readings. Default 5 min.
    public var interval = 300_000
    /// Milliseconds that one document may take. Default 10 s.
    public var timeout = 10_000

    public init(origin: String) { self.origin = origin }
}

/// The catalogue for all loops: looked at when a write passes, and at no other time.
final class CatalogueBoard: Sendable {
    private let known = Mutex<WriteCatalogue?>(nil)
    private let mayHaveChanged = Atomic<Bool>(false)

    /// nil: it was not read yet.
    var catalogue: WriteCatalogue? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }

    /// A write that passed may have changed it.
    func noteChange() { mayHaveChanged.store(true, ordering: .relaxed) }

    func takeChange() -> Bool { mayHaveChanged.exchange(false, ordering: .relaxed) }
}

/// A member, and how it is asked for something beside what viewers want of it.
public struct MemberTarget: Sendable {
    public let origin: OriginSettings
    public let member: MemberSettings
    public let tls: TLSContext?
    /// The value of an Authorization field; nil: none.
    public var authorization: String?
    /// Milliseconds for the whole call.
    public var timeout: Int

    public init(
        origin: OriginSettings, member: MemberSettings, tls: TLSContext?, authorization: String?,
        timeout: Int
    ) {
        (self.origin, self.member, self.tls) = (origin, member, tls)
        (self.authorization, self.timeout) = (authorization, timeout)
    }
}

extension Server {
    /// Where the catalogue is to be read; nil: nowhere.
    public var catalogueSettings: CatalogueSettings? {
        let writes = snapshot.settings.writes
        return writes.isOn ? writes.catalogue : nil
    }

    /// Whether a write that may have changed the catalogue has passed since the last call.
    public func takeCatalogueChange() -> Bool { shared.catalogue.takeChange() }

    /// Writes reach as far as this catalogue says, from the next one on.
    public func putInForce(_ catalogue: WriteCatalogue) { shared.catalogue.catalogue = catalogue }

    /// A scope with all that shows what it names, as far as configuration and catalogue tell.
    public func expanded(_ scope: WriteScope) -> WriteScope {
        snapshot.settings.writes.with(shared.catalogue.catalogue).expanded(scope)
    }

    /// An origin's members, those that are fit first.
    public func targets(of origin: String) -> [MemberTarget] {
        guard let pool = snapshot.pools.first(where: { $0.settings.id == origin }) else {
            return []
        }
        let fit = pool.standing(at: monotonicMilliseconds()).fit
        let members = pool.settings.members.enumerated().sorted { left, right in
            let (first, second) = (fit >> UInt64(left.offset) & 1, fit >> UInt64(right.offset) & 1)
            return first == second ? left.offset < right.offset : first > second
        }
        return members.map {
            MemberTarget(
                origin: pool.settings, member: $0.element, tls: pool.tls, authorization: nil,
                timeout: pool.settings.firstByteTimeout)
        }
    }
}

extension WriteSettings {
    /// The same with what the catalogue knows beside the configuration, which has the last word.
    ///
    /// - Parameter catalogue: nil: it was not read yet.
    func with(_ catalogue: WriteCatalogue?) -> WriteSettings {
        var settings = self
        guard let catalogue else {
            settings.awaitsCatalogue = self.catalogue != nil
            return settings
        }
        settings.context.workspaces.merge(catalogue.workspaces) { own, _ in own }
        settings.groups.merge(catalogue.groups) { own, _ in own }
        return settings
    }
}

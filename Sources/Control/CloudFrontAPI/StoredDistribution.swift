public import CloudFront
public import Edge
import Glibc
public import Reactor
import Synchronization

/// What a change through the control API does to the rest of the edge.
public protocol DistributionEffects: Sendable {
    /// Returns when it is durable and in effect on all loops.
    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64?
    /// How much is stored of what is named.
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount
    /// Why an item clears less than it seems to say; nil: nothing stands out.
    func advice(on target: InvalidationPath) -> String?
    /// Puts it in force on all loops, with the connections that are open, or leaves there what is.
    ///
    /// - Throws: an ``APIError``, which is answered as it is; anything else is told as an
    ///   InvalidArgument, since the client's document is what cannot be had here.
    func update(_ distribution: Distribution) throws
}

/// A distribution that remembers, in a directory, what was done to it through the control API.
///
/// An update outlives a restart for as long as the configuration that the edge is started with
/// stays the same; when its author changes that one, it wins, and the update is forgotten. Tags and
/// the list of invalidations stay.
public final class StoredDistribution: DistributionState {
    private struct State {
        var record: DistributionRecord
        var tags: [ResourceTag]
        var policies: [PolicyKind: [PolicyRecord]]
        var signers: [SignerKind: [SignerRecord]]
        /// Policies as behaviors find them.
        var catalog: PolicyCatalog
        /// The version of the configuration that the edge was told by its own operator.
        var base: String

        var isUpdated: Bool { StoredDistribution.base(of: record) != base }
    }

    private let state: Mutex<State>
    /// Held while the edge follows a change, so that no other one is made meanwhile; `state` is
    /// not, so that nobody who only reads waits for a loop or the disk.
    private let changing = Mutex(())
    private let history: InvalidationHistory
    private let effects: any DistributionEffects
    private let path: String
    /// An update that the directory remembers is of no account: what the edge was started with is
    /// another configuration than the one that was updated.
    let hasForgottenUpdate: Bool

    /// Reads what the directory, which must exist, remembers. ``distribution`` then says which
    /// configuration is to be in force: ``resume(else:putInForce:)`` has the caller put it there.
    ///
    /// - Parameters:
    ///   - given: what the edge was started with.
    ///   - policies: as the API tells them, and `catalog` the same as behaviors find them.
    /// - Throws: if the directory cannot be read or written. A file that makes no sense is as good
    ///   as none.
    public init(
        _ given: DistributionRecord, policies: [PolicyKind: [PolicyRecord]],
        catalog: PolicyCatalog = PolicyCatalog(),
        signers: [SignerKind: [SignerRecord]] = [:], directory: String,
        effects: some DistributionEffects
    ) throws(SystemError) {
        path = directory + "/distribution.xml"
        history = try InvalidationHistory(path: directory + "/invalidations.log")
        self.effects = effects
        var state = State(
            record: given, tags: [], policies: policies, signers: signers, catalog: catalog,
            base: Self.base(of: given))
        var hasForgotten = false
        if let node = try Self.read(path) {
            state.tags = (node["Tags"]?["Items"]?.list ?? []).map {
                ResourceTag(key: $0.text("Key") ?? "", value: $0.text("Value") ?? "")
            }
            if node.text("Base") == state.base, let config = node["DistributionConfig"],
                let modified = node.text("LastModified").flatMap({ Int64($0) })
            {
                state.record.config = config
                // What was not updated is as old as its export says, if it does.
                if state.isUpdated || given.lastModified == 0 {
                    state.record.lastModified = modified
                }
            }
            if let base = node.text("Base"), base != state.base,
                let config = node["DistributionConfig"]
            {
                var old = given
                old.config = config
                hasForgotten = ![base, state.base].contains(Self.base(of: old))
            }
        }
        hasForgottenUpdate = hasForgotten
        self.state = Mutex(state)
    }

    public var distribution: DistributionRecord { state.withLock { $0.record } }
    public func policies(_ kind: PolicyKind) -> [PolicyRecord] {
        state.withLock { $0.policies[kind] ?? [] }
    }
    public func signers(_ kind: SignerKind) -> [SignerRecord] {
        state.withLock { $0.signers[kind] ?? [] }
    }
    public var invalidations: [InvalidationRecord] { history.records }
    /// See ``InvalidationHistory/pathsOfMonth(_:)``.
    func pathsOfMonth(_ now: Int64) -> Int { history.pathsOfMonth(now) }
    public var tags: [ResourceTag] { state.withLock { $0.tags } }

    public func invalidate(
        _ targets: [InvalidationPath], isSoft: Bool
    ) throws(APIError) -> UInt64? {
        try effects.invalidate(targets, isSoft: isSoft)
    }
    public func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount {
        try effects.count(targets)
    }
    public func advice(on target: InvalidationPath) -> String? { effects.advice(on: target) }

    public func record(_ invalidation: InvalidationRecord) throws(APIError) {
        do throws(SystemError) {
            try history.append(invalidation)
        } catch {
            throw .serviceUnavailable("The invalidation is in effect but not listed: \(error).")
        }
    }

    public func apply(_ config: ConfigNode, now: Int64) throws(APIError) {
        try changing.withLock { _ throws(APIError) in
            let old = state.withLock { $0 }
            var changed = old
            changed.record.config = config
            changed.record.lastModified = now
            try put(config, old.catalog, isExport: false)
            do throws(APIError) {
                try save(changed)
            } catch {
                // It was in force a moment ago, so that it can be again.
                try? put(old.record.config, old.catalog, isExport: !old.isUpdated)
                throw error
            }
            state.withLock { $0 = changed }
        }
    }

    /// Judges a DistributionConfig as CloudFront does, and then lets it take effect.
    private func put(
        _ config: ConfigNode, _ catalog: PolicyCatalog, isExport: Bool
    ) throws(APIError) {
        let reading = Distribution.read(config, catalog, isExport: isExport)
        guard let distribution = reading.value else {
            throw APIError(reading.findings)
                ?? .invalidArgument("The distribution is not valid.")
        }
        do {
            try effects.update(distribution)
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalidArgument("\(error)")
        }
    }

    /// At the start: has an update that is remembered put in force.
    ///
    /// - Parameters:
    ///   - given: told in place of the update if that cannot be; the update stays on disk, for a
    ///     start that can.
    ///   - putInForce: makes the rest of the edge follow.
    func resume(
        else given: DistributionRecord, putInForce: (ConfigNode) throws(APIError) -> Void
    ) throws(APIError) {
        try changing.withLock { _ throws(APIError) in
            let old = state.withLock { $0 }
            // Told once: it is not remembered from here on.
            if hasForgottenUpdate { try? save(old) }
            guard old.isUpdated else { return }
            do throws(APIError) {
                try putInForce(old.record.config)
            } catch {
                state.withLock { $0.record = given }
                throw error
            }
        }
    }

    /// Takes what a reload gave, unless that is what it was before: then an update stays.
    ///
    /// - Parameters:
    ///   - now: in milliseconds since 1970; when it comes into force.
    ///   - putInForce: makes the rest of the edge follow; gets the update's configuration where it
    ///     is to stay in force, else nil. What it throws leaves everything as it was.
    /// - Returns: whether an update is given up for what the reload gave.
    @discardableResult
    func renew(
        _ given: DistributionRecord, policies: [PolicyKind: [PolicyRecord]],
        catalog: PolicyCatalog, signers: [SignerKind: [SignerRecord]] = [:], now: Int64,
        putInForce: (ConfigNode?) throws -> Void
    ) throws -> Bool {
        try changing.withLock { _ in
            let old = state.withLock { $0 }
            var changed = old
            (changed.policies, changed.catalog, changed.signers) = (policies, catalog, signers)
            changed.base = Self.base(of: given)
            let isSame = changed.base == old.base && given.id == old.record.id
            try putInForce(isSame && old.isUpdated ? old.record.config : nil)
            changed.record.arnPlace = given.arnPlace
            if isSame, !old.isUpdated, given.lastModified > 0 {
                changed.record.lastModified = given.lastModified
            }
            if !isSame {
                changed.record = given
                if given.lastModified == 0 { changed.record.lastModified = now }
                // What cannot be stored is what the edge is told again when it starts anew.
                try? save(changed)
            }
            state.withLock { $0 = changed }
            // Who has written the update into the file loses nothing.
            return !isSame && old.isUpdated && changed.base != Self.base(of: old.record)
        }
    }

    /// Does something while nothing else changes what the edge follows.
    func alone(_ body: () -> Void) { changing.withLock { _ in body() } }

    private static func base(of given: DistributionRecord) -> String {
        versionText(APIDocument(root: "DistributionConfig", given.config), 0)
    }

    public func replaceTags(_ tags: [ResourceTag]) throws(APIError) {
        try changing.withLock { _ throws(APIError) in
            var changed = state.withLock { $0 }
            changed.tags = tags
            try save(changed)
            state.withLock { $0.tags = tags }
        }
    }

    private func save(_ state: State) throws(APIError) {
        let tags = state.tags.map { tag in
            ConfigNode.map(["Key": .text(tag.key), "Value": .text(tag.value)])
        }
        let document = APIDocument(
            root: "StoredDistribution",
            .map([
                "Base": .text(state.base), "LastModified": .text(state.record.lastModified),
                "Tags": .map(["Items": ConfigNode(.list(tags))]),
                "DistributionConfig": state.record.config,
            ]))
        do throws(SystemError) {
            close(try replaceFile(path, by: Array(document.xml.utf8)))
        } catch {
            throw .serviceUnavailable("The change could not be stored: \(error).")
        }
    }

    private static func read(_ path: String) throws(SystemError) -> ConfigNode? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw lastError("open", path)
        }
        defer { close(descriptor) }
        let bytes = try readAll(descriptor, path)
        let document = unsafe try? APIDocument(
            parsing: bytes.span.bytes, limits: APIDocument.limits)
        return document?.root == "StoredDistribution" ? document?.node : nil
    }
}

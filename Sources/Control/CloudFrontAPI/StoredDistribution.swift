public import CloudFront
public import Edge
import Glibc
public import Reactor
import Synchronization

/// What a change through the control API does to the rest of the edge.
public protocol DistributionEffects: Sendable {
    /// Returns when it is durable and in effect on all loops.
    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError)
    /// How much is stored of what is named.
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount
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
        /// The version of the configuration that the edge was told by its own operator.
        var base: String
    }

    private let state: Mutex<State>
    private let history: InvalidationHistory
    private let policyLists: [PolicyKind: [PolicyRecord]]
    private let catalog: PolicyCatalog
    private let effects: any DistributionEffects
    private let path: String

    /// Reads what the directory, which must exist, remembers. ``distribution`` then says which
    /// configuration is to be in force: the caller puts it there.
    ///
    /// - Parameters:
    ///   - given: what the edge was started with.
    ///   - policies: as the API tells them, and `catalog` the same as behaviors find them.
    /// - Throws: if the directory cannot be read or written. A file that makes no sense is as good
    ///   as none.
    public init(
        _ given: DistributionRecord, policies: [PolicyKind: [PolicyRecord]],
        catalog: PolicyCatalog = PolicyCatalog(), directory: String,
        effects: some DistributionEffects
    ) throws(SystemError) {
        path = directory + "/distribution.xml"
        history = try InvalidationHistory(path: directory + "/invalidations.log")
        policyLists = policies
        self.catalog = catalog
        self.effects = effects
        var state = State(record: given, tags: [], base: Self.base(of: given))
        if let node = try Self.read(path) {
            state.tags = (node["Tags"]?["Items"]?.list ?? []).map {
                ResourceTag(key: $0.text("Key") ?? "", value: $0.text("Value") ?? "")
            }
            if node.text("Base") == state.base, let config = node["DistributionConfig"],
                let modified = node.text("LastModified").flatMap({ Int64($0) })
            {
                state.record.config = config
                state.record.lastModified = modified
            }
        }
        self.state = Mutex(state)
    }

    public var distribution: DistributionRecord { state.withLock { $0.record } }
    public func policies(_ kind: PolicyKind) -> [PolicyRecord] { policyLists[kind] ?? [] }
    public var invalidations: [InvalidationRecord] { history.records }
    public var tags: [ResourceTag] { state.withLock { $0.tags } }

    public func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) {
        try effects.invalidate(targets, isSoft: isSoft)
    }
    public func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount {
        try effects.count(targets)
    }

    public func record(_ invalidation: InvalidationRecord) throws(APIError) {
        do throws(SystemError) {
            try history.append(invalidation)
        } catch {
            throw .serviceUnavailable("The invalidation is in effect but not listed: \(error).")
        }
    }

    public func apply(_ config: ConfigNode, now: Int64) throws(APIError) {
        try state.withLock { state throws(APIError) in
            var changed = state
            changed.record.config = config
            changed.record.lastModified = now
            try put(config)
            do throws(APIError) {
                try save(changed)
            } catch {
                // It was in force a moment ago, so that it can be again.
                try? put(state.record.config)
                throw error
            }
            state = changed
        }
    }

    /// Takes over a configuration that its operator changed while the edge runs, and has put in
    /// force already. An update is put in force again where that one is as it was before.
    ///
    /// - Parameter now: in milliseconds since 1970; when it came into force.
    public func rebase(on given: DistributionRecord, now: Int64) {
        state.withLock { state in
            let base = Self.base(of: given)
            if base == state.base {
                if Self.base(of: state.record) == base { return }
                if (try? put(state.record.config)) != nil { return }
            }
            state.record = given
            state.record.lastModified = now
            state.base = base
            // What cannot be stored is what the edge is told again when it starts anew.
            try? save(state)
        }
    }

    private static func base(of given: DistributionRecord) -> String {
        versionText(APIDocument(root: "DistributionConfig", given.config), 0)
    }

    /// Judges a DistributionConfig as CloudFront does, and then lets it take effect.
    private func put(_ config: ConfigNode) throws(APIError) {
        let reading = DistributionConfig.read(config)
        let resolved = reading.value.map { Distribution.resolve($0, catalog) }
        guard let distribution = resolved?.value else {
            let findings = reading.findings + (resolved?.findings ?? [])
            throw APIError(findings) ?? .invalidArgument("The distribution is not valid.")
        }
        do {
            try effects.update(distribution)
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalidArgument("\(error)")
        }
    }

    public func replaceTags(_ tags: [ResourceTag]) throws(APIError) {
        try state.withLock { state throws(APIError) in
            var changed = state
            changed.tags = tags
            try save(changed)
            state = changed
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
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw lastError("open", path)
        }
        defer { close(descriptor) }
        let bytes = try readAll(descriptor, path)
        let document = try? APIDocument(parsing: bytes.span.bytes, limits: APIDocument.limits)
        return document?.root == "StoredDistribution" ? document?.node : nil
    }
}

public import CloudFront
import Glibc
public import Reactor
import Synchronization

/// What a change through the control API does to the rest of the edge.
public protocol DistributionEffects: Sendable {
    /// Judges what an invalidation is to name; see ``DistributionState/check(_:)``.
    func check(_ items: [String]) throws(APIFault)
    /// Returns when it is durable and in effect on all loops.
    func invalidate(_ items: [String]) throws(APIFault)
    /// Judges a DistributionConfig and puts it in force on all loops, or leaves the old one there.
    func swap(to config: ConfigNode) throws(APIFault)
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
        /// The version of the configuration that the edge was started with.
        var base: String
    }

    private let state: Mutex<State>
    private let history: InvalidationHistory
    private let effects: any DistributionEffects
    private let path: String

    /// Reads what the directory, which must exist, remembers. ``distribution`` then says which
    /// configuration is to be in force: the caller puts it there.
    ///
    /// - Parameter given: what the edge was started with.
    /// - Throws: if the directory cannot be read or written. A file that makes no sense is as good
    ///   as none.
    public init(
        _ given: DistributionRecord, policies: [PolicyKind: [PolicyRecord]], directory: String,
        effects: some DistributionEffects
    ) throws(SystemError) {
        path = directory + "/distribution.xml"
        let base = Self.base(of: given)
        history = try InvalidationHistory(path: directory + "/invalidations.log")
        self.effects = effects
        var state = State(record: given, tags: [], policies: policies, base: base)
        if let node = try Self.read(path) {
            state.tags = (node["Tags"]?["Items"]?.list ?? []).map {
                ResourceTag(key: $0.text("Key") ?? "", value: $0.text("Value") ?? "")
            }
            if node.text("Base") == base, let config = node["DistributionConfig"],
                let modified = node.text("LastModified").flatMap({ Int64($0) })
            {
                state.record.config = config
                state.record.lastModified = modified
            }
        }
        self.state = Mutex(state)
    }

    public var distribution: DistributionRecord { state.withLock { $0.record } }
    public func policies(_ kind: PolicyKind) -> [PolicyRecord] {
        state.withLock { $0.policies[kind] ?? [] }
    }
    public var invalidations: [InvalidationRecord] { history.records }
    public var tags: [ResourceTag] { state.withLock { $0.tags } }

    public func check(_ items: [String]) throws(APIFault) { try effects.check(items) }
    public func invalidate(_ items: [String]) throws(APIFault) { try effects.invalidate(items) }

    public func record(_ invalidation: InvalidationRecord) throws(APIFault) {
        do throws(SystemError) {
            try history.append(invalidation)
        } catch {
            throw .serviceUnavailable("The invalidation is in effect but not listed: \(error).")
        }
    }

    public func apply(_ config: ConfigNode, now: Int64) throws(APIFault) {
        try state.withLock { state throws(APIFault) in
            var changed = state
            changed.record.config = config
            changed.record.lastModified = now
            try effects.swap(to: config)
            do throws(APIFault) {
                try save(changed)
            } catch {
                // It was in force a moment ago, so that it can be again.
                try? effects.swap(to: state.record.config)
                throw error
            }
            state = changed
        }
    }

    /// Takes what a reload gave, unless that is what it was before: then an update stays.
    ///
    /// No update is judged meanwhile.
    ///
    /// - Parameter putInForce: makes the rest of the edge follow; gets the update's configuration
    ///   where it is to stay in force, else nil. What it throws leaves everything as it was.
    func renew(
        _ given: DistributionRecord, policies: [PolicyKind: [PolicyRecord]],
        putInForce: (ConfigNode?) throws -> Void
    ) throws {
        try state.withLock { state in
            let base = Self.base(of: given)
            let isSame = base == state.base && given.id == state.record.id
            let isUpdated = state.record.lastModified != given.lastModified
            try putInForce(isSame && isUpdated ? state.record.config : nil)
            if !isSame { state.record = given }
            state.policies = policies
            state.base = base
        }
    }

    private static func base(of given: DistributionRecord) -> String {
        versionText(APIDocument(root: "DistributionConfig", given.config), 0)
    }

    public func replaceTags(_ tags: [ResourceTag]) throws(APIFault) {
        try state.withLock { state throws(APIFault) in
            var changed = state
            changed.tags = tags
            try save(changed)
            state = changed
        }
    }

    private func save(_ state: State) throws(APIFault) {
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

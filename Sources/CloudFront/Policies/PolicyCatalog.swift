/// The policies that behaviors may name by id: CloudFront's own, and those that were read.
public struct PolicyCatalog: Sendable {
    public private(set) var cache: [String: CachePolicy] = [:]
    public private(set) var originRequest: [String: OriginRequestPolicy] = [:]
    public private(set) var responseHeaders: [String: ResponseHeadersPolicy] = [:]

    /// The managed ones.
    public init() {
        for policy in ManagedPolicies.cache { cache[policy.id] = policy }
        for policy in ManagedPolicies.originRequest { originRequest[policy.id] = policy }
        for policy in ManagedPolicies.responseHeaders { responseHeaders[policy.id] = policy }
    }

    /// Replaces what had the same id.
    public mutating func add(_ policy: CachePolicy) { cache[policy.id] = policy }
    public mutating func add(_ policy: OriginRequestPolicy) { originRequest[policy.id] = policy }
    public mutating func add(_ policy: ResponseHeadersPolicy) {
        responseHeaders[policy.id] = policy
    }

    /// Reads a policy of whichever kind the document holds and adds it; reports what is wrong.
    ///
    /// A bare configuration has no id of its own and needs `id`, such as its file's name.
    public mutating func add(_ document: ConfigNode, id: String = "") -> [ConfigFinding] {
        let keys = ["CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"]
        let kind = keys.first { document[$0] != nil || document["\($0)Config"] != nil }
        switch kind ?? Self.kind(ofBare: document) {
        case nil:
            let finding = ConfigFinding(
                .error, ConfigPlace(document, ""), "this is no policy, key or key group",
                "remove it, or give the output of get-cache-policy and its like")
            return [finding]
        case "CachePolicy":
            let reading = CachePolicy.read(document)
            return Self.keep(reading, id: id, own: reading.value?.id) {
                add($0)
            } set: {
                $0.id = $1
            }
        case "OriginRequestPolicy":
            let reading = OriginRequestPolicy.read(document)
            return Self.keep(reading, id: id, own: reading.value?.id) {
                add($0)
            } set: {
                $0.id = $1
            }
        default:
            let reading = ResponseHeadersPolicy.read(document)
            return Self.keep(reading, id: id, own: reading.value?.id) {
                add($0)
            } set: {
                $0.id = $1
            }
        }
    }

    /// nil: it is no configuration of a policy, each of which has a name.
    private static func kind(ofBare document: ConfigNode) -> String? {
        if document["MinTTL"] != nil { return "CachePolicy" }
        if document["HeadersConfig"] != nil { return "OriginRequestPolicy" }
        return document["Name"] != nil ? "ResponseHeadersPolicy" : nil
    }

    private static func keep<Policy>(
        _ reading: ConfigReading<Policy>, id: String, own: String?, add: (Policy) -> Void,
        set: (inout Policy, String) -> Void
    ) -> [ConfigFinding] {
        guard var policy = reading.value, let own else { return reading.findings }
        if own.isEmpty { set(&policy, id) }
        guard !(own.isEmpty && id.isEmpty) else {
            let finding = ConfigFinding(
                .error, ConfigPlace(""), "the policy has no id",
                "give the output of get-cache-policy and its like, not of the -config variant")
            return reading.findings + [finding]
        }
        add(policy)
        return reading.findings
    }
}

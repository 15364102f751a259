/// What the API wraps a configuration in: `{"ETag", "Thing": {"Id", ..., "ThingConfig": {...}}}`,
/// `{"ETag", "ThingConfig": {...}}`, `{"Id", ..., "ThingConfig": {...}}`, or nothing.
struct Envelope {
    private(set) var path = ""
    private(set) var etag = ""
    private(set) var id = ""
    private(set) var domainName = ""
    private(set) var arn = ""
    private(set) var lastModifiedTime = ""
    private let document: ConfigNode

    init(_ document: ConfigNode, _ log: FindingLog) {
        self.document = document
        etag = Self.text(document, "ETag")
    }

    /// The configuration inside. `path` then says where it is.
    mutating func open(_ thing: String, config: String, _ log: FindingLog) -> ConfigNode {
        if let inner = document[config] {
            path = config
            // A thing alone, as `--query` leaves it, has what is told of it beside its config.
            readNames(document)
            judge(document, "", [config] + Self.facts, log)
            return inner
        }
        guard let outer = document[thing] else {
            readNames(document)
            return document
        }
        readNames(outer)
        // What `list-…` tells of a policy has its Type, managed or custom, beside it.
        judge(document, "", [thing, "Type"], log)
        judge(outer, "\(thing).", [config] + Self.facts, log)
        guard let inner = outer[config] else {
            log.error(
                ConfigPlace(outer, thing), "\(config) is missing",
                "give the unmodified output of the AWS CLI")
            return outer
        }
        path = "\(thing).\(config)"
        return inner
    }

    /// What the service tells of a thing beside its configuration.
    private static let facts = [
        "Id", "ARN", "Status", "LastModifiedTime", "DomainName", "InProgressInvalidationBatches",
        "ActiveTrustedSigners", "ActiveTrustedKeyGroups", "AliasICPRecordals",
    ]

    /// What stands around the configuration and is none of the service's words.
    private func judge(
        _ node: ConfigNode, _ path: String, _ known: [String], _ log: FindingLog
    ) {
        guard case .map(let members) = node.content else { return }
        // An answer's own, and what libraries add to it.
        let known = known + ["ETag", "Location", "ResponseMetadata"]
        for member in members where !known.contains(member.key) {
            log.notEmulated(
                ConfigPlace(member.value, "\(path)\(member.key)"),
                "\"\(member.key)\" is not known here", "check its spelling; it has no effect")
        }
    }

    private mutating func readNames(_ node: ConfigNode) {
        id = Self.text(node, "Id")
        domainName = Self.text(node, "DomainName")
        arn = Self.text(node, "ARN")
        lastModifiedTime = Self.text(node, "LastModifiedTime")
    }

    private static func text(_ node: ConfigNode, _ key: String) -> String {
        guard case .scalar(let text)? = node[key]?.content else { return "" }
        return text
    }
}

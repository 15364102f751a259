/// What the API wraps a configuration in: `{"ETag", "Thing": {"Id", ..., "ThingConfig": {...}}}`,
/// `{"ETag", "ThingConfig": {...}}`, or nothing.
struct Envelope {
    private(set) var path = ""
    private(set) var etag = ""
    private(set) var id = ""
    private(set) var domainName = ""
    private let document: ConfigNode

    init(_ document: ConfigNode, _ log: FindingLog) {
        self.document = document
        etag = Self.text(document, "ETag")
    }

    /// The configuration inside. `path` then says where it is.
    mutating func open(_ thing: String, config: String, _ log: FindingLog) -> ConfigNode {
        if let inner = document[config] {
            path = config
            return inner
        }
        guard let outer = document[thing] else {
            readNames(document)
            return document
        }
        readNames(outer)
        guard let inner = outer[config] else {
            log.error(
                ConfigPlace(outer, thing), "\(config) is missing",
                "give the unmodified output of the AWS CLI")
            return outer
        }
        path = "\(thing).\(config)"
        return inner
    }

    private mutating func readNames(_ node: ConfigNode) {
        id = Self.text(node, "Id")
        domainName = Self.text(node, "DomainName")
    }

    private static func text(_ node: ConfigNode, _ key: String) -> String {
        guard case .scalar(let text)? = node[key]?.content else { return "" }
        return text
    }
}

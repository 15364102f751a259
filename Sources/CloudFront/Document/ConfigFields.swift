/// Reads one map of a document, and in the end tells which members nobody asked for.
struct ConfigFields {
    let node: ConfigNode
    let path: String
    let log: FindingLog
    private var asked: Set<String> = []

    /// Reports a node that is no map, and then behaves as an empty one.
    init(_ node: ConfigNode, _ path: String, _ log: FindingLog) {
        self.node = node
        self.path = path
        self.log = log
        if case .map(let members) = node.content {
            reportRepeated(members)
        } else {
            log.error(place, "a map was expected", "write members in braces or indented")
        }
    }

    var place: ConfigPlace { ConfigPlace(node, path) }

    /// Where the member stands, or the map when there is none.
    func place(_ key: String) -> ConfigPlace {
        place(of: node[key] ?? node, key)
    }

    private func place(of node: ConfigNode, _ key: String) -> ConfigPlace {
        ConfigPlace(node, path.isEmpty ? key : "\(path).\(key)")
    }

    /// The member; nil also when it is null.
    mutating func member(_ key: String) -> ConfigNode? {
        asked.insert(key)
        guard let found = node[key], found.content != .null else { return nil }
        return found
    }

    /// The map under `key`; nil when there is none.
    mutating func map(_ key: String) -> ConfigFields? {
        guard let found = member(key) else { return nil }
        // An empty XML element is a map without members.
        if found.content == .scalar("") { return nil }
        return ConfigFields(found, place(key).path, log)
    }

    mutating func requiredMap(_ key: String) -> ConfigFields? {
        if let found = map(key) { return found }
        reportMissing(key)
        return nil
    }

    func reportMissing(_ key: String) {
        log.error(place(key), "\(key) is missing", "add it; CloudFront requires it")
    }

    /// Something valid that has no effect here. Silent where the document turns it off itself.
    mutating func notEmulated(_ key: String, _ remedy: String) {
        guard let found = member(key), !Self.isOff(found) else { return }
        log.notEmulated(place(key), "\(key) is not emulated", remedy)
    }

    /// Nothing, an empty text, `false`, a Quantity of 0 or an Enabled of false.
    private static func isOff(_ node: ConfigNode) -> Bool {
        switch node.content {
        case .null: true
        case .scalar(let text): text.isEmpty || text == "false"
        case .list(let nodes): nodes.isEmpty
        case .map(let members):
            members.isEmpty || node["Quantity"]?.content == .scalar("0")
                || node["Enabled"]?.content == .scalar("false")
        }
    }

    /// Members that nobody asked for are told, not ignored.
    func finish() {
        guard case .map(let members) = node.content else { return }
        for member in members where !asked.contains(member.key) {
            log.notEmulated(
                place(of: member.value, member.key), "\"\(member.key)\" is not known here",
                "check its spelling; it has no effect")
        }
    }

    private func reportRepeated(_ members: [ConfigNode.Member]) {
        var seen: Set<String> = []
        for member in members where !seen.insert(member.key).inserted {
            // XML repeats the element's name for each item of a list.
            if path.hasSuffix("Items") { return }
            log.error(
                place(of: member.value, member.key), "\"\(member.key)\" stands here twice",
                "keep one of them")
        }
    }
}

import CloudFront
import Edge
import Yams

/// What a recorded scenario is played on: the distribution and the configuration that are in force,
/// without what concerns the machine they run on.
struct RecordedStage {
    /// Names of the origins, as a scenario calls them.
    let origins: [String]
    /// Values of header fields that the edge adds for origins, by which they know it.
    let secrets: [String]
    private let config: ConfigNode
    private let distribution: ConfigNode?
    private let policies: [ConfigNode]

    /// Of the file: ports, places on disk, what is logged, and who may ask what.
    private static let ofTheMachine: Set<String> = [
        "listen", "admin", "api", "accessLog", "tls", "clock", "loops", "logLevel", "cache",
        "proxyProtocol", "mode", "role", "seeding",
    ]
    private static let ofTheExport: Set<String> = ["file", "policies", "id", "keys"]
    private static let ofMembers: Set<String> = ["tls", "health"]

    init(
        origins: [String], secrets: [String], config: ConfigNode, distribution: ConfigNode?,
        policies: [ConfigNode]
    ) {
        (self.origins, self.secrets) = (origins, secrets)
        (self.config, self.distribution, self.policies) = (config, distribution, policies)
    }

    init(_ configuration: Configuration) {
        let settings = configuration.settings
        origins = settings.originNames
        secrets = settings.origins.flatMap { $0.customHeaders.map(\.value) }
        let source = configuration.source
        var file = (try? Yams.compose(yaml: source.text)).map { ConfigNode($0) } ?? .map([:])
        file.drop(Self.ofTheMachine)
        file.change("distribution") { $0.drop(Self.ofTheExport) }
        file.change("origins") { $0.changeAll { $0.drop(Self.ofMembers) } }
        file.set("role", .text("\(settings.role)"))
        if let imported = configuration.distribution {
            distribution = imported.record.config
            policies = imported.ownPolicies
            file.change("distribution") { $0.set("id", .text(imported.record.id)) }
        } else {
            distribution = nil
            policies = []
            file.set("mode", .text("\(settings.mode)"))
            for origin in source.flags.origins { file.replaceOrigin(by: origin) }
        }
        config = file
    }

    /// The errors that have a page of their own, in the distribution's order.
    var errorPages: [ErrorPage] {
        let responses = distribution?["CustomErrorResponses"]
        return (responses?["Items"]?.list ?? responses?.list ?? []).compactMap { ErrorPage($0) }
    }

    /// What an origin is called where the edge asks it over TLS, too.
    func name(of id: String) -> String { id.hasSuffix("+tls") ? String(id.dropLast(4)) : id }

    /// Where the viewers of a scenario are, unless they say where (RFC 5737).
    static let viewers = "192.0.2.0/24"
    /// Where those are that are trusted, if others are not.
    static let proxy = "198.51.100.1"
    /// Where an operator is while nobody is trusted: at the edge's own machine.
    static let machine = "127.0.0.1"

    /// As it would be written; two that are played alike are the same.
    var text: String {
        var text = YAMLText()
        write(to: &text, Redaction(isOff: true), trusted: nil)
        return text.text
    }

    /// - Parameter trusted: the addresses that are a trusted proxy's in the scenario; nil: nobody
    ///   who asked was one.
    func write(to text: inout YAMLText, _ redaction: Redaction, trusted: String?) {
        var config = config
        if let trusted { config.set("trustedProxies", ConfigNode(.list([.text(trusted)]))) }
        text.line(0, "config:")
        text.node(1, config.hidden(by: redaction))
        guard let distribution else { return }
        text.line(0, "distribution:")
        text.node(1, distribution.hidden(by: redaction))
        guard !policies.isEmpty else { return }
        text.line(0, "policies:")
        text.node(1, ConfigNode(.list(policies)))
    }
}

/// A CustomErrorResponse with a page.
struct ErrorPage {
    /// The origin's status, and the one that viewers get.
    var code: Int
    var told: Int
    var path: String
    /// How long the error is kept, in milliseconds.
    var lifetime: Int64

    init?(_ response: ConfigNode) {
        guard let code = response.text("ErrorCode").flatMap({ Int($0) }),
            let path = response.text("ResponsePagePath"), !path.isEmpty
        else { return nil }
        self.code = code
        self.path = path
        told = response.text("ResponseCode").flatMap { Int($0) } ?? code
        // CloudFront API Reference, CustomErrorResponse: 10 seconds where nothing is said.
        lifetime = 1_000 * (response.text("ErrorCachingMinTTL").flatMap { Int64($0) } ?? 10)
    }
}

/// What a configuration was read from.
struct ConfigurationSource: Sendable {
    /// Of the file; empty without one.
    var text = ""
    var flags = ConfigurationFlags()
}

extension DistributionImport {
    /// What was read beside the export, as the AWS command prints it.
    fileprivate var ownPolicies: [ConfigNode] {
        let policies = PolicyKind.allCases.flatMap { kind in
            (references.policies[kind] ?? []).map { policy in
                ConfigNode.map([
                    "\(kind.rawValue)": ConfigNode(
                        .map([
                            ConfigNode.Member("Id", .text(policy.id)),
                            ConfigNode.Member("\(kind.rawValue)Config", policy.config),
                        ]))
                ])
            }
        }
        let keys = references.signers.publicKeys.sorted { $0.key < $1.key }.map { id, pem in
            ConfigNode.map([
                "PublicKey": .map([
                    "Id": .text(id), "PublicKeyConfig": .map(["EncodedKey": .text(pem)]),
                ])
            ])
        }
        let groups = references.signers.groups.sorted { $0.key < $1.key }.map { id, keys in
            ConfigNode.map([
                "KeyGroup": .map([
                    "Id": .text(id),
                    "KeyGroupConfig": .map([
                        "Items": ConfigNode(.list(keys.map { .text($0) }))
                    ]),
                ])
            ])
        }
        return policies + keys + groups
    }
}

extension ConfigNode {
    private var members: [Member] {
        if case .map(let members) = content { members } else { [] }
    }

    fileprivate mutating func drop(_ keys: Set<String>) {
        content = .map(members.filter { !keys.contains($0.key) })
    }

    fileprivate mutating func set(_ key: String, _ value: ConfigNode) {
        content = .map(members.filter { $0.key != key } + [Member(key, value)])
    }

    fileprivate mutating func change(_ key: String, _ change: (inout ConfigNode) -> Void) {
        var all = members
        guard let at = all.firstIndex(where: { $0.key == key }) else { return }
        change(&all[at].value)
        content = .map(all)
    }

    fileprivate mutating func changeAll(_ change: (inout ConfigNode) -> Void) {
        var all = members
        for index in all.indices { change(&all[index].value) }
        content = .map(all)
    }

    /// `--origin URL[,URL…]` or `ID=URL[,URL…]`: the members of one origin.
    fileprivate mutating func replaceOrigin(by flag: String) {
        let equals = flag.firstIndex(of: "=").filter { !flag[..<$0].contains(":") }
        let only = self["origins"]?.members.count == 1 ? self["origins"]?.members.first?.key : nil
        let id = equals.map { String(flag[..<$0]) } ?? only ?? "default"
        let urls = equals.map { flag[flag.index(after: $0)...] } ?? flag[...]
        let list = ConfigNode(.list(urls.split(separator: ",").map { .text($0) }))
        var origins = self["origins"] ?? .map([:])
        var origin = origins[id] ?? .map([:])
        origin.set("members", list)
        origins.set(id, origin)
        set("origins", origins)
    }

    /// - Parameter isField: below what names header fields; elsewhere a short word is no secret.
    fileprivate func hidden(by redaction: Redaction, isField: Bool = false) -> ConfigNode {
        var node = self
        switch content {
        case .null: break
        case .scalar(let text):
            node.content = .scalar(redaction.hidden(text, longOnly: !isField))
        case .list(let items):
            node.content = .list(items.map { $0.hidden(by: redaction, isField: isField) })
        case .map(let members):
            node.content = .map(
                members.map { member in
                    let isField = isField || member.key.lowercased().contains("header")
                    return Member(
                        member.key, member.value.hidden(by: redaction, isField: isField))
                })
        }
        return node
    }
}

extension Optional {
    fileprivate func filter(_ keeps: (Wrapped) -> Bool) -> Wrapped? {
        flatMap { keeps($0) ? $0 : nil }
    }
}

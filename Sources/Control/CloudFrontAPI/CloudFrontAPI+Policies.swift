import CloudFront
import HTTP

extension CloudFrontAPI {
    /// List, Get and Get...Config of one kind of policies.
    func policies(
        _ kind: PolicyKind, _ request: APIRequest, _ rest: [String]
    ) throws(APIError) -> Answer {
        guard request.method == .get, rest.count <= 2 else { throw unknown(request) }
        guard let id = rest.first else { return try list(kind, request) }
        guard let policy = state.policies(kind).first(where: { $0.id == id }) else {
            throw kind.missing
        }
        return try named(
            kind.rawValue, node(kind, policy), policy.config, version: policy.version,
            rest.dropFirst().first, request)
    }

    private func list(_ kind: PolicyKind, _ request: APIRequest) throws(APIError) -> Answer {
        let all = state.policies(kind)
        let selected: [PolicyRecord]
        switch request.parameter("Type") {
        case nil: selected = all
        case "managed": selected = all.filter(\.isManaged)
        case "custom": selected = all.filter { !$0.isManaged }
        default: throw .invalidArgument("The Type is neither managed nor custom.")
        }
        let page = try Page(of: selected, request, limit: settings.pageItems) { $0.id }
        return list(kind.rawValue, page) { policy in
            ConfigNode.map([
                "Type": .text(policy.isManaged ? "managed" : "custom"),
                kind.rawValue: node(kind, policy),
            ])
        }
    }

    private func node(_ kind: PolicyKind, _ policy: PolicyRecord) -> ConfigNode {
        .map([
            "Id": .text(policy.id),
            "LastModifiedTime": .text(timestampText(policy.lastModified)),
            "\(kind.rawValue)Config": policy.config,
        ])
    }
}

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
        switch rest.dropFirst().first {
        case nil:
            return Answer(
                200, APIDocument(root: kind.rawValue, node(kind, policy)), version: policy.version)
        case "config":
            return Answer(
                200, APIDocument(root: "\(kind.rawValue)Config", policy.config),
                version: policy.version)
        default: throw unknown(request)
        }
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
        let summaries = page.items.map { policy in
            ConfigNode.map([
                "Type": .text(policy.isManaged ? "managed" : "custom"),
                kind.rawValue: node(kind, policy),
            ])
        }
        // Unlike other lists these have no Marker and no IsTruncated.
        return Answer(
            200,
            APIDocument(
                root: "\(kind.rawValue)List",
                .map([
                    "NextMarker": page.nextMarker.map { .text($0) },
                    "MaxItems": .text(page.itemsMax), "Quantity": .text(summaries.count),
                    "Items": ConfigNode(.list(summaries)),
                ])))
    }

    private func node(_ kind: PolicyKind, _ policy: PolicyRecord) -> ConfigNode {
        .map([
            "Id": .text(policy.id),
            "LastModifiedTime": .text(timestampText(policy.lastModified)),
            "\(kind.rawValue)Config": policy.config,
        ])
    }
}

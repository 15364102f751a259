import CloudFront
import HTTP

extension CloudFrontAPI {
    /// List, Get and Get...Config of public keys or key groups.
    func signers(
        _ kind: SignerKind, _ request: APIRequest, _ rest: [String]
    ) throws(APIError) -> Answer {
        guard request.method == .get, rest.count <= 2 else { throw unknown(request) }
        guard let id = rest.first else { return try list(kind, request) }
        guard let found = state.signers(kind).first(where: { $0.id == id }) else {
            throw kind.missing
        }
        return try named(
            kind.rawValue, node(kind, found), found.config, version: found.version,
            rest.dropFirst().first, request)
    }

    private func list(_ kind: SignerKind, _ request: APIRequest) throws(APIError) -> Answer {
        let page = try Page(of: state.signers(kind), request, limit: settings.pageItems) { $0.id }
        return list(kind.rawValue, page) { summary(kind, $0) }
    }

    /// A KeyGroupSummary holds the group; a PublicKeySummary has the key's members themselves.
    private func summary(_ kind: SignerKind, _ signer: SignerRecord) -> ConfigNode {
        if kind == .keyGroup { return .map([kind.rawValue: node(kind, signer)]) }
        func member(_ key: String) -> ConfigNode { .text(signer.config.text(key) ?? "") }
        return .map([
            "Id": .text(signer.id), "Name": member("Name"),
            kind.timeMember: .text(timestampText(0)), "EncodedKey": member("EncodedKey"),
            "Comment": member("Comment"),
        ])
    }

    // When a file was saved says nothing of when CloudFront made the thing.
    private func node(_ kind: SignerKind, _ signer: SignerRecord) -> ConfigNode {
        .map([
            "Id": .text(signer.id), kind.timeMember: .text(timestampText(0)),
            "\(kind.rawValue)Config": signer.config,
        ])
    }
}

public import CloudFront

/// What signed URLs and cookies are verified by: keys, and groups of them that behaviors name.
public enum SignerKind: String, Sendable, CaseIterable {
    case publicKey = "PublicKey"
    case keyGroup = "KeyGroup"

    /// The word of the path: `public-key`.
    var pathWord: String {
        switch self {
        case .publicKey: "public-key"
        case .keyGroup: "key-group"
        }
    }

    /// When it was made, or changed: the model has one of them for each.
    var timeMember: String {
        switch self {
        case .publicKey: "CreatedTime"
        case .keyGroup: "LastModifiedTime"
        }
    }

    var missing: APIError {
        switch self {
        case .publicKey:
            APIError(.noSuchPublicKey, "The specified public key doesn't exist.")
        case .keyGroup: .noSuchResource
        }
    }
}

/// A public key or a key group as the API tells it.
public struct SignerRecord: Sendable, Equatable {
    public var id: String
    /// The PublicKeyConfig or KeyGroupConfig.
    public var config: ConfigNode

    public init(id: String, config: ConfigNode) {
        self.id = id
        self.config = config
    }

    var version: String { versionText(APIDocument(root: id, config), 0) }

    /// Ids of the keys of a group.
    var keys: [String] { (config["Items"]?.list ?? []).compactMap(\.scalar) }
}

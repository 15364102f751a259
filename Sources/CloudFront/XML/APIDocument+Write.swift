extension APIDocument {
    /// The document as XML in CloudFront's namespace, without an XML declaration's encoding, as
    /// CloudFront itself writes it.
    ///
    /// Members keep their order; `null` is left out, and `Items` where there are none to
    /// count. What XML cannot hold, such as a control character, becomes U+FFFD.
    public var xml: String {
        var writer = DocumentWriter()
        writer.write(self)
        return writer.text
    }
}

private struct DocumentWriter {
    private enum Task {
        /// An element, and the name of the map that it is in.
        case element(name: String, ConfigNode, owner: String)
        case end(name: String)
    }

    private(set) var text = "<?xml version=\"1.0\"?>\n"

    /// Writes from a list of tasks and not by recursion: how deep a document goes is not ours to
    /// say.
    mutating func write(_ document: APIDocument) {
        var tasks = [Task.element(name: document.root, document.node, owner: "")]
        var attribute = " xmlns=\"\(APIDocument.namespace)\""
        while let task = tasks.popLast() {
            switch task {
            case .end(let name): text += "</\(name)>"
            case .element(let name, let node, let owner):
                text += "<\(name)\(attribute)>"
                attribute = ""
                tasks.append(.end(name: name))
                tasks += children(of: node, name, owner: owner).reversed()
            }
        }
    }

    /// The elements below one; text is written here and now.
    private mutating func children(
        of node: ConfigNode, _ name: String, owner: String
    ) -> [Task] {
        switch node.content {
        case .null: return []
        case .scalar(let scalar):
            append(scalar)
            return []
        case .list(let items):
            let item = itemElementName(of: name == "Items" ? owner : name)
            return items.map { .element(name: item, $0, owner: name) }
        case .map(let members):
            let isQuantified = members.contains { $0.key == "Quantity" }
            let written = members.filter {
                $0.value.content != .null && !(isQuantified && $0.value.content == .list([]))
            }
            return written.map { .element(name: $0.key, $0.value, owner: name) }
        }
    }

    private mutating func append(_ scalar: String) {
        for character in scalar.unicodeScalars {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            // Else a reader would make it a line feed.
            case "\r": text += "&#13;"
            case "\t", "\n": text.unicodeScalars.append(character)
            case _ where character.value < 0x20 || character.value & 0xfffe == 0xfffe:
                text += "\u{fffd}"
            default: text.unicodeScalars.append(character)
            }
        }
    }
}

/// What an item of a list is called; most lists name theirs differently.
///
/// Source: the service's model of 2020-05-31, `locationName` of each list's member.
func itemElementName(of list: String) -> String { itemElementNames[list] ?? "member" }

private let itemElementNames: [String: String] = [
    "AccessControlAllowHeaders": "Header", "AccessControlAllowMethods": "Method",
    "AccessControlAllowOrigins": "Origin", "AccessControlExposeHeaders": "Header",
    "ActiveTrustedKeyGroups": "KeyGroup", "ActiveTrustedSigners": "Signer",
    "AliasICPRecordals": "AliasICPRecordal", "Aliases": "CNAME", "AllowedMethods": "Method",
    "CacheBehaviors": "CacheBehavior", "CachePolicyList": "CachePolicySummary",
    "CachedMethods": "Method", "ContentTypeProfiles": "ContentTypeProfile",
    "Cookies": "Name", "CustomErrorResponses": "CustomErrorResponse",
    "CustomHeaders": "OriginCustomHeader",
    "CustomHeadersConfig": "ResponseHeadersPolicyCustomHeader",
    "DistributionIdList": "DistributionId", "DistributionList": "DistributionSummary",
    "FunctionAssociations": "FunctionAssociation", "FunctionList": "FunctionSummary",
    "GeoRestriction": "Location", "Headers": "Name", "InvalidationList": "InvalidationSummary",
    "KeyGroupConfig": "PublicKey", "KeyGroupList": "KeyGroupSummary", "KeyPairIds": "KeyPairId",
    "LambdaFunctionAssociations": "LambdaFunctionAssociation", "Locations": "Location",
    "Members": "OriginGroupMember",
    "OriginAccessControlList": "OriginAccessControlSummary", "OriginGroups": "OriginGroup",
    "OriginRequestPolicyList": "OriginRequestPolicySummary", "OriginSslProtocols": "SslProtocol",
    "Origins": "Origin", "Paths": "Path", "PublicKeyList": "PublicKeySummary",
    "QueryArgProfiles": "QueryArgProfile", "QueryStringCacheKeys": "Name",
    "QueryStrings": "Name", "RemoveHeadersConfig": "ResponseHeadersPolicyRemoveHeader",
    "ResponseHeadersPolicyList": "ResponseHeadersPolicySummary",
    "StagingDistributionDnsNames": "DnsName", "StatusCodes": "StatusCode", "TagKeys": "Key",
    "Tags": "Tag", "TrustedKeyGroups": "KeyGroup", "TrustedSigners": "AwsAccountNumber",
    "WhitelistedNames": "Name",
]

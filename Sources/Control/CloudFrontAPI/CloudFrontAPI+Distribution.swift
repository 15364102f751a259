import CloudFront
import Synchronization

extension CloudFrontAPI {
    /// GetDistribution.
    func describeDistribution(_ now: Int64) -> Answer {
        let record = state.distribution
        return Answer(200, document(record, now), version: record.version)
    }

    /// GetDistributionConfig.
    func describeConfig() -> Answer {
        let record = state.distribution
        return Answer(
            200, APIDocument(root: "DistributionConfig", record.config), version: record.version)
    }

    /// UpdateDistribution. In force when this returns.
    func update(_ request: APIRequest, _ now: Int64) throws(APIError) -> Answer {
        let config = try document(request, root: "DistributionConfig")
        let record = try creating.withLock { _ throws(APIError) in
            let record = state.distribution
            try checkVersion(request, record.version)
            let reference = record.config.text("CallerReference")
            guard reference == nil || reference == config.text("CallerReference") else {
                throw .illegalUpdate
            }
            try state.apply(config, now: now)
            return state.distribution
        }
        return Answer(200, document(record, now), version: record.version)
    }

    /// ListDistributions.
    func listDistributions(_ request: APIRequest) throws(APIError) -> Answer {
        let page = try Page(of: [state.distribution], request, limit: settings.pageItems) { $0.id }
        return Answer(
            200, APIDocument(root: "DistributionList", list(page, page.items.map(summary))))
    }

    /// CreateDistribution.
    func refuseAnother(_ request: APIRequest) -> APIError {
        let record = state.distribution
        do throws(APIError) {
            let isTagged = request.parameter("WithTags") != nil
            let root = isTagged ? "DistributionConfigWithTags" : "DistributionConfig"
            let node = try document(request, root: root)
            let config = isTagged ? node["DistributionConfig"] ?? node : node
            let reference = config.text("CallerReference")
            if let reference, reference == record.config.text("CallerReference") {
                return .distributionAlreadyExists
            }
        } catch {
            return error
        }
        return .accessDenied(
            "This edge serves one distribution, \(record.id), and no second one; update it.")
    }

    /// DeleteDistribution.
    func refuseDeletion(_ request: APIRequest) throws(APIError) -> APIError {
        let record = state.distribution
        try checkVersion(request, record.version)
        guard record.config.text("Enabled") == "false" else { throw .distributionNotDisabled }
        return .accessDenied(
            "This edge serves one distribution, \(record.id), and is nothing without it.")
    }

    private func document(_ record: DistributionRecord, _ now: Int64) -> APIDocument {
        APIDocument(
            root: "Distribution",
            .map([
                "Id": .text(record.id), "ARN": .text(record.arn), "Status": .text("Deployed"),
                "LastModifiedTime": .text(timestampText(record.lastModified)),
                "InProgressInvalidationBatches": .text(running(now).count),
                "DomainName": .text(record.domainName),
                "ActiveTrustedSigners": active("TrustedSigners", "AwsAccountNumber", record),
                "ActiveTrustedKeyGroups": active("TrustedKeyGroups", "KeyGroupId", record),
                "DistributionConfig": record.config,
            ]))
    }

    /// Who may sign for at least one behavior, each named once.
    private func active(
        _ list: String, _ name: String, _ record: DistributionRecord
    ) -> ConfigNode {
        let behaviors =
            [record.config["DefaultCacheBehavior"]].compactMap(\.self)
            + (record.config["CacheBehaviors"]?.items ?? [])
        var names: [String] = []
        for behavior in behaviors {
            guard let trusted = behavior[list], trusted.text("Enabled") == "true" else { continue }
            for found in (trusted.items ?? []).compactMap(\.scalar) where !names.contains(found) {
                names.append(found)
            }
        }
        let groups = state.signers(.keyGroup)
        let items = names.map { found in
            let keys = groups.first { $0.id == found }?.keys ?? []
            return ConfigNode.map([
                name: .text(found), "KeyPairIds": .quantity(keys.map { .text($0) }),
            ])
        }
        return .map([
            "Enabled": .text(!names.isEmpty), "Quantity": .text(items.count),
            "Items": ConfigNode(.list(items)),
        ])
    }

    /// A DistributionSummary, whose members are all required: what the configuration leaves out
    /// has the value that CloudFront gives it.
    private func summary(_ record: DistributionRecord) -> ConfigNode {
        let config = record.config
        func member(_ key: String, _ missing: ConfigNode) -> ConfigNode { config[key] ?? missing }
        return .map([
            "Id": .text(record.id), "ARN": .text(record.arn), "ETag": .text(record.version),
            "Status": .text("Deployed"),
            "LastModifiedTime": .text(timestampText(record.lastModified)),
            "DomainName": .text(record.domainName), "Aliases": member("Aliases", .quantity()),
            "Origins": member("Origins", .quantity()), "OriginGroups": config["OriginGroups"],
            "DefaultCacheBehavior": member("DefaultCacheBehavior", .map([:])),
            "CacheBehaviors": member("CacheBehaviors", .quantity()),
            "CustomErrorResponses": member("CustomErrorResponses", .quantity()),
            "Comment": member("Comment", .text("")),
            "PriceClass": member("PriceClass", .text("PriceClass_All")),
            "Enabled": member("Enabled", .text(true)),
            "ViewerCertificate": member(
                "ViewerCertificate", .map(["CloudFrontDefaultCertificate": .text(true)])),
            "Restrictions": member(
                "Restrictions",
                .map([
                    "GeoRestriction": .map([
                        "RestrictionType": .text("none"), "Quantity": .text(0),
                    ])
                ])),
            "WebACLId": member("WebACLId", .text("")),
            "HttpVersion": member("HttpVersion", .text("http2")),
            "IsIPV6Enabled": member("IsIPV6Enabled", .text(false)),
            "Staging": member("Staging", .text(false)),
        ])
    }
}

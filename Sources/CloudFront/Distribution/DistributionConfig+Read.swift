extension DistributionConfig {
    /// Reads what `aws cloudfront get-distribution-config` or `get-distribution` prints, or a
    /// DistributionConfig alone, and reports all that is wrong with it at once.
    ///
    /// - Parameter isExport: it is one that is in force somewhere, so that what CloudFront would
    ///   not take today is to be followed as far as it can be.
    public static func read(
        _ document: ConfigNode, isExport: Bool = false
    ) -> ConfigReading<DistributionConfig> {
        let log = FindingLog()
        if isSummary(document) {
            log.error(
                ConfigPlace(document, ""),
                "list-distributions tells but a part of a distribution, without CallerReference, "
                    + "DefaultRootObject and Logging",
                "give what aws cloudfront get-distribution --id ID prints")
            return ConfigReading(value: nil, findings: log.findings)
        }
        var envelope = Envelope(document, log)
        let node = envelope.open("Distribution", config: "DistributionConfig", log)
        var fields = ConfigFields(node, envelope.path, log)
        var config = read(&fields, isExport)
        fields.finish()
        config.source = node
        config.place = fields.place
        config.etag = envelope.etag
        config.id = envelope.id
        config.domainName = envelope.domainName
        config.arn = envelope.arn
        config.lastModifiedTime = envelope.lastModifiedTime
        config.judge(log)
        return ConfigReading(value: config, findings: log.findings)
    }

    /// Whether it is what `aws cloudfront list-distributions` prints, or an item of it.
    private static func isSummary(_ document: ConfigNode) -> Bool {
        if case .list = document.content { return true }
        if document["DistributionList"] != nil { return true }
        return document["DistributionConfig"] == nil && document["ARN"] != nil
            && document["CallerReference"] == nil
    }

    private static func read(
        _ fields: inout ConfigFields, _ isExport: Bool
    ) -> DistributionConfig {
        readNotEmulated(&fields)
        let log = fields.log
        let origins = fields.items("Origins").map { Origin.read($0, log) }
        if origins.isEmpty {
            log.error(fields.place("Origins"), "the distribution has no origin", "add one")
        }
        return DistributionConfig(
            source: fields.node, etag: "", id: "", domainName: "",
            callerReference: fields.requiredText("CallerReference"),
            aliases: fields.texts("Aliases"),
            defaultRootObject: readRootObject(&fields, isExport),
            origins: origins,
            originGroups: fields.items("OriginGroups").map { OriginGroup.read($0, log) },
            defaultCacheBehavior: readDefault(&fields),
            cacheBehaviors: fields.items("CacheBehaviors").map {
                CacheBehavior.read($0.fields(log), isDefault: false)
            },
            customErrorResponses: fields.items("CustomErrorResponses").map {
                CustomErrorResponse.read($0, log)
            },
            comment: fields.optionalText("Comment", limit: 128),
            logging: fields.map("Logging").map { LoggingConfig.read($0) } ?? LoggingConfig(),
            priceClass: readPriceClass(&fields),
            isEnabled: fields.requiredFlag("Enabled"),
            viewerCertificate: fields.map("ViewerCertificate").map { ViewerCertificate.read($0) }
                ?? ViewerCertificate(),
            geoRestriction: readRestrictions(&fields), webACLId: readWebACL(&fields),
            httpVersion: readHTTPVersion(&fields),
            isIPV6Enabled: fields.flag("IsIPV6Enabled", else: false),
            isStaging: readStaging(&fields), cacheTagHeaderName: readTagHeader(&fields))
    }

    private static func readNotEmulated(_ fields: inout ConfigFields) {
        fields.notEmulated("ContinuousDeploymentPolicyId", "no traffic goes to the staging side")
        fields.notEmulated("AnycastIpListId", "the edge listens where it is told")
        fields.notEmulated("TenantConfig", "tenants have no distributions of their own")
        fields.notEmulated("ViewerMtlsConfig", "viewers are asked for no certificate")
        fields.notEmulated("ConnectionFunctionAssociation", "the function does not run")
        if let mode = fields.text("ConnectionMode"), mode != "direct", !mode.isEmpty {
            fields.log.notEmulated(
                fields.place("ConnectionMode"), "\(mode) is not emulated", "use direct")
        }
    }

    private static func readPriceClass(_ fields: inout ConfigFields) -> PriceClass {
        guard let word: PriceClass = fields.word("PriceClass") else { return .all }
        fields.log.note(
            fields.place("PriceClass"), "\(word.rawValue) means nothing to one edge",
            "leave it; CloudFront answers from fewer places by it, and charges less")
        return word
    }

    private static func readHTTPVersion(_ fields: inout ConfigFields) -> HTTPVersion {
        guard let version: HTTPVersion = fields.word("HttpVersion") else { return .http2 }
        if version != .http11 {
            fields.log.note(
                fields.place("HttpVersion"),
                "\(version.rawValue) is allowed to viewers, who are answered by HTTP/1.1",
                "let a proxy before the edge speak it, if a case depends on it")
        }
        return version
    }

    private static func readDefault(_ fields: inout ConfigFields) -> CacheBehavior {
        if let behavior = fields.requiredMap("DefaultCacheBehavior") {
            return CacheBehavior.read(behavior, isDefault: true)
        }
        return CacheBehavior(
            pathPattern: "*", place: fields.place, targetOriginId: "", signers: .none,
            viewerProtocolPolicy: .allowAll, allowedMethods: .getHead, cachedMethods: .getHead,
            isCompressing: false, caching: .policy(id: ""), originRequestPolicyId: "",
            responseHeadersPolicyId: "")
    }

    private static func readRootObject(
        _ fields: inout ConfigFields, _ isExport: Bool
    ) -> String {
        let object = fields.optionalText("DefaultRootObject", limit: 255)
        if object.hasPrefix("/") {
            let place = fields.place("DefaultRootObject")
            let remedy = "write \"\(object.drop { $0 == "/" })\""
            if isExport {
                fields.log.warning(
                    place, "\"\(object)\" begins with /, so that a request for / is answered 403",
                    remedy)
            } else {
                fields.log.error(place, "\"\(object)\" begins with /", remedy)
            }
        }
        if !object.utf8.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "#") }) {
            fields.log.error(
                fields.place("DefaultRootObject"), "\"\(object)\" is no path",
                "percent-encode what is not printable ASCII, blanks and # included")
        }
        return object
    }

    private static func readRestrictions(_ fields: inout ConfigFields) -> GeoRestriction {
        guard var restrictions = fields.map("Restrictions") else { return GeoRestriction() }
        defer { restrictions.finish() }
        return restrictions.requiredMap("GeoRestriction").map { GeoRestriction.read($0) }
            ?? GeoRestriction()
    }

    private static func readWebACL(_ fields: inout ConfigFields) -> String {
        let id = fields.optionalText("WebACLId")
        if !id.isEmpty {
            fields.log.notEmulated(
                fields.place("WebACLId"), "WAF is not emulated",
                "no request is blocked by its rules")
        }
        return id
    }

    private static func readStaging(_ fields: inout ConfigFields) -> Bool {
        let isStaging = fields.flag("Staging", else: false)
        if isStaging {
            fields.log.notEmulated(
                fields.place("Staging"), "continuous deployment is not emulated",
                "the staging distribution is served like any other")
        }
        return isStaging
    }

    private static func readTagHeader(_ fields: inout ConfigFields) -> String {
        guard var tags = fields.map("CacheTagConfig") else { return "" }
        defer { tags.finish() }
        let name = tags.requiredText("HeaderName")
        if !name.isEmpty, !isHeaderName(name) {
            tags.log.error(
                tags.place("HeaderName"), "\"\(name)\" is no header name",
                "use letters, digits and -")
        }
        return name
    }
}

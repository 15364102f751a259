extension CacheBehavior {
    /// Reads a member of CacheBehaviors, or the default behavior.
    static func read(_ given: ConfigFields, isDefault: Bool) -> CacheBehavior {
        var fields = given
        defer { fields.finish() }
        let pattern = isDefault ? "*" : fields.requiredText("PathPattern")
        if !isDefault, !pattern.isEmpty {
            PathPatternRules.judge(pattern, fields.place("PathPattern"), fields.log)
        }
        readNotEmulated(&fields)
        let methods = readMethods(&fields)
        let behavior = CacheBehavior(
            pathPattern: pattern, place: fields.place,
            targetOriginId: fields.requiredText("TargetOriginId"), signers: readSigners(&fields),
            viewerProtocolPolicy: fields.requiredWord("ViewerProtocolPolicy", else: .allowAll),
            allowedMethods: methods.allowed, cachedMethods: methods.cached,
            isCompressing: fields.flag("Compress", else: false), caching: readCaching(&fields),
            originRequestPolicyId: fields.optionalText("OriginRequestPolicyId"),
            responseHeadersPolicyId: fields.optionalText("ResponseHeadersPolicyId"))
        behavior.judge(fields)
        return behavior
    }

    private static func readNotEmulated(_ fields: inout ConfigFields) {
        fields.notEmulated("SmoothStreaming", "serve the media files by another behavior")
        fields.notEmulated("LambdaFunctionAssociations", "the functions do not run")
        fields.notEmulated("FunctionAssociations", "the functions do not run")
        fields.notEmulated("FieldLevelEncryptionId", "fields reach the origin in plain text")
        fields.notEmulated("RealtimeLogConfigArn", "read the access log instead")
        fields.notEmulated("GrpcConfig", "gRPC is not carried")
    }

    /// Both kinds may be in an export, of which at most one is enabled.
    private static func readSigners(_ fields: inout ConfigFields) -> Signers {
        let accounts = readSigners("TrustedSigners", &fields)
        let groups = readSigners("TrustedKeyGroups", &fields)
        if let groups, accounts != nil {
            fields.log.error(
                fields.place("TrustedKeyGroups"), "accounts and key groups are both enabled",
                "enable one of TrustedSigners and TrustedKeyGroups")
            return .keyGroups(groups)
        }
        if let groups {
            if groups.count > 4 {
                fields.log.warning(
                    fields.place("TrustedKeyGroups"),
                    "\(groups.count) key groups exceed CloudFront's quota", "keep to 4")
            }
            return .keyGroups(groups)
        }
        return accounts.map { .accounts($0) } ?? .none
    }

    private static func readSigners(_ key: String, _ fields: inout ConfigFields) -> [String]? {
        guard var signers = fields.map(key) else { return nil }
        defer { signers.finish() }
        let isEnabled = signers.requiredFlag("Enabled")
        let names = signers.texts()
        guard isEnabled else { return nil }
        if names.isEmpty {
            signers.log.error(
                signers.place, "\(key) is enabled and names nobody", "add to Items, or disable it")
        }
        return names
    }

    private static func readMethods(
        _ fields: inout ConfigFields
    ) -> (allowed: MethodSet, cached: MethodSet) {
        guard var allowed = fields.map("AllowedMethods") else { return (.getHead, .getHead) }
        defer { allowed.finish() }
        let allowedSet = MethodSet(names: allowed.texts())
        if allowedSet == nil {
            allowed.log.error(
                allowed.place, "CloudFront has no such set of methods",
                "allow GET and HEAD, or these and OPTIONS, or all seven")
        }
        var cachedSet: MethodSet? = .getHead
        if var cached = allowed.map("CachedMethods") {
            cachedSet = MethodSet(names: cached.texts())
            cached.finish()
            if cachedSet == nil || cachedSet == .all {
                cached.log.error(
                    cached.place, "CloudFront cannot cache such a set of methods",
                    "cache GET and HEAD, or these and OPTIONS")
            } else if cachedSet == .getHeadOptions, allowedSet == .getHead {
                cached.log.error(
                    cached.place, "OPTIONS is cached but not allowed", "add it to AllowedMethods")
            }
        }
        return (allowedSet ?? .getHead, cachedSet ?? .getHead)
    }

    private static func readCaching(_ fields: inout ConfigFields) -> Caching {
        let id = fields.optionalText("CachePolicyId")
        guard let values = fields.map("ForwardedValues") else {
            if id.isEmpty {
                fields.log.error(
                    fields.place, "nothing says what the key consists of",
                    "add CachePolicyId or ForwardedValues")
            }
            for key in ["MinTTL", "DefaultTTL", "MaxTTL"] where fields.member(key) != nil {
                fields.log.warning(
                    fields.place(key), "\(key) has no effect beside CachePolicyId",
                    "set it in the cache policy")
            }
            return .policy(id: id)
        }
        if !id.isEmpty {
            fields.log.error(
                fields.place("ForwardedValues"), "ForwardedValues stands beside CachePolicyId",
                "keep one of them")
        }
        let forwarded = ForwardedValues.read(values)
        return .forwardedValues(forwarded, TTLBounds.read(&fields, isRequired: false))
    }

    private func judge(_ fields: ConfigFields) {
        guard case .forwardedValues(let values, let bounds) = caching else { return }
        if !originRequestPolicyId.isEmpty {
            fields.log.error(
                fields.place("OriginRequestPolicyId"),
                "an origin request policy needs a cache policy beside it",
                "replace ForwardedValues by CachePolicyId")
        }
        if values.forwardsAllHeaders, bounds.minTTL != 0 {
            fields.log.error(
                fields.place("MinTTL"), "MinTTL is \(bounds.minTTL) and all headers are forwarded",
                "make MinTTL 0; nothing is cached then")
        }
    }
}

import Caching

extension Behavior {
    /// Brings a behavior of the document together with the policies it names; nil, and findings,
    /// when one of them is not known.
    static func resolve(
        _ source: CacheBehavior, in config: DistributionConfig, _ catalog: PolicyCatalog,
        _ log: FindingLog
    ) -> Behavior? {
        guard let target = target(of: source, in: config) else { return nil }
        let isSigned = source.signers != .none
        let found = parts(source, catalog, isS3: isS3(target, config), isSigned: isSigned, log)
        let responseHeaders = responseHeaders(source, catalog, log)
        guard let parts = found else { return nil }
        var policy = parts.ttl.policy
        policy.errorTTL = policy.disablesCaching ? 0 : policy.errorTTL
        policy.compresses =
            source.isCompressing && !policy.disablesCaching && parts.key.codings.contains(.gzip)
        policy.cachesOptions = source.cachedMethods == .getHeadOptions
        policy.revalidates = !parts.forwarding.forwardsCookies
        policy.collapses = !policy.disablesCaching && !parts.forwarding.forwardsCookies
        return Behavior(
            pathPattern: source.pathPattern, place: source.place, target: target, policy: policy,
            key: parts.key, forwarding: parts.forwarding, responseHeaders: responseHeaders,
            allowedMethods: source.allowedMethods, cachedMethods: source.cachedMethods,
            viewerProtocolPolicy: source.viewerProtocolPolicy,
            isCompressing: source.isCompressing && !policy.disablesCaching
                && !parts.key.codings.isEmpty,
            signers: source.signers)
    }

    /// What policies and ForwardedValues both come to.
    struct Parts {
        var ttl: TTLBounds
        var key: KeySelection
        var forwarding: Forwarding
    }

    private static func target(
        of source: CacheBehavior, in config: DistributionConfig
    ) -> Target? {
        func index(_ id: String) -> Int? { config.origins.firstIndex { $0.id == id } }
        if let origin = index(source.targetOriginId) { return .origin(origin) }
        guard let group = config.originGroups.first(where: { $0.id == source.targetOriginId }),
            let primary = index(group.primary), let secondary = index(group.secondary)
        else { return nil }
        return .group(primary: primary, secondary: secondary, group.criteria)
    }

    /// Of a group both: cookies that only one of them gets are in the key all the same, since what
    /// it answers by them is nobody else's.
    private static func isS3(_ target: Target, _ config: DistributionConfig) -> Bool {
        switch target {
        case .origin(let index): config.origins[index].isS3
        case .group(let primary, let secondary, _):
            config.origins[primary].isS3 && config.origins[secondary].isS3
        }
    }

    private static func responseHeaders(
        _ source: CacheBehavior, _ catalog: PolicyCatalog, _ log: FindingLog
    ) -> ResponseHeadersPolicy? {
        let id = source.responseHeadersPolicyId
        if id.isEmpty { return nil }
        if let policy = catalog.responseHeaders[id] { return policy }
        report(
            id, source.place.member("ResponseHeadersPolicyId"), "response headers policy",
            .noSuchResponseHeadersPolicy, log)
        return nil
    }

    private static func report(
        _ id: String, _ place: ConfigPlace, _ kind: String, _ code: APIError.Code,
        _ log: FindingLog
    ) {
        let command = kind.split(separator: " ").joined(separator: "-")
        log.error(
            place, "no \(kind) \"\(id)\" is known",
            "save the output of aws cloudfront get-\(command) --id \(id) in the directory that "
                + "policies (flag: --policies) names",
            code: code)
    }

    private static func parts(
        _ source: CacheBehavior, _ catalog: PolicyCatalog, isS3: Bool, isSigned: Bool,
        _ log: FindingLog
    ) -> Parts? {
        switch source.caching {
        case .forwardedValues(let values, let ttl):
            return legacyParts(source, values, ttl, isS3: isS3, isSigned: isSigned)
        case .policy(let id):
            let policy = catalog.cache[id]
            if policy == nil {
                report(
                    id, source.place.member("CachePolicyId"), "cache policy", .noSuchCachePolicy,
                    log)
            }
            let added = originRequestPolicy(source, catalog, log)
            return policy.map {
                policyParts(source, $0, added, isS3: isS3, isSigned: isSigned)
            }
        }
    }

    private static func originRequestPolicy(
        _ source: CacheBehavior, _ catalog: PolicyCatalog, _ log: FindingLog
    ) -> OriginRequestPolicy? {
        let id = source.originRequestPolicyId
        if id.isEmpty { return nil }
        if let policy = catalog.originRequest[id] { return policy }
        report(
            id, source.place.member("OriginRequestPolicyId"), "origin request policy",
            .noSuchOriginRequestPolicy, log)
        return nil
    }

    private static func policyParts(
        _ source: CacheBehavior, _ policy: CachePolicy, _ added: OriginRequestPolicy?,
        isS3: Bool, isSigned: Bool
    ) -> Parts {
        var codings: Codings = []
        // A policy that lists the field itself gets every value as it is.
        if !policy.headers.contains(where: { isSameName($0, "Accept-Encoding") }) {
            if policy.acceptsGzip { codings.insert(.gzip) }
            if policy.acceptsBrotli { codings.insert(.brotli) }
        }
        let key = KeySelection(
            queryStrings: policy.queryStrings, headers: policy.headers,
            cookies: isS3 ? .none : policy.cookies, codings: codings, dropsSignature: isSigned)
        let base: Forwarding.Base =
            switch added?.headerBehavior {
            case nil, .none?, .whitelist?: .none
            case .allViewer?, .allViewerAndWhitelistCloudFront?: .allViewer
            case .allExcept?:
                .allExcept(
                    NameList(added?.headers ?? [], matching: .ignoringCase).removing(key.headers))
            }
        var headers = key.headers
        if added?.headerBehavior != .allExcept {
            headers = headers.united(
                with: NameList(added?.headers ?? [], matching: .ignoringCase))
        }
        let forwarding = Forwarding(
            queryStrings: policy.queryStrings.united(with: added?.queryStrings ?? .none),
            cookies: policy.cookies.united(with: added?.cookies ?? .none), base: base,
            headers: headers, isLegacy: false,
            cachesOptions: source.cachedMethods == .getHeadOptions, isS3: isS3,
            normalizesCodings: !codings.isEmpty, dropsSignature: isSigned)
        return Parts(ttl: policy.ttl, key: key, forwarding: forwarding)
    }
}

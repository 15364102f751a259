import Caching

// Behaviors without a cache policy.
extension Behavior {
    /// ForwardedValues in the form of policies: what is forwarded is in the key, but for query
    /// strings when the key's are listed.
    static func legacyParts(
        _ source: CacheBehavior, _ values: ForwardedValues, _ ttl: TTLBounds, isS3: Bool,
        isSigned: Bool
    ) -> Parts {
        let cookies = cookies(values)
        let listed = values.forwardsAllHeaders ? [] : values.headers
        // Brotli needs a cache policy. Whoever lists the field gets every value as it is.
        let isListed = listed.contains { isSameName($0, "Accept-Encoding") }
        let codings: Codings = source.isCompressing && !isListed ? .gzip : []
        let key = KeySelection(
            queryStrings: queryStrings(values), headers: listed, cookies: isS3 ? .none : cookies,
            codings: codings, dropsSignature: isSigned)
        let forwarding = Forwarding(
            queryStrings: values.forwardsQueryString ? .all : .none, cookies: cookies,
            base: values.forwardsAllHeaders ? .allViewer : .none, headers: key.headers,
            isLegacy: true, cachesOptions: source.cachedMethods == .getHeadOptions, isS3: isS3,
            normalizesCodings: !codings.isEmpty && !values.forwardsAllHeaders,
            dropsSignature: isSigned)
        // Forwarding every header is another way to say that nothing is cached.
        let bounds =
            values.forwardsAllHeaders ? TTLBounds(minTTL: 0, defaultTTL: 0, maxTTL: 0) : ttl
        return Parts(ttl: bounds, key: key, forwarding: forwarding)
    }

    private static func queryStrings(_ values: ForwardedValues) -> NameSelection {
        guard values.forwardsQueryString else { return .none }
        let keys = values.queryStringCacheKeys
        return keys.isEmpty || keys == ["*"] ? .all : NameSelection(.list, keys)
    }

    private static func cookies(_ values: ForwardedValues) -> NameSelection {
        switch values.cookieForwarding {
        case .none: .none
        case .all: .all
        case .whitelist: NameSelection(.list, values.cookieNames, hasWildcards: true)
        }
    }
}

import Caching
import HTTP

/// What is valid and known to surprise: one rule for each complaint that developers bring most.
enum Traps {
    static func judge(
        _ source: CacheBehavior, _ behavior: Behavior, _ config: DistributionConfig,
        _ catalog: PolicyCatalog, _ log: FindingLog
    ) {
        let place = source.place
        judgeOrigin(behavior, config, place, log)
        judgeCompression(source, behavior, place, log)
        if case .forwardedValues(let values, _) = source.caching, values.forwardsAllHeaders {
            log.warning(
                place.member("ForwardedValues").member("Headers"),
                "Headers is \"*\", so that nothing is stored, whatever the TTLs are",
                "list the headers that the origin reads, unless caching is to be disabled")
        }
        if behavior.disablesCaching { return }
        judgeLifetimes(behavior, place, log)
        judgeCookies(behavior, place, log)
        judgeHeaders(behavior, place, log)
        judgeAdditions(behavior, place, log)
        judgeVariance(behavior, config, place, log)
    }

    private static func judgeLifetimes(
        _ behavior: Behavior, _ place: ConfigPlace, _ log: FindingLog
    ) {
        guard behavior.policy.minTTL > 0 else { return }
        log.warning(
            place,
            "MinTTL is \(behavior.policy.minTTL / 1_000), so that responses with no-store, "
                + "no-cache or private are stored and shared for as long",
            "use a cache policy with MinTTL 0 where responses are personal")
    }

    private static func judgeCookies(
        _ behavior: Behavior, _ place: ConfigPlace, _ log: FindingLog
    ) {
        guard behavior.forwarding.forwardsCookies else { return }
        log.warning(
            place,
            "cookies are forwarded, so that Set-Cookie is stored and sent to everybody who gets "
                + "the response",
            "let the origin add no-cache=\"Set-Cookie\" to Cache-Control, or forward no cookies")
        if behavior.key.cookies.mode == .all || behavior.key.cookies.mode == .allExcept {
            log.warning(
                place,
                "all cookies are in the key, so that one of an analytics script makes "
                    + "every browser miss", "list the cookies that the origin reads")
        } else if behavior.key.cookies != behavior.forwarding.cookies {
            log.warning(
                place,
                "the origin gets cookies that are not in the key, so that one viewer's "
                    + "page is served to others", "add the cookies that the origin reads to the key"
            )
        }
    }

    private static func judgeHeaders(
        _ behavior: Behavior, _ place: ConfigPlace, _ log: FindingLog
    ) {
        func isUnkeyed(_ name: String) -> Bool {
            let bytes = Array(name.utf8)
            let fate = behavior.forwarding.fate(
                of: unsafe bytes.span.bytes, KnownField.named(unsafe bytes.span.bytes), method: .get
            )
            return fate == .forwarded && !behavior.key.headers.contains(unsafe bytes.span.bytes)
        }
        if isUnkeyed("authorization") {
            log.warning(
                place,
                "Authorization is forwarded and not in the key, so that one user's "
                    + "response is served to others", "add it to the key, or disable caching")
        }
        // A bucket answers by its own rules, and only where the field is chosen.
        let forwarding = behavior.forwarding
        if isUnkeyed("origin"), !forwarding.isS3 || forwarding.selects(name: "origin") {
            log.warning(
                place,
                "Origin is forwarded and not in the key, so that the first site's "
                    + "Access-Control-Allow-Origin is served to all", "add Origin to the key")
        }
        if isUnkeyed("accept-language") {
            log.warning(
                place,
                "Accept-Language is forwarded and not in the key, so that the first "
                    + "viewer's language is served to all", "add it to the key")
        }
    }

    private static func judgeAdditions(
        _ behavior: Behavior, _ place: ConfigPlace, _ log: FindingLog
    ) {
        let added = behavior.responseHeaders?.customHeaders ?? []
        guard added.contains(where: { isSameName($0.name, "Cache-Control") }) else { return }
        log.warning(
            place.member("ResponseHeadersPolicyId"),
            "the response headers policy sets Cache-Control, which viewers go by and the edge does "
                + "not", "let the origin send it, or set the TTLs of the cache policy")
    }

    private static func judgeVariance(
        _ behavior: Behavior, _ config: DistributionConfig, _ place: ConfigPlace, _ log: FindingLog
    ) {
        let isNamed = { (name: String) in
            behavior.key.headers.texts.contains { isSameName($0, name) }
        }
        if isNamed("Host"), config.aliases.count > 1 {
            log.warning(
                place, "Host is in the key, so that each alias stores its own copy",
                "remove it if all aliases show the same")
        }
        if isNamed("User-Agent") {
            log.warning(
                place, "User-Agent is in the key, so that nearly every browser misses",
                "use the CloudFront-Is-*-Viewer headers")
        }
        if behavior.key.queryStrings.mode == .all {
            log.warning(
                place,
                "all query strings are in the key, so that their order and those of "
                    + "campaigns make misses", "list the parameters that the origin reads")
        } else if behavior.key.queryStrings != behavior.forwarding.queryStrings {
            log.warning(
                place,
                "the origin gets query strings that are not in the key, so that the first one's "
                    + "response is served to all", "add those that the origin reads to the key")
        }
    }

    private static func judgeOrigin(
        _ behavior: Behavior, _ config: DistributionConfig, _ place: ConfigPlace, _ log: FindingLog
    ) {
        let index =
            switch behavior.target {
            case .origin(let index), .group(let index, _, _): index
            }
        guard case .custom(let origin) = config.origins[index].kind else {
            if behavior.key.headers.contains(text: "Host") {
                log.warning(
                    place, "Host is in the key, and an S3 origin never gets it",
                    "use a cache policy without it")
            }
            return
        }
        if behavior.forwarding.forwardsHost {
            log.warning(
                place,
                "the viewer's Host is forwarded, which an origin that serves by its own "
                    + "name answers with 403, 404 or a redirect",
                "use AllViewerExceptHostHeader unless the origin knows the aliases")
        }
        if origin.protocolPolicy == .httpOnly,
            behavior.viewerProtocolPolicy == .redirectToHTTPS
        {
            log.warning(
                place, "the origin is asked over http; one that redirects to https makes a loop",
                "use https-only or match-viewer if the origin redirects")
        }
    }

    private static func judgeCompression(
        _ source: CacheBehavior, _ behavior: Behavior, _ place: ConfigPlace, _ log: FindingLog
    ) {
        guard source.isCompressing else { return }
        let place = place.member("Compress")
        guard behavior.isCompressing else {
            return log.warning(
                place, "Compress is true and nothing will be compressed",
                behavior.disablesCaching
                    ? "caching is disabled; let the origin compress"
                    : "enable gzip in the cache policy")
        }
        if !behavior.key.codings.contains(.gzip) {
            log.notEmulated(
                place,
                "Compress is true for Brotli alone, which the edge does not write, so that nothing "
                    + "will be compressed", "enable gzip beside it in the cache policy")
        } else if behavior.key.codings.contains(.brotli) {
            log.note(
                place, "Brotli is not written: who takes both gets gzip",
                "let the origin write it; what comes in Brotli is stored and served as it is")
        }
    }

    /// Error pages hold for the whole distribution, whatever the behavior.
    static func judge(_ config: DistributionConfig, _ behaviors: [Behavior], _ log: FindingLog) {
        let isRewriting = config.customErrorResponses.contains { $0.page?.responseCode == 200 }
        for behavior in behaviors where isRewriting && behavior.allowedMethods == .all {
            log.warning(
                behavior.place, "CustomErrorResponses turn this behavior's errors into 200 as well",
                "move what takes writes to a distribution without them, or keep the error's status")
        }
        for response in config.customErrorResponses
        where response.errorCachingMinTTL >= 60 {
            log.warning(
                response.place.member("ErrorCachingMinTTL"),
                "error \(response.errorCode) stays for \(response.errorCachingMinTTL) s after it "
                    + "is mended", "use a few seconds")
        }
    }
}

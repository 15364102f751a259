import Caching
import CloudFront
import HTTP
import Reactor

// Who is asked, by which name, and which behavior answers.
extension LoopState where N: ~Copyable {
    func requestAccount(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer
    ) -> Explanation.Request {
        var request = Explanation.Request()
        request.method = unsafe text(UnsafeRawBufferPointer(rebasing: bytes[head.methodName.range]))
        request.host = unsafe text(UnsafeRawBufferPointer(rebasing: bytes[head.authority.range]))
        request.target = unsafe text(UnsafeRawBufferPointer(rebasing: bytes[head.target.range]))
        request.usesTLS = unsafe usesTLS(slot, head, bytes)
        request.viewer = viewers[slot].address.ipText
        return request
    }

    func aliasAccount(_ bytes: UnsafeRawBufferPointer) -> Explanation.Alias? {
        guard let distribution = snapshot.settings.distribution else { return nil }
        var alias = Explanation.Alias()
        alias.distribution = distribution.id
        alias.domainName = distribution.domainName
        alias.isStrict = distribution.isStrictAboutAliases
        alias.matched = unsafe distribution.name(of: host(bytes).bytes)
        return alias
    }

    /// The pattern that matched, those before it that nearly did, those behind it that do as well.
    /// The last behavior's matches everything, so that it is told only when it is chosen.
    func patterns(_ path: UnsafeRawBufferPointer, _ chosen: Int) -> [Explanation.Pattern] {
        let behaviors = snapshot.settings.behaviors
        let path = unsafe text(path)
        return behaviors.indices.compactMap { index in
            let pattern = behaviors[index].pattern
            if index == chosen { return Explanation.Pattern(pattern, .matched) }
            if index < chosen {
                return PathPattern.nearMiss(pattern, path: path, decoding: hot.pathDecoding).map {
                    Explanation.Pattern(pattern, .nearly($0.explanation))
                }
            }
            guard index < behaviors.count - 1, matches(pattern, path) else { return nil }
            return Explanation.Pattern(pattern, .shadowed)
        }
    }

    private func matches(_ pattern: String, _ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(normal(path).utf8))
        return unsafe PathPattern.matches(pattern.span.bytes, path: path.span.bytes)
    }

    /// The path as patterns see it.
    private func normal(_ path: String) -> String {
        let bytes = Array(path.utf8)
        guard hot.normalizesPaths, unsafe MatchPath.needsNormalizing(bytes.span.bytes) else {
            return path
        }
        let normal = PathPattern.normalized(path, hot.pathDecoding)
        return normal.isEmpty ? path : normal
    }

    func noteNormalPath(_ path: UnsafeRawBufferPointer, _ told: inout Explanation) {
        let (sent, seen) = unsafe (text(path), normal(text(path)))
        if sent != seen { told.rewritings.append(Explanation.Rewriting("path for patterns", seen)) }
    }

    func behaviorAccount(_ index: Int) -> Explanation.Behavior {
        let settings = snapshot.settings.behaviors[index]
        var account = Explanation.Behavior()
        account.index = index
        account.pattern = settings.pattern
        account.origin = snapshot.settings.origins[settings.origin].id
        account.mode = "\(settings.policy.mode)"
        account.mapClass = "\(settings.policy.mapClass.word)"
        account.minTTL = settings.policy.minTTL
        account.defaultTTL = settings.policy.defaultTTL
        account.maxTTL = settings.policy.maxTTL
        account.keyPolicy = "the edge's own rules"
        guard settings.imported != nil, let source = importedSource(index) else { return account }
        switch source.caching {
        case .policy(let id):
            let managed = ManagedPolicies.cache.first { $0.id == id }
            account.keyPolicy = "cache policy \(managed?.name ?? id)"
        case .forwardedValues: account.keyPolicy = "ForwardedValues"
        }
        let added = source.originRequestPolicyId
        let managed = ManagedPolicies.originRequest.first { $0.id == added }
        account.originRequestPolicy = managed?.name ?? added
        return account
    }

    /// Another way to say that nothing is cached, in which no TTL has a part.
    func forwardsAllHeaders(_ index: Int) -> Bool {
        guard snapshot.settings.behaviors[index].imported != nil,
            case .forwardedValues(let values, _) = importedSource(index)?.caching
        else { return false }
        return values.forwardsAllHeaders
    }

    /// The group that is asked, if one is.
    func groupAccount(_ exchange: Exchange) -> Explanation.OriginGroup? {
        guard exchange.imported?.failover != nil,
            let source = importedSource(exchange.behavior),
            let group = snapshot.settings.distribution?.distribution.config.originGroups
                .first(where: { $0.id == source.targetOriginId })
        else { return nil }
        let method = exchange.head.method
        return Explanation.OriginGroup(
            id: group.id, members: [group.primary, group.secondary],
            statuses: group.criteria.statuses.sorted(),
            failsOver: method == .get || method == .head
                || method == .options && exchange.policy.cachesOptions)
    }

    private func importedSource(_ index: Int) -> CacheBehavior? {
        guard let config = snapshot.settings.distribution?.distribution.config else { return nil }
        let sources = config.cacheBehaviors + [config.defaultCacheBehavior]
        return sources.indices.contains(index) ? sources[index] : nil
    }
}

extension Refusal {
    /// Why, as a sentence.
    var explanation: String {
        switch self {
        case .unknownHost: "the host is no alias of the distribution, and strictAliases is set"
        case .disabled: "the distribution is disabled"
        case .countryBlocked: "the distribution is not for the viewer's country"
        case .redirect(let status):
            "the viewer protocol policy redirects http to https (\(status)); "
                + "explain it with --https"
        case .notSecured: "the viewer protocol policy is https-only; explain it with --https"
        case .method: "the behavior's AllowedMethods do not have the method"
        case .body: "GET and HEAD with a body are refused"
        case .signature(let denial):
            "the request must be signed: \(denial.message)"
                + (denial.cause.map { " (\($0))" } ?? "")
        case .stacked: "the request has passed through more than two distributions"
        case .rootObject: "the DefaultRootObject begins with a slash, so that / has none"
        }
    }
}

import Caching
import Edge

/// What `behaviors` of the file says of an imported behavior: what CloudFront has no word for.
struct BehaviorAddition: Sendable {
    typealias TimePath = any (WritableKeyPath<BehaviorPolicy, Milliseconds> & Sendable)
    typealias FlagPath = any (WritableKeyPath<BehaviorPolicy, Bool> & Sendable)

    /// The PathPattern of the behavior that is meant.
    var pattern: Given
    /// nil: nothing is said, and it stays CloudFront pure.
    var mapClass: MapClass?
    /// nil: a class brings its own.
    var sessionCookies: [String]?
    /// Of class pages.
    var pages = PageRules()
    /// nil: nothing is said.
    var degraded: DegradedMarker?
    var times: [(path: TimePath, value: Milliseconds)] = []
    var flags: [(path: FlagPath, value: Bool)] = []
    var statuses: StatusSet?
    /// nil: as the role has it.
    var canonicalKeys: Bool?
    var metatiles: MetatileSettings?
    var playback: PlaybackSettings?

    /// Whether it is about a behavior of that pattern: the slash at the beginning is optional.
    func concerns(_ other: String) -> Bool {
        func bare(_ text: String) -> Substring {
            text.hasPrefix("/") ? text.dropFirst() : text[...]
        }
        return bare(pattern.text) == bare(other)
    }

    /// Changes what CloudFront alone would do.
    func apply(to settings: inout BehaviorSettings) {
        if let mapClass, mapClass != .none {
            let pure = settings.policy
            var policy = BehaviorPolicy.standard(mode: .cloudfront, mapClass)
            policy.minTTL = pure.minTTL
            policy.defaultTTL = pure.defaultTTL
            policy.maxTTL = pure.maxTTL
            policy.errorTTL = pure.errorTTL
            policy.collapses = pure.collapses
            policy.compresses = pure.compresses
            policy.cachesOptions = pure.cachesOptions
            policy.revalidates = pure.revalidates
            settings = settings.with(policy)
        }
        for (path, value) in times { settings.policy[keyPath: path] = value }
        for (path, value) in flags { settings.policy[keyPath: path] = value }
        if let statuses { settings.policy.cachedStatuses = statuses }
        if let sessionCookies { settings.sessionCookies = sessionCookies }
        pages.apply(to: &settings)
        if let degraded { settings.degraded = degraded }
        settings.canonicalKeys = canonicalKeys
        if let metatiles { settings.metatiles = metatiles }
        if let playback { settings.playback = playback }
    }
}

extension BehaviorSettings {
    /// The same with a policy that looks at sessions, and with the standard names of theirs.
    fileprivate func with(_ policy: BehaviorPolicy) -> BehaviorSettings {
        var settings = BehaviorSettings(policy: policy)
        settings.pattern = pattern
        settings.origin = origin
        settings.imported = imported
        return settings
    }
}

extension ConfigurationReader {
    /// One element of `behaviors` where a distribution is imported; nil after a mistake was noted.
    func addition(_ section: Section) -> BehaviorAddition? {
        var section = section
        let pattern = section.given("path")
        var addition = BehaviorAddition(pattern: pattern ?? .standard("path", ""))
        section.read("class", &addition.mapClass, .mapClass)
        addition.sessionCookies = section.list("sessionCookies")?.compactMap {
            $0.read(.cookieName, findings)
        }
        addition.degraded = degradedMarker(&section)
        section.read("canonicalKeys", &addition.canonicalKeys, .flag)
        addition.metatiles = metatiles(&section)
        addition.playback = playback(&section)
        addition.pages = pageRules(&section)
        addition.readRules(&section)
        refuse(decidedForBehaviors, in: &section)
        section.finish()
        var trial = BehaviorSettings(policy: .standard(mode: .cloudfront, .pages))
        addition.apply(to: &trial)
        check(
            addition.pages, trial.policy, isPages: addition.mapClass == .pages, section)
        if pattern == nil {
            findings.error(
                at: section.place, "\(section.name.dropLast()) has no path",
                "add \"path:\" and the PathPattern of a behavior of the distribution")
            return nil
        }
        return addition
    }

    /// Notes each key of the section that the export decides.
    func refuse(
        _ keys: KeyValuePairs<String, String?>, in section: inout Section
    ) {
        for (key, member) in keys where section.gives(key) {
            findings.error(
                at: findings.place(of: section.name + key),
                "\(section.name)\(key) is decided by the distribution",
                member.map { "remove it; change \($0) in the export" }
                    ?? "remove it; CloudFront has no such choice")
        }
    }
}

extension BehaviorAddition {
    fileprivate mutating func readRules(_ section: inout Section) {
        let lifetime = ValueForm<Milliseconds>.duration(0...(BehaviorPolicy.year * 100))
        let timeForms: [(String, TimePath, ValueForm<Milliseconds>)] = [
            ("edgeTTL", \.edgeTTL, lifetime), ("sMaxage", \.sMaxage, lifetime),
            ("presentTTL", \.presentTTL, lifetime),
            ("featureInfoTTL", \.featureInfoTTL, lifetime),
            ("staleWhileRevalidate", \.staleWhileRevalidate, .window(lifetime)),
            ("staleIfError", \.staleIfError, .window(lifetime)),
        ]
        for (key, path, form) in timeForms {
            var value: Milliseconds?
            section.read(key, &value, form)
            if let value { times.append((path, value)) }
        }
        let flagPaths: [(String, FlagPath)] = [
            ("sessionsBypass", \.sessionsBypass), ("judgesAuthorization", \.judgesAuthorization),
            ("judgesCookies", \.judgesCookies), ("keepsFallback", \.keepsFallback),
            ("fetchOutlivesViewers", \.fetchOutlivesViewers),
            ("invalidatesOnUnsafe", \.invalidatesOnUnsafe), ("outlivesOrigin", \.outlivesOrigin),
        ]
        for (key, path) in flagPaths + Reading.all.map({ ($0.key, $0.flag) }) {
            var value: Bool?
            section.read(key, &value, .flag)
            if let value { flags.append((path, value)) }
        }
        var standard = StatusSet.standard
        if section.gives("cachedStatuses") {
            section.readStatuses(&standard, section.findings)
            statuses = standard
        }
    }
}

/// Keys of a behavior of one's own that an imported one does not have, and where CloudFront has
/// them.
private let decidedForBehaviors: KeyValuePairs<String, String?> = [
    "origin": "TargetOriginId", "minTTL": "MinTTL", "defaultTTL": "DefaultTTL",
    "maxTTL": "MaxTTL", "errorTTL": "ErrorCachingMinTTL",
    "honoursRequestCacheControl": nil, "usesHeuristics": nil, "keysVary": nil,
    "honoursTargetedControl": nil, "collapses": nil,
    "compress": "Compress",
]

/// Likewise for origins.
let decidedForOrigins: KeyValuePairs<String, String?> = [
    "hostHeader": "DomainName", "path": "OriginPath", "headers": "CustomHeaders",
    "connectTimeout": "ConnectionTimeout", "firstByteTimeout": "OriginReadTimeout",
    "betweenBytesTimeout": "OriginReadTimeout", "totalTimeout": "ResponseCompletionTimeout",
    "idleTimeout": "OriginKeepaliveTimeout", "attempts": "ConnectionAttempts",
]

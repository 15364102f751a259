import Caching
import Edge

/// A behavior as it was written; its origin's name becomes a position when all origins are known.
struct BehaviorDraft {
    var settings: BehaviorSettings
    /// Its paths; nil: a mistake was noted, and nothing follows from what it matches.
    var pattern: String?
    /// nil: not said, which is enough where there is one origin.
    var origin: Given?
    var place: Finding.Place
}

extension ConfigurationReader {
    /// The key `behaviors`: a list, first match wins.
    mutating func readBehaviors(_ top: inout Section) {
        for element in top.elements("behaviors") ?? [] {
            guard case .section(let section) = element else {
                if case .value(let given) = element {
                    findings.error(
                        at: given.place, "\(given.name) is no mapping",
                        "write it as - { path: \"/geoserver/*\", origin: ID }")
                }
                continue
            }
            if isImporting {
                if let addition = addition(section) { distribution.additions.append(addition) }
            } else {
                behaviors.append(behavior(section))
            }
        }
    }

    private func behavior(_ section: Section) -> BehaviorDraft {
        var section = section
        let mode = configuration.settings.mode
        var mapClass = MapClass.tiles
        let pattern = section.given("path")
        let origin = section.given("origin")
        section.read("class", &mapClass, .mapClass)
        var policy = standardPolicy(mode, mapClass)
        readLifetimes(&section, &policy)
        readRules(&section, &policy)
        readReadings(&section, &policy, mode)
        var settings = BehaviorSettings(policy: policy)
        if let cookies = section.list("sessionCookies") {
            settings.sessionCookies = cookies.compactMap { $0.read(.cookieName, findings) }
        }
        settings.degraded = degradedMarker(&section)
        section.read("canonicalKeys", &settings.canonicalKeys, .flag)
        if let metatiles = metatiles(&section) { settings.metatiles = metatiles }
        if let playback = playback(&section) { settings.playback = playback }
        let pages = pageRules(&section)
        pages.apply(to: &settings)
        section.finish()
        check(pages, policy, isPages: mapClass == .pages, section)
        checkLifetimes(policy, section)
        let place = pattern?.place ?? section.place
        guard let pattern else {
            findings.error(
                at: place, "\(section.name.dropLast()) has no path",
                "add \"path: \"*\"\" or a pattern such as \"/geoserver/*\"")
            return BehaviorDraft(settings: settings, origin: origin, place: place)
        }
        let paths = pattern.read(.pathPattern, findings)
        if let paths { settings.pattern = paths }
        if mode == .cloudfront, mapClass == .none {
            findings.warning(
                at: section.place,
                "the behavior \"\(printable(pattern.text))\" has class none: it caches as "
                    + "CloudFront does, sessions, Set-Cookie and Authorization included",
                "give it a class: tiles, capabilities, features or pages")
        }
        return BehaviorDraft(settings: settings, pattern: paths, origin: origin, place: place)
    }

    private func standardPolicy(_ mode: Mode, _ mapClass: MapClass) -> BehaviorPolicy {
        if mode == .cloudfront, mapClass == .none { return .cloudFrontPure }
        return .standard(mode: mode, mapClass)
    }

    private func readLifetimes(_ section: inout Section, _ policy: inout BehaviorPolicy) {
        // CloudFront's upper bound is 100 years.
        let lifetime = ValueForm<Milliseconds>.duration(0...(BehaviorPolicy.year * 100))
        section.read("minTTL", &policy.minTTL, lifetime)
        section.read("defaultTTL", &policy.defaultTTL, lifetime)
        section.read("maxTTL", &policy.maxTTL, lifetime)
        section.read("errorTTL", &policy.errorTTL, lifetime)
        section.read("edgeTTL", &policy.edgeTTL, lifetime)
        section.read("outlivesOrigin", &policy.outlivesOrigin, .flag)
        section.read("sMaxage", &policy.sMaxage, lifetime)
        section.read("presentTTL", &policy.presentTTL, lifetime)
        section.read("featureInfoTTL", &policy.featureInfoTTL, lifetime)
        section.read("staleWhileRevalidate", &policy.staleWhileRevalidate, .window(lifetime))
        section.read("staleIfError", &policy.staleIfError, .window(lifetime))
    }

    private func readRules(_ section: inout Section, _ policy: inout BehaviorPolicy) {
        section.read("honoursRequestCacheControl", &policy.honoursRequestCacheControl, .flag)
        section.read("usesHeuristics", &policy.usesHeuristics, .flag)
        section.read("keysVary", &policy.keysVary, .flag)
        section.read("honoursTargetedControl", &policy.honoursTargetedControl, .flag)
        section.read("sessionsBypass", &policy.sessionsBypass, .flag)
        section.read("judgesAuthorization", &policy.judgesAuthorization, .flag)
        section.read("judgesCookies", &policy.judgesCookies, .flag)
        section.read("keepsFallback", &policy.keepsFallback, .flag)
        section.read("compress", &policy.compresses, .flag)
        section.read("collapses", &policy.collapses, .flag)
        section.read("fetchOutlivesViewers", &policy.fetchOutlivesViewers, .flag)
        section.read("invalidatesOnUnsafe", &policy.invalidatesOnUnsafe, .flag)
    }

    private func checkLifetimes(_ policy: BehaviorPolicy, _ section: Section) {
        for (lower, least, upper, most) in [
            ("minTTL", policy.minTTL, "maxTTL", policy.maxTTL),
            ("defaultTTL", policy.defaultTTL, "maxTTL", policy.maxTTL),
            ("edgeTTL", policy.edgeTTL, "maxTTL", policy.maxTTL),
            ("minTTL", policy.minTTL, "defaultTTL", policy.defaultTTL),
        ] where least > most {
            // A default nobody wrote gives way to what somebody did.
            guard section.has(lower) && (section.has(upper) || upper == "maxTTL") else { continue }
            findings.error(
                at: findings.place(of: section.name + lower),
                "\(section.name)\(lower) (\(durationText(least))) is larger than its \(upper) "
                    + "(\(durationText(most)))",
                "lower \(lower) or raise \(upper)")
        }
    }

    /// Gives each behavior its origin, and all paths a behavior.
    mutating func settleBehaviors() {
        let names = origins.map(\.settings.id)
        for draft in behaviors {
            var settings = draft.settings
            if let given = draft.origin {
                if let index = names.firstIndex(of: given.text) {
                    settings.origin = index
                } else {
                    findings.error(
                        at: given.place, "no origin is named \"\(printable(given.text))\"",
                        names.isEmpty ? "add it to origins" : remedy(for: given.text, among: names))
                }
            } else if names.count > 1 {
                findings.error(
                    at: draft.place,
                    "the behavior\(draft.pattern.map { " \"\($0)\"" } ?? "") names no origin",
                    "add \"origin:\" and one of \(names.joined(separator: ", "))")
            }
            configuration.settings.behaviors.append(settings)
        }
        findUnreachable()
        completeBehaviors(names)
        findUnused(names)
    }

    private func findUnreachable() {
        for (index, draft) in behaviors.enumerated() {
            guard let pattern = draft.pattern else { continue }
            let earlier = behaviors[..<index].compactMap(\.pattern)
            if let hiding = earlier.first(where: { covers($0, pattern) }) {
                findings.error(
                    at: draft.place,
                    "the behavior \"\(pattern)\" is never reached: \"\(hiding)\" before it "
                        + "matches all its paths",
                    "move it before \"\(hiding)\", or remove it")
            }
        }
    }

    private mutating func completeBehaviors(_ names: [String]) {
        if let last = behaviors.last, last.pattern.map({ covers($0, "*") }) ?? true { return }
        guard names.count < 2 else {
            findings.error(
                at: behaviors.last?.place
                    ?? (file.isEmpty ? .flag("--origin") : .line(file: file, 1)),
                "no behavior matches every path, and there are several origins to choose from",
                "end behaviors with - { path: \"*\", origin: \(names[0]) }")
            return
        }
        configuration.settings.behaviors.append(
            BehaviorSettings(policy: .standard(mode: configuration.settings.mode)))
    }

    private func findUnused(_ names: [String]) {
        let used = Set(configuration.settings.behaviors.map(\.origin))
        for (index, draft) in origins.enumerated()
        where names.count > 1 && !behaviors.isEmpty && !used.contains(index) {
            findings.warning(
                at: draft.place, "no behavior leads to the origin \"\(names[index])\"",
                "name it in a behavior, or remove it")
        }
    }
}

extension ValueForm where Value == MapClass {
    static var mapClass: Self {
        .choice([
            "none": .none, "tiles": .tiles, "capabilities": .capabilities,
            "features": .features, "pages": .pages,
        ])
    }
}

extension ValueForm where Value == Milliseconds {
    /// A stale window: a duration, or `maxTTL` for as long as that allows.
    static func window(_ lifetime: Self) -> Self {
        Self { text throws(Complaint) in
            text == "maxTTL" ? .max : try lifetime.parse(text)
        }
    }
}

extension ValueForm where Value == String {
    /// The name of a cookie (RFC 6265 §4.1.1).
    static var cookieName: Self {
        Self { text throws(Complaint) in
            guard (try? fieldName.parse(text)) != nil else {
                throw Complaint("is no name of a cookie", "write it as the site sets it")
            }
            return text
        }
    }

    /// CloudFront's path pattern: at most 255 characters, of the path only.
    static var pathPattern: Self {
        Self { text throws(Complaint) in
            guard (1...BehaviorSettings.patternBytesMax).contains(text.utf8.count),
                text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") })
            else {
                throw Complaint(
                    "is no path pattern",
                    "write at most \(BehaviorSettings.patternBytesMax) characters of a path, with "
                        + "* and ?")
            }
            return text
        }
    }
}

import Caching
import Edge

/// What a behavior of class pages says of cookies, languages and tokens.
struct PageRules: Sendable {
    var cookies = CookieClasses()
    var languages: [String] = []
    var tokens = PageSecrets.standardNames
    var tokenPlaces: [TokenRule] = []
    var sessionStartProofs = 0
    /// The first key that says something else than the standard.
    var changed: String? {
        if cookies != CookieClasses() { return "cookies" }
        if !languages.isEmpty { return "languages" }
        if !tokenPlaces.isEmpty { return "tokenPlaces" }
        if sessionStartProofs > 0 { return "sessionStartProofs" }
        return tokens == PageSecrets.standardNames ? nil : "tokens"
    }

    func apply(to settings: inout BehaviorSettings) {
        settings.cookies = cookies
        settings.languages = languages
        settings.tokens = tokens
        settings.tokenPlaces = tokenPlaces
        settings.sessionStartProofs = sessionStartProofs
    }
}

extension ConfigurationReader {
    /// The keys of a behavior from `cookies` to `sessionStartProofs`.
    func pageRules(_ section: inout Section) -> PageRules {
        var rules = PageRules()
        if var cookies = section.section("cookies") {
            let lists: [(String, WritableKeyPath<CookieClasses, [String]>)] = [
                ("csrf", \.csrf), ("messages", \.messages), ("locale", \.locale),
                ("analytics", \.analytics),
            ]
            for (key, path) in lists {
                guard let names = cookies.list(key) else { continue }
                rules.cookies[keyPath: path] = names.compactMap { $0.read(.cookieName, findings) }
            }
            cookies.finish()
        }
        if let languages = section.list("languages") {
            rules.languages = languages.compactMap { $0.read(.language, findings) }
            if rules.languages.count > PageLanguages.limit {
                findings.error(
                    at: findings.place(of: section.name + "languages"),
                    "\(section.name)languages has more than \(PageLanguages.limit) languages",
                    "leave out those that nobody reads")
            }
        }
        if let tokens = section.list("tokens") {
            rules.tokens = tokens.compactMap { $0.read(.text, findings) }
        }
        if let places = section.elements("tokenPlaces") {
            rules.tokenPlaces = tokenPlaces(places, rules.cookies.csrf)
        }
        section.read("sessionStartProofs", &rules.sessionStartProofs, .count(0...16))
        if rules.sessionStartProofs == 1 {
            findings.error(
                at: findings.place(of: section.name + "sessionStartProofs"),
                "\(section.name)sessionStartProofs is 1, and one answer proves nothing",
                "give 2 or more, or 0 to share no page that starts a session")
        }
        return rules
    }

    /// Notes keys that say nothing.
    func check(_ rules: PageRules, _ policy: BehaviorPolicy, isPages: Bool, _ section: Section) {
        guard let key = rules.changed else { return }
        if !isPages {
            findings.error(
                at: findings.place(of: section.name + key),
                "\(section.name)\(key) is for class pages only",
                "add \"class: pages\", or remove it")
        } else if !policy.sessionsBypass || !policy.judgesCookies {
            findings.error(
                at: findings.place(of: section.name + key),
                "\(section.name)\(key) does nothing while sessionsBypass or judgesCookies is false",
                "remove one or the other")
        }
    }

    /// The keys of `ownWrites`.
    func readOwnWrites(_ section: Section, _ settings: inout OwnWriteSettings) {
        var section = section
        section.read("window", &settings.window, .duration(0...86_400_000))
        section.read("places", &settings.places, .count(8...(1 << 24)))
        section.read("byAddress", &settings.byAddress, .flag)
        section.finish()
    }
}

/// Who has written something is to see it for as long as older pages are served.
func checkOwnWrites(_ settings: Settings, _ findings: Findings) {
    let writes = settings.ownWrites
    let pages = settings.behaviors.filter { $0.policy.mapClass == .pages }
    let place = findings.place(of: "ownWrites")
    if pages.isEmpty {
        guard writes != OwnWriteSettings() else { return }
        findings.warning(
            at: place, "ownWrites is about pages, and no behavior has class pages",
            "give one that class, or remove ownWrites")
        return
    }
    let longest =
        pages.map {
            $0.policy.defaultTTL.addingReportingOverflow($0.policy.staleWhileRevalidate)
        }.map { $0.overflow ? .max : $0.partialValue }.max() ?? 0
    if writes.window > 0, longest > writes.window {
        findings.warning(
            at: findings.place(of: "ownWrites.window"),
            "ownWrites.window (\(durationText(writes.window))) ends before a page that was stored "
                + "before the write does (defaultTTL and staleWhileRevalidate: "
                + "\(durationText(longest)))",
            "raise ownWrites.window, or lower those")
    }
}

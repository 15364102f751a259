import Caching
import Edge
import Reactor

// Who gets how much of members' time: the keys of an origin, and of viewers' rates.

/// The classes' keys in the order of the file.
private let classes = RequestClass.allCases

extension ConfigurationReader {
    /// What an origin says of places, turns and second requests.
    func readFairness(_ section: inout Section, _ origin: inout OriginSettings) {
        if var limits = section.section("limits") {
            for kind in classes {
                limits.read(
                    kind.word.description, &origin.limits.given[kind], .count(0...1_048_576))
            }
            limits.finish()
        }
        section.read("queuePerClass", &origin.queuePerClass, .count(0...1_048_576))
        section.read("queuePerViewer", &origin.queuePerViewer, .count(0...1_048_576))
        section.read(
            "fairness", &origin.fairness, .choice(["address": .address, "session": .session]))
        section.read("retryAfterMaximum", &origin.retryAfterMaximum, .duration(0...86_400_000))
        guard var hedge = section.section("hedge") else { return }
        hedge.read("budget", &origin.hedge.budgetPercent, .count(0...100))
        hedge.read("delay", &origin.hedge.delay, .duration(0...86_400_000))
        hedge.read("percentile", &origin.hedge.percentile, .count(50...99))
        hedge.finish()
    }

    /// The keys of `viewerRates`.
    func readViewerRates(_ section: Section, _ rates: inout ViewerRateSettings) {
        var section = section
        if let blocks = section.list("exempt") {
            rates.exempt = blocks.compactMap { $0.read(.block, findings) }
        }
        section.read("parties", &rates.parties, .count(8...(1 << 24)))
        for kind in classes {
            guard var one = section.section(kind.word.description) else { continue }
            rates.limits[kind] = readRate(&one)
            one.finish()
        }
        section.finish()
        let standard = ViewerRateSettings()
        for (key, isSet) in [
            ("exempt", !rates.exempt.isEmpty), ("parties", rates.parties != standard.parties),
        ] where isSet && !rates.isOn {
            findings.warning(
                at: findings.place(of: "viewerRates.\(key)"),
                "viewerRates.\(key) does nothing while no class has a rate",
                "give a class a rate, such as tiles: { rate: 50/s }")
        }
    }

    private func readRate(_ section: inout Section) -> RateLimit? {
        var rate: ViewerRate?
        var burst: Int?
        section.read("rate", &rate, .rate)
        section.read("burst", &burst, .count(1...1_000_000))
        guard let rate else {
            if burst != nil {
                findings.error(
                    at: findings.place(of: section.name + "burst"),
                    "\(section.name)burst does nothing without a rate",
                    "add \"rate: 50/s\", or remove burst")
            }
            return nil
        }
        return RateLimit(
            requests: rate.requests, per: rate.milliseconds, burst: burst ?? rate.requests)
    }
}

/// So many requests in so long a time.
struct ViewerRate: Equatable {
    var requests: Int
    var milliseconds: Int
}

extension ValueForm where Value == ViewerRate {
    /// `50/s`, `600/m`, `10000/h` or `100000/d`.
    static var rate: Self {
        Self { text throws(Complaint) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let spans = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
            guard parts.count == 2, let span = spans[String(parts[1])],
                parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let requests = Int(parts[0]), (1...1_000_000).contains(requests)
            else {
                throw Complaint(
                    "is no rate", "write 1 to 1000000 for each s, m, h or d, such as 50/s or 600/m")
            }
            return ViewerRate(requests: requests, milliseconds: span)
        }
    }
}

/// Notes what an origin says of places and turns that does not go together.
func checkFairness(_ origin: OriginSettings, _ findings: Findings) {
    let name = "origins.\(origin.id)"
    for kind in classes {
        let key = "\(name).limits.\(kind.word)"
        guard let limit = origin.limits.given[kind], origin.memberConcurrency > 0,
            limit > origin.memberConcurrency
        else { continue }
        findings.warning(
            at: findings.place(of: key),
            "\(key) (\(limit)) is never reached: memberConcurrency (\(origin.memberConcurrency)) "
                + "is the limit of all classes together",
            "lower it, or raise memberConcurrency")
    }
    for (key, value) in [
        ("queuePerClass", origin.queuePerClass), ("queuePerViewer", origin.queuePerViewer),
    ] where value > origin.queueLength && findings.isGiven("\(name).\(key)") {
        findings.warning(
            at: findings.place(of: "\(name).\(key)"),
            "\(name).\(key) (\(value)) is never reached: queueLength (\(origin.queueLength)) "
                + "is the length of the whole queue",
            "lower it, or raise queueLength")
    }
    checkHedge(origin, name, findings)
    checkCores(origin, name, findings)
}

/// A member's cores say how many tiles and features it takes where nobody else says so.
private func checkCores(_ origin: OriginSettings, _ name: String, _ findings: Findings) {
    let given = origin.limits.given
    guard given[.tiles] != nil, given[.features] != nil else { return }
    let members = origin.members.indices.map { "members[\($0)]" }
    for key in members + ["discover"] where findings.isGiven("\(name).\(key).cores") {
        findings.warning(
            at: findings.place(of: "\(name).\(key).cores"),
            "\(name).\(key).cores does nothing where limits.tiles and limits.features are given",
            "remove cores, or one of these limits")
    }
}

/// Notes turns by session where nobody says what a session is.
func checkTurns(_ settings: Settings, _ findings: Findings) {
    for (index, origin) in settings.origins.enumerated() where origin.fairness == .session {
        let isKnown = settings.behaviors.contains {
            $0.origin == index && !$0.sessionCookies.isEmpty
        }
        guard !isKnown else { continue }
        findings.warning(
            at: findings.place(of: "origins.\(origin.id).fairness"),
            "origins.\(origin.id).fairness is session, but no behavior of it has sessionCookies, "
                + "so that addresses take turns",
            "give sessionCookies, or fairness: address")
    }
}

private func checkHedge(_ origin: OriginSettings, _ name: String, _ findings: Findings) {
    let hedge = origin.hedge
    if hedge.budgetPercent == 0 {
        if hedge.delay > 0 {
            findings.warning(
                at: findings.place(of: "\(name).hedge.delay"),
                "\(name).hedge.delay does nothing with a budget of 0",
                "give hedge.budget, such as 5, or remove delay")
        }
        warnOfPercentile(hedge, name, "a budget of 0", "give hedge.budget, such as 5", findings)
        return
    }
    if hedge.delay > 0 {
        warnOfPercentile(hedge, name, "a delay of its own", "remove hedge.delay", findings)
    }
    if origin.members.count < 2 {
        findings.warning(
            at: findings.place(of: "\(name).hedge"),
            "\(name).hedge does nothing with one member", "add a member, or remove hedge")
    }
    if hedge.delay >= origin.firstByteTimeout {
        findings.error(
            at: findings.place(of: "\(name).hedge.delay"),
            "\(name).hedge.delay (\(shown(hedge.delay))) is not shorter than firstByteTimeout "
                + "(\(shown(origin.firstByteTimeout))), so that no second member is ever asked",
            "lower delay or raise firstByteTimeout")
    }
}

private func warnOfPercentile(
    _ hedge: HedgeSettings, _ name: String, _ cause: String, _ remedy: String, _ findings: Findings
) {
    guard hedge.percentile != HedgeSettings().percentile else { return }
    findings.warning(
        at: findings.place(of: "\(name).hedge.percentile"),
        "\(name).hedge.percentile does nothing with \(cause)", "\(remedy), or remove percentile")
}

/// Notes rates that would count many viewers as one.
func checkViewerRates(_ settings: Settings, _ findings: Findings) {
    guard settings.viewerRates.isOn, settings.role == .tier, settings.trustedProxies.isEmpty else {
        return
    }
    findings.warning(
        at: findings.place(of: "viewerRates"),
        "viewerRates counts all viewers of one proxy as one, since no proxy is trusted to name "
            + "them",
        "name CloudFront's addresses, or your load balancer's, in trustedProxies")
}

import Caching
import Edge

extension ConfigurationReader {
    /// The keys of `origins.*.health`.
    func readHealth(_ section: Section, _ health: inout HealthSettings) {
        var section = section
        let wait = ValueForm<Int>.duration(1...86_400_000)
        let first = oneCheck(&section)
        section.read("interval", &health.interval, wait)
        section.read("timeout", &health.timeout, wait)
        section.read("bodyLimit", &health.bodyBytes, .bytes(1_024...(1 << 30)))
        section.read("rise", &health.rise, .count(1...1_000))
        section.read("fall", &health.fall, .count(1...1_000))
        section.read("consecutiveFailures", &health.consecutiveFailures, .count(1...1_000))
        section.read("ejection", &health.ejection, wait)
        section.read("ejectionMaximum", &health.ejectionMaximum, wait)
        section.read("trialTimeout", &health.trialTimeout, wait)
        section.read("slowStart", &health.slowStart, .duration(0...86_400_000))
        if let passive = section.section("passive") { readPassive(passive, &health.passive) }
        let elements = section.elements("checks") ?? []
        health.checks = (first.map { [$0] } ?? []) + elements.compactMap(check)
        section.finish()
        // A default that nobody wrote gives way to what somebody did.
        if !section.has("timeout") { health.timeout = min(health.timeout, health.interval) }
        if !section.has("ejectionMaximum") {
            health.ejectionMaximum = max(health.ejectionMaximum, health.ejection)
        }
    }

    /// The check whose keys stand beside the others: the first one, where there is a path.
    private func oneCheck(_ section: inout Section) -> CheckSettings? {
        var path: String?
        var (status, body): (ClosedRange<Int>, String?) = (200...399, nil)
        section.read("path", &path, .requestPath)
        section.read("status", &status, .statuses)
        section.read("body", &body, .text)
        if body != nil, path == nil {
            findings.error(
                at: findings.place(of: section.name + "body"),
                "\(section.name)body is never looked at without a path to ask for",
                "add \"path: /…\", or remove body")
        }
        return path.map {
            CheckSettings(kind: .http(status: status, body: bytes(body)), target: $0)
        }
    }

    private func bytes(_ text: String?) -> [UInt8] { text.map { Array($0.utf8) } ?? [] }

    private enum CheckKind { case http, map, capabilities }

    private func check(_ element: Section.Element) -> CheckSettings? {
        guard case .section(var section) = element else {
            if case .value(let given) = element {
                findings.error(
                    at: given.place, "\(given.name) is no mapping",
                    "write { kind: map, path: \"/…\" }")
            }
            return nil
        }
        var kind: CheckKind?
        var (path, interval, timeout): (String?, Int?, Int?) = (nil, nil, nil)
        section.read(
            "kind", &kind, .choice(["http": .http, "map": .map, "capabilities": .capabilities]))
        section.read("path", &path, .requestPath)
        section.read("interval", &interval, .duration(1...86_400_000))
        section.read("timeout", &timeout, .duration(1...86_400_000))
        let given = kind.map { expectation(&section, $0) }
        if kind != nil || !section.has("kind") { section.finish() }
        let name = section.name.dropLast()
        guard let kind, let given else {
            if !section.has("kind") {
                findings.error(
                    at: section.place, "\(name) has no kind",
                    "add \"kind: http\", \"kind: map\" or \"kind: capabilities\"")
            }
            return nil
        }
        guard let path else {
            if !section.has("path") {
                findings.error(
                    at: section.place, "\(name) has no path", "add the path to ask for, with query")
            }
            return nil
        }
        if kind == .map, MapTarget(path) == nil {
            findings.error(
                at: findings.place(of: section.name + "path"),
                "\(section.name)path asks for no map", "write a whole GetMap or tile request")
        }
        return CheckSettings(kind: given, target: path, interval: interval, timeout: timeout)
    }

    private func expectation(_ section: inout Section, _ kind: CheckKind) -> CheckSettings.Kind {
        switch kind {
        case .http:
            var (status, body): (ClosedRange<Int>, String?) = (200...399, nil)
            section.read("status", &status, .statuses)
            section.read("body", &body, .text)
            return .http(status: status, body: bytes(body))
        case .map: return .map
        case .capabilities:
            var minimum = 1
            section.read("minLayers", &minimum, .count(0...100_000))
            let layers = (section.list("layers") ?? []).compactMap { $0.read(.text, findings) }
            return .capabilities(minimum: minimum, layers: layers)
        }
    }

    private func readPassive(_ section: Section, _ passive: inout PassiveSettings) {
        var section = section
        let bound = ValueForm<Int>.duration(0...86_400_000)
        section.read("exceptions", &passive.exceptions, .flag)
        section.read("wrongContent", &passive.wrongContent, .flag)
        section.read("truncated", &passive.truncated, .flag)
        section.read("slowHead", &passive.slowHead, bound)
        section.read("slowBody", &passive.slowBody, bound)
        section.finish()
    }
}

/// Notes bounds of health that contradict each other.
func checkHealth(_ origin: OriginSettings, _ findings: Findings) {
    let health = origin.health
    // An imported origin is not checked unless somebody asks for it.
    guard health.interval > 0 else { return }
    let name = "origins.\(origin.id).health"
    checkTimes(health, name, findings)
    if health.ejectionMaximum < health.ejection {
        findings.error(
            at: findings.place(of: "\(name).ejectionMaximum"),
            "\(name).ejectionMaximum (\(shown(health.ejectionMaximum))) is shorter than the first "
                + "ejection (\(shown(health.ejection)))",
            "raise ejectionMaximum or lower ejection")
    }
    let passive = health.passive
    for (key, bound, wait, limit) in [
        ("slowHead", passive.slowHead, "firstByteTimeout", origin.firstByteTimeout),
        ("slowBody", passive.slowBody, "betweenBytesTimeout", origin.betweenBytesTimeout),
    ] where bound >= limit && findings.isGiven("\(name).passive.\(key)") {
        findings.warning(
            at: findings.place(of: "\(name).passive.\(key)"),
            "\(name).passive.\(key) (\(shown(bound))) is never reached: \(wait) "
                + "(\(shown(limit))) ends the request before",
            "lower \(key), or write \(key): 0")
    }
}

private func checkTimes(_ health: HealthSettings, _ name: String, _ findings: Findings) {
    if health.timeout > health.interval {
        findings.error(
            at: findings.place(of: "\(name).timeout"),
            "\(name).timeout (\(shown(health.timeout))) is longer than its interval "
                + "(\(shown(health.interval))), so that checks would overlap",
            "lower timeout or raise interval")
    }
    for check in health.checks {
        let interval = check.interval ?? health.interval
        guard let timeout = check.timeout, timeout > interval else { continue }
        findings.error(
            at: findings.place(of: "\(name).checks"),
            "the \(check.word) check of \(name).checks has a timeout (\(shown(timeout))) longer "
                + "than its interval (\(shown(interval))), so that it would overlap itself",
            "lower timeout or raise interval")
    }
}

/// Notes pools of map servers that nobody asks for a map: a member whose catalogue is gone answers
/// everything else.
///
/// - Parameter found: origins whose members are found while the edge runs.
func checkMapChecks(_ settings: Settings, found: [String], _ findings: Findings) {
    var told: Set<Int> = []
    for (index, behavior) in settings.behaviors.enumerated()
    where behavior.policy.mapClass == .tiles && settings.origins.indices.contains(behavior.origin) {
        let origin = settings.origins[behavior.origin]
        let isWritten =
            behavior.imported != nil || findings.isGiven("behaviors[\(index)].class")
        // One alone is asked whatever a check says; those that are found have to prove themselves.
        guard isWritten, origin.members.count > 1 || found.contains(origin.id),
            !origin.health.checks.contains(where: { $0.kind == .map }),
            told.insert(behavior.origin).inserted
        else { continue }
        findings.warning(
            at: findings.place(of: "origins.\(origin.id)"),
            "the origin \"\(origin.id)\" serves maps, and no check asks its members for one, so "
                + "that one without its catalogue is found out by viewers",
            "add to its health: \"checks: [{ kind: map, path: \"/…GetMap…\" }]\"")
    }
}

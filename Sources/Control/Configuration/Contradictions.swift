import Caching
import Edge
import HTTP

/// Notes values that are each possible but not together.
func findContradictions(in settings: Settings, _ findings: Findings) {
    checkLimits(settings, findings)
    checkCache(settings.cache, findings)
    checkSouthbound(settings, findings)
    checkTrust(settings, findings)
    for origin in settings.origins {
        checkOrigin(origin, findings)
        checkHealth(origin, findings)
        checkFairness(origin, findings)
        checkCluster(origin, findings)
    }
    checkViewerRates(settings, findings)
    checkTurns(settings, findings)
    checkOwnWrites(settings, findings)
}

private func checkLimits(_ settings: Settings, _ findings: Findings) {
    let limits = settings.limits
    // CloudFront keeps a connection to its origin for up to 120 s; who closes first, closes under
    // a request now and then.
    if settings.role == .tier, limits.idleTimeout < 120_000 {
        findings.warning(
            at: findings.place(of: "limits.idleTimeout"),
            "limits.idleTimeout is \(shown(limits.idleTimeout)), shorter than CloudFront's "
                + "keep-alive of up to 120s, so that CloudFront meets closed connections",
            "give 120s or more")
    }
    if limits.head.headBytes < limits.head.targetBytes {
        findings.error(
            at: findings.place(of: "limits.head"),
            "limits.head (\(limits.head.headBytes) bytes) is smaller than limits.target "
                + "(\(limits.head.targetBytes) bytes), which is a part of it",
            "raise limits.head or lower limits.target")
    }
}

private func checkCache(_ cache: CacheSettings, _ findings: Findings) {
    if UInt64(cache.objectBytes) > cache.bytes {
        findings.error(
            at: findings.place(of: "cache.objectSize"),
            "cache.objectSize (\(bytesText(UInt64(cache.objectBytes)))) is larger than the whole "
                + "cache (\(bytesText(cache.bytes)))",
            "lower cache.objectSize or raise cache.size")
    }
    for (name, bytes) in [("fillMemory", cache.fillBytes), ("backlog", cache.backlogBytes)]
    where bytes < cache.objectBytes {
        findings.warning(
            at: findings.place(of: "cache.\(name)"),
            "cache.\(name) (\(bytesText(UInt64(bytes)))) is smaller than cache.objectSize "
                + "(\(bytesText(UInt64(cache.objectBytes)))), so that the largest are never stored",
            "raise cache.\(name) or lower cache.objectSize")
    }
}

private func checkTrust(_ settings: Settings, _ findings: Findings) {
    guard let name = settings.trustedFields.first, settings.trustedProxies.isEmpty else { return }
    findings.warning(
        at: findings.place(of: "trustedFields"),
        "trustedFields has \(name), and nobody is trusted to set it, so that origins never see it",
        "name the proxies that set it in trustedProxies (--trusted-proxy)")
}

private func checkSouthbound(_ settings: Settings, _ findings: Findings) {
    let southbound = settings.southbound
    if southbound.breakerMaximum < southbound.breakerTime {
        findings.error(
            at: findings.place(of: "southbound.breakerMaximum"),
            "southbound.breakerMaximum (\(shown(southbound.breakerMaximum))) is shorter than "
                + "breakerTime (\(shown(southbound.breakerTime)))",
            "raise breakerMaximum or lower breakerTime")
    }
    if southbound != SouthboundSettings(), !settings.listeners.contains(where: \.isSouthbound) {
        findings.warning(
            at: findings.place(of: "southbound"),
            "no listener is for the site's own calls, so that southbound says nothing",
            "write southbound: true at the address in listen that GEOSERVER_LOCATION names")
    }
}

private func checkOrigin(_ origin: OriginSettings, _ findings: Findings) {
    let name = "origins.\(origin.id)"
    for (key, least) in [
        ("connectTimeout", origin.connectTimeout), ("firstByteTimeout", origin.firstByteTimeout),
    ] where (1..<least).contains(origin.totalTimeout) && findings.isGiven("\(name).\(key)") {
        findings.error(
            at: findings.place(of: "\(name).totalTimeout"),
            "\(name).totalTimeout (\(shown(origin.totalTimeout))) ends before \(key) "
                + "(\(shown(least))) can",
            "raise totalTimeout, lower \(key), or write totalTimeout: 0 for none")
    }
    let names = origin.members.map(\.name)
    for (index, member) in names.enumerated() where names[..<index].contains(member) {
        findings.error(
            at: findings.place(of: name), "\(member) is a member of \"\(origin.id)\" twice",
            "name it once, with a weight if it shall get more")
    }
}

func shown(_ milliseconds: Int) -> String { durationText(Int64(milliseconds)) }

import Edge
import HTTP

extension ConfigurationReader {
    /// The keys of an origin's `cluster`; nil when they ask for none: there is no leader, and the
    /// members do not see to it themselves.
    func readCluster(_ section: Section, of origin: String) -> ClusterSettings? {
        var section = section
        var cluster = ClusterSettings()
        section.read("leader", &cluster.leader, .text)
        if cluster.leader == "auto" { (cluster.leader, cluster.choosesLeader) = (nil, true) }
        section.read("succession", &cluster.succession, .duration(0...86_400_000))
        if let followers = section.list("followers"), followers.map(\.text) != ["all"] {
            cluster.followers = followers.compactMap { $0.read(.text, findings) }
        }
        section.read("sync", &cluster.sync, .sync)
        section.read("restPath", &cluster.restPath, .restPath)
        // What nobody wrote follows the path that somebody did.
        cluster.capabilities =
            cluster.context + "/ows?service=WMS&version=1.3.0&request=GetCapabilities"
        section.read("capabilities", &cluster.capabilities, .requestPath)
        if let paths = section.list("proxies") {
            cluster.proxies = paths.compactMap { $0.read(.restPath, findings) }
        }
        if let paths = section.list("invalidates") {
            cluster.invalidates = paths.compactMap { $0.read(.stalePath, findings) }
        }
        cluster.authorization = section.given("credentials").flatMap(credentials)
        section.read("timeout", &cluster.timeout, .duration(1...3_600_000))
        section.read("retries", &cluster.retries, .count(0...1_000))
        section.read("driftInterval", &cluster.driftInterval, .duration(1_000...86_400_000))
        section.read("propagation", &cluster.propagation, .duration(0...3_600_000))
        section.read("sharedStore", &cluster.sharedStore, .flag)
        if let names = section.list("stickyCookies") {
            cluster.stickyCookies = names.compactMap { $0.read(.fieldName, findings) }
        }
        section.finish()
        guard !cluster.hasLeader, cluster.sync != .none else { return cluster }
        if cluster != ClusterSettings() {
            findings.error(
                at: section.place,
                "origins.\(origin).cluster has no leader to bring the others in step with",
                "name the member that takes writes in leader, or write leader: auto where all have "
                    + "one data directory, or sync: none where members see to it themselves")
        }
        return nil
    }

    /// The first line of a file, `USER:PASSWORD`, as the value of an Authorization field.
    func credentials(in given: Given) -> String? {
        guard let path = given.read(.text, findings) else { return nil }
        do throws(Complaint) {
            let line = try readTextFile(path).prefix { !$0.isNewline }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw Complaint("has no user and password", "write USER:PASSWORD on its first line")
            }
            if isReadableByAll(path) {
                findings.warning(
                    at: given.place,
                    "everybody on this machine may read \(printable(path)), a secret",
                    "take the right from others: chmod o= \(printable(path))")
            }
            return "Basic " + Base64.encode(Array(line.utf8))
        } catch {
            findings.error(
                at: given.place, "\(given.name) \"\(printable(path))\" \(error.problem)",
                error.remedy)
            return nil
        }
    }
}

/// Notes what a cluster's keys say that cannot all be so.
func checkCluster(_ origin: OriginSettings, _ findings: Findings) {
    guard let cluster = origin.cluster else { return }
    let name = "origins.\(origin.id).cluster"
    let members = origin.members.map(\.name)
    func among(_ key: String, _ member: String) {
        // Whoever is found while the edge runs is not known yet.
        guard !members.isEmpty, !members.contains(member) else { return }
        findings.error(
            at: findings.place(of: "\(name).\(key)"),
            "\(name).\(key) names \(printable(member)), which is no member of \"\(origin.id)\"",
            remedy(for: member, among: members))
    }
    if let leader = cluster.leader { among("leader", leader) }
    for follower in cluster.followers ?? [] { among("followers", follower) }
    if let leader = cluster.leader, cluster.followers?.contains(leader) == true {
        findings.error(
            at: findings.place(of: "\(name).followers"),
            "\(printable(leader)) is both leader and follower of \"\(origin.id)\"",
            "leave it out of followers")
    }
    checkChoice(cluster, name, findings)
    checkFollowers(origin, cluster, name, findings)
    checkSync(origin, cluster, name, findings)
}

private func checkChoice(_ cluster: ClusterSettings, _ name: String, _ findings: Findings) {
    guard cluster.choosesLeader else {
        if cluster.succession != ClusterSettings().succession {
            findings.warning(
                at: findings.place(of: "\(name).succession"),
                "\(name).succession does nothing, as nobody but the leader given takes writes",
                "write leader: auto where all members have one data directory")
        }
        return
    }
    if cluster.sync == .none {
        findings.error(
            at: findings.place(of: "\(name).leader"),
            "\(name).leader is auto, and a leader is chosen by a reload, but sync is none",
            "remove leader, so that any member takes writes, or write sync: reload")
    }
    if cluster.followers != nil {
        findings.error(
            at: findings.place(of: "\(name).followers"),
            "\(name).followers are all but the leader, and who that is changes",
            "remove followers, or name the leader")
    }
    if cluster.sync == .reset {
        findings.error(
            at: findings.place(of: "\(name).sync"),
            "\(name).sync is reset, by which a member that shall lead reads no new layer",
            "write sync: reload, or name the leader")
    }
}

private func checkFollowers(
    _ origin: OriginSettings, _ cluster: ClusterSettings, _ name: String, _ findings: Findings
) {
    guard cluster.sync != .none, let followers = cluster.followers else {
        if cluster.sync == .none, cluster.followers != nil {
            findings.error(
                at: findings.place(of: "\(name).followers"),
                "\(name).followers are never brought in step, as sync is none",
                "remove followers, or write sync: reload")
        }
        return
    }
    for member in origin.members.map(\.name)
    where member != cluster.leader && !followers.contains(member) {
        findings.warning(
            at: findings.place(of: "\(name).followers"),
            "\(printable(member)) is neither leader nor follower, so that after the first write it "
                + "is asked for nothing that a write could change until its capabilities are the "
                + "leader's by themselves",
            "add it to followers")
    }
}

private func checkSync(
    _ origin: OriginSettings, _ cluster: ClusterSettings, _ name: String, _ findings: Findings
) {
    if cluster.sync != .none, cluster.authorization == nil {
        findings.warning(
            at: findings.place(of: name),
            "\(name) has no credentials, and GeoServer reloads for administrators only",
            "name a file with USER:PASSWORD in credentials")
    }
    if cluster.sync == .none, cluster.authorization != nil {
        findings.error(
            at: findings.place(of: "\(name).credentials"),
            "\(name).credentials are never used, as sync is none", "remove credentials")
    }
    if cluster.sync != .none, cluster.followers == nil,
        findings.isGiven("\(name).propagation")
    {
        findings.warning(
            at: findings.place(of: "\(name).propagation"),
            "\(name).propagation does nothing, as all members are loaded after a write",
            "remove it, or write sync: none where members see to it themselves")
    }
    if origin.members.count == 1, origin.members.first?.unresolved == nil {
        findings.warning(
            at: findings.place(of: name), "\(name) has one member only, which is always in step",
            "add members, or remove cluster")
    }
    if cluster.sync == .reset {
        findings.warning(
            at: findings.place(of: "\(name).sync"),
            "a reset drops what GeoServer keeps of stores and styles, and reads no new layer",
            "write sync: reload, unless layers are never published")
    }
}

extension ValueForm where Value == ClusterSettings.Sync {
    static var sync: Self { .choice(["reload": .reload, "reset": .reset, "none": .none]) }
}

extension ValueForm where Value == String {
    /// A path below which something lies: no slash at its end, no query.
    static var restPath: Self {
        Self { text throws(Complaint) in
            let path = try requestPath.parse(text)
            guard path.count > 1, !path.hasSuffix("/"), !path.contains("?") else {
                throw Complaint(
                    "ends with a slash or has a query", "write a path such as /geoserver/rest")
            }
            return path
        }
    }

    /// A path as invalidations have it, a `*` at its end or nowhere.
    static var stalePath: Self {
        Self { text throws(Complaint) in
            let path = try requestPath.parse(text)
            guard path.dropLast().allSatisfy({ $0 != "*" }) else {
                throw Complaint("has a * before its end", "write a path such as /geoserver/*")
            }
            return path
        }
    }
}

import Caching
import Edge
import Reactor

/// Where an origin's members are found, as it was written.
struct DiscoveryDraft {
    var source: DiscoverySettings.Source
    var port: UInt16
    var speaksTLS: Bool
    var rules: MembershipRules
    var cores: Int?
}

extension ConfigurationReader {
    /// The keys of `discover`; no draft after a mistake was noted.
    ///
    /// - Returns: also whether members are to be found: not where both sources are left empty.
    func discovery(_ section: Section) -> (draft: DiscoveryDraft?, isMeant: Bool) {
        var section = section
        let name = section.given("dns")
        let group = section.given("autoScalingGroup")
        var rules = MembershipRules()
        let wait = ValueForm<Milliseconds>.duration(0...86_400_000)
        section.read("drainTime", &rules.drainTime, wait)
        section.read("warmTime", &rules.warmTime, .duration(1_000...86_400_000))
        var cores: Int?
        section.read("cores", &cores, .count(1...1_024))
        var speaksTLS = false
        section.read("tls", &speaksTLS, .flag)
        let written = section.given("port")
        let port = written?.read(.count(1...65_535 as ClosedRange<UInt16>), findings)
        var type: DNSType?
        section.read("type", &type, .choice(["A": .a, "AAAA": .aaaa, "SRV": .srv]))
        let isMeant = name != nil || group != nil || !section.has("dns")
        let settings = autoScaling(&section, group, &rules)
        section.finish()
        guard isMeant else { return (nil, false) }
        if group == nil { refuseGroupKeys(&section) }
        guard (name == nil) != (group == nil) else {
            findings.error(
                at: section.place,
                "\(section.name.dropLast()) has \(name == nil ? "no source" : "two sources")",
                "give either dns or autoScalingGroup")
            return (nil, true)
        }
        if group != nil, type != nil { refuse("type", section, "belongs to dns") }
        let tellsPort = name != nil && type == .srv
        if tellsPort, written != nil { refuse("port", section, "is what SRV records tell") }
        if !tellsPort, written == nil {
            findings.error(
                at: section.place, "\(section.name)port is missing, and nobody else tells it",
                "add \"port: 8080\"")
        }
        let source: DiscoverySettings.Source? =
            if let name {
                name.read(.domainName, findings).map { .dns(name: $0, type: type ?? .a) }
            } else {
                settings.map { .autoScalingGroup($0) }
            }
        let draft = source.map {
            DiscoveryDraft(
                source: $0, port: port ?? 0, speaksTLS: speaksTLS, rules: rules, cores: cores)
        }
        return (draft, true)
    }

    private func autoScaling(
        _ section: inout Section, _ group: Given?, _ rules: inout MembershipRules
    ) -> AutoScalingSettings? {
        let name = group?.read(.groupName, findings)
        var settings = AutoScalingSettings(name: name ?? "")
        section.read("interval", &settings.interval, .duration(1_000...3_600_000))
        section.read("zone", &settings.zone, .groupName)
        if var hooks = section.section("hooks") {
            settings.launchingHook = hook("launching", &hooks, settings.launchingHook)
            settings.terminatingHook = hook("terminating", &hooks, settings.terminatingHook)
            hooks.finish()
        }
        guard name != nil else { return nil }
        // Until every edge has asked once more, with the jitter of both questions.
        rules.noticeTime = settings.interval * 5 / 2
        if !section.has("drainTime") { rules.drainTime = max(rules.drainTime, rules.noticeTime) }
        if settings.terminatingHook != nil, rules.drainTime < rules.noticeTime {
            findings.error(
                at: findings.place(of: section.name + "drainTime"),
                "\(section.name)drainTime (\(durationText(rules.drainTime))) is shorter than two "
                    + "and a half intervals (\(durationText(rules.noticeTime))), in which other "
                    + "edges hear that a member leaves",
                "raise drainTime or lower interval")
        }
        return settings
    }

    /// `none` leaves a hook alone; the word alone is its name.
    private func hook(_ key: String, _ hooks: inout Section, _ standard: String?) -> String? {
        guard let given = hooks.given(key), let name = given.read(.groupName, findings) else {
            return standard
        }
        return name == "none" ? nil : name
    }

    private func refuseGroupKeys(_ section: inout Section) {
        for key in ["interval", "zone", "hooks"] where section.gives(key) {
            refuse(key, section, "belongs to autoScalingGroup")
        }
    }

    private func refuse(_ key: String, _ section: Section, _ reason: String) {
        findings.error(
            at: findings.place(of: section.name + key), "\(section.name)\(key) \(reason)",
            "remove it")
    }

    /// The keys of `aws`: whom the edge asks there, and as whom.
    mutating func readAWS(_ section: Section) {
        var section = section
        section.read("region", &configuration.aws.region, .region)
        section.read("profile", &configuration.aws.profile, .text)
        section.read("endpoint", &configuration.aws.endpoint, .serviceURL)
        section.finish()
    }

    /// The keys of `cloudwatch`: what is told of the pools there.
    mutating func readCloudWatch(_ section: Section) {
        var section = section
        section.read("enabled", &configuration.signals.isEnabled, .flag)
        section.read("namespace", &configuration.signals.namespace, .namespace)
        section.read("interval", &configuration.signals.interval, .duration(1_000...3_600_000))
        section.read("highResolution", &configuration.signals.isHighResolution, .flag)
        section.finish()
    }

    /// Notes what is each possible but not together.
    func checkSignals() {
        let origins = configuration.settings.origins
        guard configuration.signals.isEnabled else { return }
        for origin in origins where origin.memberConcurrency == 0 && !origin.limits.isAny {
            let isFound = configuration.discoveries.contains { $0.origin == origin.id }
            guard isFound || origins.count == 1 else { continue }
            findings.warning(
                at: findings.place(of: "origins.\(origin.id).memberConcurrency"),
                "the origin \"\(printable(origin.id))\" has no limit for each member, so that "
                    + "nobody can say how full it is, and cloudwatch gets no Saturation of it",
                "give memberConcurrency or limits: as many as one member does well at a time")
        }
    }
}

extension ValueForm where Value == String {
    /// A name of the DNS, with or without a closing dot.
    static var domainName: Self {
        Self { text throws(Complaint) in
            let labels = (text.hasSuffix(".") ? text.dropLast() : text[...])
                .split(separator: ".", omittingEmptySubsequences: false)
            let isName = labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { byte in
                        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D
                            || byte == 0x5F
                    }
            }
            guard isName, text.utf8.count <= 253 else {
                throw Complaint("is no name in the DNS", "write it as maps.example.internal")
            }
            return text
        }
    }

    /// A name that AWS gives: without spaces, 255 characters at most.
    static var groupName: Self {
        Self { text throws(Complaint) in
            guard (1...255).contains(text.utf8.count),
                text.utf8.allSatisfy({ (33...126).contains($0) })
            else {
                throw Complaint(
                    "is no name in AWS", "write 1 to 255 printable characters without spaces")
            }
            return text
        }
    }

    static var region: Self {
        Self { text throws(Complaint) in
            let isRegion =
                text.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D }
                && text.contains("-")
            guard isRegion, text.utf8.count <= 63 else {
                throw Complaint("is no region of AWS", "write it as us-east-1")
            }
            return text
        }
    }

    /// Source: Amazon CloudWatch API Reference, PutMetricData.
    static var namespace: Self {
        Self { text throws(Complaint) in
            let isKnown = text.utf8.allSatisfy { byte in
                (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
                    || "._-/#:".utf8.contains(byte)
            }
            guard isKnown, (1...255).contains(text.utf8.count), !text.hasPrefix("AWS/") else {
                throw Complaint(
                    "is no namespace for metrics",
                    "use letters, digits and . _ - / # :, and do not begin with AWS/")
            }
            return text
        }
    }

    static var serviceURL: Self {
        Self { text throws(Complaint) in
            guard let url = ServiceURL(text), url.target == "/" else {
                throw Complaint(
                    "is no URL of a service", "write http://HOST[:PORT] or https://HOST[:PORT]")
            }
            return text
        }
    }
}

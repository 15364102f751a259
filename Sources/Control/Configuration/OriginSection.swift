import Edge
import HTTP
import Reactor

/// An origin as it was written; its hosts are looked up when both file and flags are read, so that
/// a name that a flag replaces is never asked for.
struct OriginDraft {
    var settings = OriginSettings()
    var members: [MemberDraft] = []
    /// The name that members' certificates must have, in place of their URLs' hosts.
    var tlsName: String?
    /// Its health is spoken of.
    var checksHealth = false
    /// Its members are found while the edge runs.
    var discovery: DiscoveryDraft?
    var isDiscovered = false
    /// What is said of the map services behind it.
    var maps: MapDraft?
    var place: Finding.Place
}

struct MemberDraft {
    var url: Given
    var weight = 1
    var cores = MemberSettings.standardCores
}

extension ConfigurationReader {
    /// The keys of `origins`.
    mutating func readOrigins(_ section: inout Section) {
        for (id, section) in section.namedSections() {
            var draft = OriginDraft(place: section.place)
            draft.settings.id = id
            var origin = section
            if isImporting { refuse(decidedForOrigins, in: &origin) }
            draft.members = (origin.elements("members") ?? []).compactMap(member)
            if let discover = origin.section("discover") {
                // Members that are wrongly described are not missing.
                (draft.discovery, draft.isDiscovered) = discovery(discover)
                refuseBoth(draft)
            }
            readTreatment(&origin, &draft.settings)
            if let headers = origin.section("headers") {
                draft.settings.customHeaders = readHeaders(headers)
            }
            if let tls = origin.section("tls") { readOriginTLS(tls, &draft) }
            if let health = origin.section("health") {
                draft.checksHealth = true
                readHealth(health, &draft.settings.health)
            }
            if let cluster = origin.section("cluster") {
                draft.settings.cluster = readCluster(cluster, of: id)
            }
            draft.maps = origin.section("maps").map { readMaps($0) }
            draft.settings.layers = draft.maps?.layers
            origin.finish()
            // A distribution's ids may be any text.
            if !isImporting, (try? ValueForm.edgeName.parse(id)) == nil {
                findings.error(
                    at: section.place, "\"\(printable(id))\" is no name for an origin",
                    "write a letter, then letters, digits and hyphens, 63 at most")
            }
            origins.append(draft)
        }
    }

    private func refuseBoth(_ draft: OriginDraft) {
        guard draft.isDiscovered, !draft.members.isEmpty else { return }
        findings.error(
            at: draft.place,
            "the origin \"\(draft.settings.id)\" has members and a source of members",
            "give either \"members\" or \"discover\"")
    }

    private func member(_ element: Section.Element) -> MemberDraft? {
        switch element {
        case .value(let given): return MemberDraft(url: given)
        case .section(var section):
            var member = section.given("url").map { MemberDraft(url: $0) }
            var weight = 1
            section.read("weight", &weight, .count(1...MemberSettings.weightMax))
            var cores = MemberSettings.standardCores
            section.read("cores", &cores, .count(1...1_024))
            section.finish()
            member?.weight = weight
            member?.cores = cores
            if member == nil {
                findings.error(
                    at: section.place, "a member has no URL", "add \"url: http://HOST:PORT\"")
            }
            return member
        }
    }

    private func readTreatment(_ section: inout Section, _ origin: inout OriginSettings) {
        let wait = ValueForm<Int>.duration(1...86_400_000)
        section.read("hostHeader", &origin.hostHeader, .hostHeader)
        section.read("path", &origin.path, .originPath)
        section.read("connectTimeout", &origin.connectTimeout, wait)
        section.read("firstByteTimeout", &origin.firstByteTimeout, wait)
        section.read("betweenBytesTimeout", &origin.betweenBytesTimeout, wait)
        section.read("totalTimeout", &origin.totalTimeout, .duration(0...86_400_000))
        section.read("idleTimeout", &origin.idleTimeout, wait)
        section.read("attempts", &origin.attempts, .count(1...3))
        section.read("idleConnections", &origin.idleConnections, .count(0...65_536))
        section.read("memberConcurrency", &origin.memberConcurrency, .count(0...1_048_576))
        section.read("queueLength", &origin.queueLength, .count(0...1_048_576))
        section.read("queueTimeout", &origin.queueTimeout, wait)
        section.read("retryBudget", &origin.retryBudgetPercent, .count(0...100))
        readFairness(&section, &origin)
    }

    // Fields that the edge writes itself, by what they are for.
    private func readHeaders(_ section: Section) -> [HeaderSetting] {
        var section = section
        findings.understands(section.pattern + "*", isWritten: false)
        return section.namedValues().compactMap { name, value in
            var value = value
            value.isSecret = true
            let asName = Given(name: "\(section.name)*", text: name, place: value.place)
            guard let name = asName.read(.fieldName, findings),
                let text = value.read(.fieldValue, findings)
            else { return nil }
            let owned = [
                "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te",
                "trailer", "transfer-encoding", "upgrade", "via",
            ]
            if name.lowercased() == "host" {
                findings.error(
                    at: value.place, "\(value.name) cannot be set here",
                    "use the origin's key \"hostHeader\"")
            } else if owned.contains(name.lowercased()) {
                findings.error(
                    at: value.place, "\(value.name) is the edge's own to write", "remove it")
            }
            return HeaderSetting(name: name, value: text)
        }
    }

    /// `--origin [ID=]URL[,URL…]`: these members take the place of the file's.
    mutating func replaceOrigin(_ given: Given) {
        if isImporting {
            distribution.addresses.append(given)
            return
        }
        var id = "default"
        var list = given.text[...]
        if let equals = list.firstIndex(of: "="), !list[..<equals].contains(":") {
            id = String(list[..<equals])
            list = list[list.index(after: equals)...]
        } else if origins.count == 1, origins[0].place != .flag("--origin") {
            id = origins[0].settings.id
        }
        let members = list.split(separator: ",", omittingEmptySubsequences: false).map {
            MemberDraft(url: Given(name: given.name, text: String($0), place: given.place))
        }
        if let index = origins.firstIndex(where: { $0.settings.id == id }) {
            guard origins[index].members.first?.url.place != given.place else {
                findings.error(
                    at: given.place, "the origin \"\(id)\" is given twice",
                    "write its members in one --origin, with commas between")
                return
            }
            origins[index].members = members
            (origins[index].discovery, origins[index].isDiscovered) = (nil, false)
        } else if origins.contains(where: { $0.place != given.place }) {
            findings.error(
                at: given.place, "the file has no origin \"\(printable(id))\"",
                remedy(for: id, among: origins.map(\.settings.id)))
        } else {
            var draft = OriginDraft(members: members, place: given.place)
            draft.settings.id = id
            origins.append(draft)
        }
    }

    /// Looks up all members.
    mutating func settleOrigins() {
        if origins.isEmpty {
            findings.error(
                at: file.isEmpty ? .standard : .line(file: file, 1), "there is no origin to ask",
                "add \"origins:\" to the file or give --origin URL")
        }
        var settled: [OriginSettings] = []
        for draft in origins {
            var settings = draft.settings
            settings.members = draft.members.compactMap {
                $0.settled(
                    tlsName: draft.tlsName, own: configuration.settings.ownAddresses, resolver,
                    findings)
            }
            settings.expectsTLS = discover(draft)
            if draft.members.isEmpty, !draft.isDiscovered {
                findings.error(
                    at: draft.place, "the origin \"\(settings.id)\" has no members",
                    "add \"members: [\"http://HOST:PORT\"]\"")
            }
            checkCount(draft)
            settled.append(settings)
        }
        configuration.settings.origins = settled
    }

    /// Notes where the members are found, if they are.
    ///
    /// - Parameter tlsName: that their certificates must have, unless the draft names another.
    /// - Returns: whether they will speak TLS.
    mutating func discover(_ draft: OriginDraft, tlsName: String? = nil) -> Bool {
        guard let found = draft.discovery else { return false }
        configuration.discoveries.append(
            DiscoverySettings(
                origin: draft.settings.id, source: found.source, port: found.port,
                speaksTLS: found.speaksTLS, tlsName: draft.tlsName ?? tlsName,
                cores: found.cores, rules: found.rules))
        return found.speaksTLS
    }

    /// A member's number must fit the 64 bits in which a fetch notes whom it asked.
    func checkCount(_ draft: OriginDraft) {
        guard draft.members.count > OriginPool.membersMax else { return }
        findings.error(
            at: draft.place,
            "the origin \"\(draft.settings.id)\" has more than \(OriginPool.membersMax) members",
            "put a load balancer before some of them")
    }
}

extension Settings {
    /// Where viewers connect.
    var ownAddresses: [Endpoint] { listeners.map(\.endpoint) }
}

extension MemberDraft {
    /// With the addresses of its host; nil after a mistake in the URL was noted.
    ///
    /// - Parameters:
    ///   - tlsName: stands for the host where TLS asks for a name.
    ///   - own: where the edge itself listens.
    func settled(
        tlsName: String?, own: [Endpoint], _ resolver: some NameResolver, _ findings: Findings
    ) -> MemberSettings? {
        guard let url = url.read(OriginURL.form, findings) else { return nil }
        let endpoints: [Endpoint]
        var named: HostName?
        var tlsHost: String?
        switch url.target {
        case .unix(let path):
            endpoints = [.unix(path: path)]
            refuseOwn(endpoints, own, findings)
        case .host(let host, let port):
            endpoints = resolver.endpoints(
                host, port, self.url, findings, mayComeLater: true)
            // A name may have another address where the edge will run.
            if SocketAddress(ip: host) != nil { refuseOwn(endpoints, own, findings) }
            if endpoints.isEmpty { named = HostName(host, port: port) }
            if url.speaksTLS { tlsHost = tlsName ?? host }
        }
        var member = MemberSettings(
            name: self.url.text, endpoints: endpoints, authority: url.authority, weight: weight,
            tlsHost: tlsHost)
        member.unresolved = named
        member.cores = cores
        return member
    }

    // Each request would come back to the edge, which knows its own Via and answers 508.
    private func refuseOwn(_ endpoints: [Endpoint], _ own: [Endpoint], _ findings: Findings) {
        guard endpoints.contains(where: own.contains) else { return }
        findings.error(
            at: url.place, "\(url.name) is \"\(printable(url.text))\", where this edge listens",
            "name the server behind it")
    }
}

extension ValueForm where Value == String {
    /// A Host field: a name or an address, a port or none.
    static var hostHeader: Self {
        Self { text throws(Complaint) in
            guard (1...255).contains(text.utf8.count),
                text.utf8.allSatisfy({
                    $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
                })
            else { throw Complaint("is no host", "write HOST or HOST:PORT") }
            return text
        }
    }

    /// What goes before the path of each request to an origin.
    static var originPath: Self {
        Self { text throws(Complaint) in
            if text.isEmpty || text == "/" { return "" }
            let path = try requestPath.parse(text)
            guard !path.hasSuffix("/"), !path.contains("?") else {
                throw Complaint("ends with a slash or has a query", "write a path such as /tiles")
            }
            return path
        }
    }

    /// The target of a request in origin form (RFC 9112 §3.2.1).
    static var requestPath: Self { requestPath(upTo: 2_048) }

    static func requestPath(upTo bytes: Int) -> Self {
        Self { text throws(Complaint) in
            guard text.utf8.count <= bytes else {
                throw Complaint("is longer than \(bytes) bytes", "shorten it")
            }
            guard text.hasPrefix("/"),
                text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") })
            else {
                throw Complaint(
                    "is no path", "begin with a slash and write other characters as %XX")
            }
            return text
        }
    }
}

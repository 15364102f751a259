import CloudFront
import Edge
import Reactor

/// The origins of a distribution as pools: one each, or two where the viewer's protocol decides.
struct ImportedOrigins<Resolver: NameResolver> {
    /// Names the export in findings.
    let file: String
    /// What the file and the flags say of origins, by the same ids.
    let drafts: [OriginDraft]
    /// Where the edge itself listens.
    let own: [Endpoint]
    let resolver: Resolver
    let findings: Findings

    private(set) var pools: [OriginSettings] = []
    /// Positions in `pools` of each origin of the distribution, for viewers in plain text and for
    /// those that speak TLS.
    private(set) var places: [(plain: Int, secure: Int)] = []
    /// Addresses by domain name, so that each is looked up once; empty: it has none.
    private var known: [String: [SocketAddress]] = [:]

    init(
        file: String, drafts: [OriginDraft], own: [Endpoint], _ resolver: Resolver,
        _ findings: Findings
    ) {
        self.file = file
        self.drafts = drafts
        self.own = own
        self.resolver = resolver
        self.findings = findings
    }

    /// - Parameter line: where the origin stands in the export.
    mutating func add(_ origin: Origin, line: Int) {
        let draft = drafts.first { $0.settings.id == origin.id }
        var pool = draft?.settings ?? OriginSettings()
        treat(&pool, as: origin, tlsName: draft?.tlsName)
        if let draft, draft.isDiscovered || !draft.members.isEmpty {
            pool.expectsTLS = draft.discovery?.speaksTLS ?? false
            pool.members = draft.members.compactMap {
                $0.settled(
                    tlsName: draft.tlsName ?? origin.domainName, own: own, resolver, findings)
            }
            places.append((pools.count, pools.count))
            pools.append(pool)
            return
        }
        // CloudFront checks nobody, and one member has no other to give way to.
        if draft?.checksHealth != true { pool.health.interval = 0 }
        let place = Finding.Place.line(file: file, max(1, line))
        let name = draft?.tlsName
        places.append(
            (
                append(pool, origin, usesTLS: origin.usesTLS(viewerUsesTLS: false), name, place),
                append(pool, origin, usesTLS: origin.usesTLS(viewerUsesTLS: true), name, place)
            ))
    }

    /// - Parameter tlsName: the operator's word on whose certificate it must be; nil: none.
    private func treat(_ pool: inout OriginSettings, as origin: Origin, tlsName: String?) {
        pool.id = origin.id
        pool.hostHeader = origin.domainName
        pool.acceptsForwardedHost = tlsName == nil
        pool.path = origin.path
        pool.customHeaders = origin.customHeaders.map {
            HeaderSetting(name: $0.name, value: $0.value)
        }
        pool.connectTimeout = origin.connectionTimeoutSeconds * 1_000
        pool.firstByteTimeout = origin.readTimeoutSeconds * 1_000
        pool.betweenBytesTimeout = origin.readTimeoutSeconds * 1_000
        pool.totalTimeout = (origin.responseCompletionTimeoutSeconds ?? 0) * 1_000
        if case .custom(let config) = origin.kind {
            pool.idleTimeout = config.keepaliveTimeoutSeconds * 1_000
        }
        pool.attempts = origin.connectionAttempts
    }

    /// The position of the pool that asks the origin in this way; it may be there already.
    private mutating func append(
        _ pool: OriginSettings, _ origin: Origin, usesTLS: Bool, _ tlsName: String?,
        _ place: Finding.Place
    ) -> Int {
        var pool = pool
        let (plainPort, securePort) = origin.ports
        let port = UInt16(usesTLS ? securePort : plainPort)
        let isStandard = port == (usesTLS ? 443 : 80)
        let authority = isStandard ? origin.domainName : "\(origin.domainName):\(port)"
        var member = MemberSettings(
            name: "\(usesTLS ? "https" : "http")://\(authority)",
            endpoints: endpoints(of: origin, port, place), authority: authority,
            tlsHost: usesTLS ? tlsName ?? origin.domainName : nil)
        if member.endpoints.isEmpty {
            member.unresolved = HostName(origin.domainName, port: port)
        }
        pool.members = [member]
        if let last = pools.last, last.id == origin.id {
            if last.members == pool.members { return pools.count - 1 }
            pool.id += "+tls"
        }
        pools.append(pool)
        return pools.count - 1
    }

    private mutating func endpoints(
        of origin: Origin, _ port: UInt16, _ place: Finding.Place
    ) -> [Endpoint] {
        let name = origin.domainName
        if known[name] == nil {
            do throws(ResolutionError) {
                known[name] = try resolver.addresses(of: name, port: port)
            } catch {
                known[name] = []
                findings.warning(
                    at: place,
                    "the origin \"\(printable(origin.id))\" is \(printable(name)), which has no "
                        + "address: \(error.reason); it answers 502 until there is one",
                    "give it one with --origin \(printable(origin.id))=URL")
            }
        }
        return (known[name] ?? []).map { .ip($0.with(port: port)) }
    }
}

extension Origin {
    fileprivate func usesTLS(viewerUsesTLS: Bool) -> Bool {
        switch kind {
        case .custom(let config): config.usesTLS(viewerUsesTLS: viewerUsesTLS)
        case .s3: true
        }
    }

    fileprivate var ports: (plain: Int, secure: Int) {
        switch kind {
        case .custom(let config): (config.httpPort, config.httpsPort)
        case .s3: (80, 443)
        }
    }
}

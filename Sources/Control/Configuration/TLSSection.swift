import Edge
import Reactor

/// The section `tls` as it was written: what makes sense only together is judged together.
struct ViewerTLSDraft {
    var pairs: [TLSIdentity] = []
    var rules = TLSRules()
    var policy = ClientCertificateWord.none
    var authorities: String?
    var depth = 1
}

enum ClientCertificateWord: Sendable { case none, request, require }

extension ConfigurationReader {
    /// The keys of `tls`: what viewers are shown, and asked for.
    mutating func readViewerTLS(_ section: Section) {
        var section = section
        var draft = ViewerTLSDraft()
        draft.pairs = (section.elements("certificates") ?? []).compactMap(identity)
        readRules(&section, &draft.rules)
        section.read(
            "sessionTime", &draft.rules.sessionSeconds,
            ValueForm.duration(0...604_800_000).map { $0 / 1_000 })
        section.read(
            "ticketKeyTime", &configuration.settings.ticketKeyInterval,
            .duration(60_000...2_592_000_000))
        section.read("kernel", &draft.rules.allowsKernel, .flag)
        section.read(
            "clientCertificates", &draft.policy,
            .choice(["none": .none, "request": .request, "require": .require]))
        section.read("clientAuthorities", &draft.authorities, .text)
        section.read("clientDepth", &draft.depth, .count(0...16))
        section.finish()
        guard !draft.pairs.isEmpty else { return }
        configuration.settings.viewerTLS = settings(of: draft)
    }

    private func settings(of draft: ViewerTLSDraft) -> TLSServerSettings {
        var identities = draft.pairs
        if draft.policy != .none {
            guard let file = draft.authorities else {
                findings.error(
                    at: findings.place(of: "tls.clientCertificates"),
                    "viewers are asked for certificates, but nobody is trusted to have signed them",
                    "name a file of roots in tls.clientAuthorities")
                return TLSServerSettings(identities: identities)
            }
            for index in identities.indices {
                identities[index].clientCertificates =
                    draft.policy == .require
                    ? .require(authorities: file, depthMax: draft.depth)
                    : .request(authorities: file, depthMax: draft.depth)
            }
        }
        var settings = TLSServerSettings(identities: identities)
        settings.rules = draft.rules
        return settings
    }

    /// One certificate; nil for an element that says nothing, and after a mistake was noted.
    private func identity(_ element: Section.Element) -> TLSIdentity? {
        guard case .section(var section) = element else {
            if case .value(let given) = element {
                findings.error(
                    at: given.place, "\(given.name) is one value",
                    "write it as { chain: FILE, key: FILE }")
            }
            return nil
        }
        var chain: String?
        var key: String?
        section.read("chain", &chain, .text)
        section.read("key", &key, .text)
        let names = (section.list("names") ?? []).compactMap { $0.read(.text, findings) }
        section.finish()
        if chain == nil, key == nil { return nil }
        guard let chain, let key else {
            findings.error(
                at: section.place, "a certificate has no \(chain == nil ? "chain" : "key")",
                "give the files of both, as in { chain: edge.pem, key: edge.key }")
            return nil
        }
        return TLSIdentity(names: names, keyPair: TLSKeyPair(chainFile: chain, keyFile: key))
    }

    /// The keys of `origins.ID.tls`: whom members have to be.
    func readOriginTLS(_ section: Section, _ draft: inout OriginDraft) {
        var section = section
        var isVerified = true
        var authorities: String?
        var chain: String?
        var key: String?
        section.read("verify", &isVerified, .flag)
        section.read("authorities", &authorities, .text)
        section.read("name", &draft.tlsName, .text)
        section.read("chain", &chain, .text)
        section.read("key", &key, .text)
        readRules(&section, &draft.settings.tls.rules)
        section.finish()
        if !isVerified {
            draft.settings.tls.trust = .anyone
            findings.warning(
                at: findings.place(of: section.name + "verify"),
                "whoever answers in the place of origin \"\(draft.settings.id)\" is believed",
                "verify it, with its own root in \(section.name)authorities if need be")
        } else if let authorities {
            draft.settings.tls.trust =
                isDirectory(authorities) ? .directory(authorities) : .file(authorities)
        }
        if let chain, let key {
            draft.settings.tls.keyPair = TLSKeyPair(chainFile: chain, keyFile: key)
        } else if chain != nil || key != nil {
            findings.error(
                at: section.place, "\(section.name)chain and key belong together", "give both")
        }
    }

    private func readRules(_ section: inout Section, _ rules: inout TLSRules) {
        let version = ValueForm<TLSVersion>.choice(["1.2": .tls12, "1.3": .tls13])
        section.read("minimum", &rules.versionMin, version)
        section.read("maximum", &rules.versionMax, version)
        section.read("ciphers", &rules.ciphers, .text)
        section.read("cipherSuites", &rules.cipherSuites, .text)
    }

    /// Reads the files once, so that a mistake in them is found before the edge starts or reloads.
    func checkTLS() {
        let settings = configuration.settings
        if let secured = settings.listeners.first(where: \.speaksTLS), settings.viewerTLS == nil {
            let certificates = findings.place(of: "tls.certificates")
            let asking = listeners.first { $0.speaksTLS }?.address.place
            findings.error(
                at: certificates == .standard ? asking ?? .standard : certificates,
                "\(secured.endpoint) speaks TLS, but there is no certificate to show",
                "add \"tls: { certificates: [{ chain: FILE, key: FILE }] }\"")
        }
        do throws(TLSError) {
            if let viewers = settings.viewerTLS {
                warnOfExpiry(try TLSContext(server: viewers, ticketKeys: nil), "tls.certificates")
            }
        } catch {
            findings.error(at: findings.place(of: "tls"), error.problem, error.remedy)
        }
        for origin in settings.origins where origin.members.contains(where: { $0.tlsHost != nil }) {
            let name = "origins.\(origin.id).tls"
            do throws(TLSError) {
                warnOfExpiry(try TLSContext(client: origin.tls), name)
            } catch {
                findings.error(at: findings.place(of: name), error.problem, error.remedy)
            }
        }
    }

    private func warnOfExpiry(_ context: TLSContext, _ key: String) {
        for certificate in context.certificates where certificate.expiresAt < WallClock.system.now {
            findings.warning(
                at: findings.place(of: key),
                "certificate \"\(printable(certificate.file))\" has expired",
                "renew it, then reload")
        }
    }
}

import CloudFront
import Edge
import Reactor

/// What a DistributionConfig says of how viewers reach CloudFront, beside how they reach the edge:
/// there its own listeners, certificates and rules of TLS decide.
///
/// Source: CloudFront, "Distribution settings": alternate domain names, custom SSL certificate,
/// security policy, clients supported, enable IPv6.
struct ViewerSide {
    private let config: DistributionConfig
    private let settings: Settings
    private let isStrictAboutAliases: Bool
    private var found: [ConfigFinding] = []

    init(_ config: DistributionConfig, _ settings: Settings, isStrictAboutAliases: Bool) {
        self.config = config
        self.settings = settings
        self.isStrictAboutAliases = isStrictAboutAliases
        judgeAliases()
        judgeFamilies()
        if config.source["ViewerCertificate"] != nil { judgeCertificate() }
    }

    /// In the order of the document.
    var findings: [ConfigFinding] {
        found.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private var listeners: [ListenerSettings] { settings.listeners.filter { !$0.isSouthbound } }

    private mutating func add(
        _ kind: ConfigFinding.Kind, _ place: ConfigPlace, _ problem: String, _ remedy: String
    ) {
        found.append(ConfigFinding(kind, place, problem, remedy))
    }

    private mutating func judgeAliases() {
        guard !config.aliases.isEmpty, !isStrictAboutAliases else { return }
        add(
            .note, config.place("Aliases"),
            "every Host is answered, whether an alias names it or not",
            "write strictAliases: true in distribution to refuse others, as CloudFront does")
    }

    private mutating func judgeFamilies() {
        guard config.source["IsIPV6Enabled"] != nil else { return }
        let place = config.place("IsIPV6Enabled")
        let addresses = listeners.compactMap { listener -> SocketAddress? in
            if case .ip(let address) = listener.endpoint { address } else { nil }
        }
        let newer = addresses.first { !$0.isIPv4 }
        if config.isIPV6Enabled, newer == nil {
            add(
                .note, place, "viewers cannot come by IPv6, which no address in listen is of",
                "add one, such as \"[::1]:8080\", if a case depends on it")
        } else if !config.isIPV6Enabled, let newer {
            add(
                .warning, place,
                "viewers can come by IPv6, at \(newer), which CloudFront does not offer",
                "listen on an IPv4 address; a signed policy, for one, names no other")
        }
    }

    private mutating func judgeCertificate() {
        let place = config.place("ViewerCertificate")
        let certificate = config.viewerCertificate
        guard listeners.contains(where: \.speaksTLS), let tls = settings.viewerTLS else {
            return add(
                .note, place, "no listener speaks TLS, so that nobody is shown a certificate",
                "write tls: true at an address in listen, and the files in tls.certificates")
        }
        add(
            .note, place, "viewers are shown what tls.certificates names",
            "give one there with the names that viewers ask for")
        if certificate.supportMethod != nil {
            add(
                .note, self.place("SSLSupportMethod"),
                "a viewer that names no host is shown the first of tls.certificates",
                "put there first what such a viewer shall see")
        }
        judgeVersions(certificate, tls.rules.versionMin, self.place("MinimumProtocolVersion"))
    }

    /// Where a member of the certificate stands.
    private func place(_ key: String) -> ConfigPlace {
        var place = config.place("ViewerCertificate").member(key)
        if let node = config.source["ViewerCertificate"]?[key] {
            (place.line, place.column) = (node.line, node.column)
        }
        return place
    }

    /// The edge speaks TLS 1.2 and 1.3; which ciphers, says tls.ciphers.
    private mutating func judgeVersions(
        _ certificate: ViewerCertificate, _ least: TLSVersion, _ place: ConfigPlace
    ) {
        let word = certificate.minimumProtocolVersion
        if word.isEmpty { return }
        if certificate.requiresTLS13, least == .tls12 {
            add(
                .warning, place, "\(word) refuses viewers of TLS 1.2, who are served here",
                "write minimum: 1.3 in tls")
        } else if !certificate.requiresTLS13, least == .tls13 {
            add(
                .warning, place, "\(word) admits viewers of TLS 1.2, who are refused here",
                "write minimum: 1.2 in tls")
        } else if !certificate.requiresTLS12 {
            add(
                .note, place, "\(word) admits viewers of TLS 1.1, who are refused here",
                "nothing; browsers have given it up")
        } else {
            add(
                .note, place,
                "of \(word) the version holds, and the ciphers are those of tls.ciphers",
                "list there what viewers shall be offered")
        }
    }
}

import Caching
import CloudFront
import Edge
import Reactor
import Simulation
import Yams

// What a scenario is played on: a piece of mapedge.yaml, a distribution, or both.
extension ScenarioReader {
    /// nil after a mistake was noted.
    func readStage(_ top: inout Section) -> Settings? {
        let config = top.raw("config")
        let distribution = top.raw("distribution")
        let policies = top.raw("policies")
        // The names in it are those of a file of its own, and so are its findings.
        var reader = ConfigurationReader(file: file, resolver: ScenarioResolver())
        reader.role = .twin
        var section: Section?
        if let config {
            section = self.section(config, reader.findings)
            if section == nil { return nil }
        }
        var flags = ConfigurationFlags()
        if let distribution {
            use(distribution, policies, in: &reader)
        } else if section?.has("origins") != true {
            flags.origins = ["http://origin.test"]
        }
        if policies != nil, distribution == nil {
            findings.error(
                at: findings.place(of: "scenario.policies"),
                "policies stand without a distribution", "add \"distribution:\", or remove them")
        }
        let reading = reader.read(section, flags)
        for finding in reading.findings where finding.severity == .error {
            findings.error(at: finding.place, finding.problem, finding.remedy)
        }
        return reading.isUsable ? reading.configuration.settings.inScenario : nil
    }

    private func section(_ config: Node, _ findings: Findings) -> Section? {
        let place = Finding.Place.line(file: file, config.mark?.line ?? 1)
        guard case .mapping(let mapping) = config else {
            self.findings.error(
                at: place, "scenario.config is no mapping",
                "write keys of mapedge.yaml below it, indented")
            return nil
        }
        return Section(
            mapping, name: "", pattern: "", file: file, place: place, findings: findings)
    }

    /// The edge serves what the distribution says; a text is the path of an export, beside the
    /// scenario's file unless it begins with a slash.
    private func use(
        _ distribution: Node, _ policies: Node?,
        in reader: inout ConfigurationReader<ScenarioResolver>
    ) {
        let place = Finding.Place.line(file: file, distribution.mark?.line ?? 1)
        var given = Given(name: "distribution", text: file, place: place)
        if let path = distribution.scalar?.string {
            let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
            given.text = path.hasPrefix("/") ? path : folder + path
        } else {
            reader.distribution.document = DistributionShorthand.complete(ConfigNode(distribution))
        }
        reader.distribution.file = given
        reader.distribution.policyDocuments = (policies?.sequence.map { Array($0) } ?? []).map {
            DistributionShorthand.complete(policy: ConfigNode($0))
        }
    }
}

extension Settings {
    /// The origins by name; what one is asked over TLS is the same origin.
    var originNames: [String] { origins.map(\.id).filter { !$0.hasSuffix("+tls") } }

    /// One loop and few connections, since there is a handful of viewers; one address for those in
    /// plain text, and one for those who speak TLS.
    fileprivate var inScenario: Settings {
        var settings = self
        settings.loops = 1
        settings.listeners = [
            ListenerSettings(endpoint: .ip(.loopback(port: 80))),
            ListenerSettings(endpoint: .ip(.loopback(port: 443)), speaksTLS: true),
        ]
        settings.limits.connectionsPerLoop = min(settings.limits.connectionsPerLoop, 256)
        return settings
    }
}

/// Gives every name an address of its own, which nobody has.
struct ScenarioResolver: NameResolver {
    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        var sum: UInt32 = 0x811C_9DC5
        for byte in host.utf8 { sum = (sum ^ UInt32(byte)) &* 0x0100_0193 }
        return [SocketAddress(ipv4: 0x0A00_0000 | (sum & 0x00FF_FFFF), port: port)]
    }
}

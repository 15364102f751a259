import Caching
import CloudFront
import Edge
import Reactor
import Simulation
import Yams

// What a scenario is played on: a piece of mapedge.yaml, or a distribution.
extension ScenarioReader {
    /// nil after a mistake was noted.
    func readStage(_ top: inout Section) -> Scenario.Stage? {
        let config = top.raw("config")
        let distribution = top.raw("distribution")
        let policies = top.raw("policies")
        if let distribution {
            return settings(of: distribution, policies)
        }
        if policies != nil {
            findings.error(
                at: findings.place(of: "scenario.policies"),
                "policies stand without a distribution",
                "add \"distribution:\", or remove them")
        }
        return settings(of: config)
    }

    /// The names in it are those of a file of its own, and so are its findings.
    private func settings(of config: Node?) -> Scenario.Stage? {
        var reader = ConfigurationReader(file: file, resolver: ScenarioResolver())
        reader.configuration.settings.role = .twin
        var flags = ConfigurationFlags()
        var section: Section?
        if let config {
            let place = Finding.Place.line(file: file, config.mark?.line ?? 1)
            guard case .mapping(let mapping) = config else {
                findings.error(
                    at: place, "scenario.config is no mapping",
                    "write keys of mapedge.yaml below it, indented")
                return nil
            }
            section = Section(
                mapping, name: "", pattern: "", file: file, place: place,
                findings: reader.findings)
        }
        if section?.has("origins") != true { flags.origins = ["http://origin.test"] }
        let reading = reader.read(section, flags)
        for finding in reading.findings where finding.severity == .error {
            findings.error(at: finding.place, finding.problem, finding.remedy)
        }
        return reading.isUsable ? .edge(reading.configuration.settings.inScenario) : nil
    }

    /// The edge that a distribution makes.
    private func settings(of distribution: Node, _ policies: Node?) -> Scenario.Stage? {
        .missing("distributions cannot be imported yet")
    }
}

extension Settings {
    /// One loop, and few connections: there is a handful of viewers.
    fileprivate var inScenario: Settings {
        var settings = self
        settings.loops = 1
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

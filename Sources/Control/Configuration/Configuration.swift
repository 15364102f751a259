public import Edge
public import Reactor

/// All that a running edge is told, by the file and by flags, after both were checked.
public struct Configuration: Sendable {
    /// What the data plane gets.
    public var settings = Settings()
    /// Where the admin port listens. Default 127.0.0.1:8081.
    public var admin: [Endpoint] = []
    /// Names by which the admin port may be asked, besides addresses and localhost, where it
    /// listens on a loopback address and nobody signs. Lower case.
    public var adminHosts: [String] = []
    /// The least important events that are logged. Default info.
    public var logLevel = EdgeEvent.Level.info
    /// What `settings` were made of, where a distribution is served; nil: none is.
    public internal(set) var distribution: DistributionImport?
    /// What is known of that distribution, errors excepted: what surprises in it, what has no
    /// effect here, and what something else decides.
    public internal(set) var distributionFindings: [Finding] = []
    /// Which time of day the edge goes by. Default the machine's.
    public var clock = ClockSetting.system
    /// What the admin port's control API is told.
    public var api = APISettings()
    /// Origins whose members are found while the edge runs.
    public var discoveries: [DiscoverySettings] = []
    /// Whom the edge asks of AWS.
    public var aws = AWSSettings()
    /// How the edge seeds by itself.
    public var seeding = SeedingSettings()
    /// What is told to CloudWatch.
    public var signals = SignalSettings()
    /// What is told to the CloudFront in front.
    public var outgoing = OutgoingSettings()

    /// What it was read from.
    var source = ConfigurationSource()

    public init() {}
}

/// What the command line says; each value as it was typed, nil or empty where nothing was.
///
/// A flag wins over the file's key of the same meaning.
public struct ConfigurationFlags: Sendable, Equatable {
    public var listen: [String] = []
    public var admin: String?
    public var cache: String?
    public var cacheSize: String?
    /// `URL[,URL…]` or `ID=URL[,URL…]`.
    public var origins: [String] = []
    public var mode: String?
    public var role: String?
    public var clock: String?
    public var loops: String?
    /// A path, or `-` for standard output; with CloudFront's format a directory.
    public var accessLog: String?
    public var accessLogFormat: String?
    public var trustedProxies: [String] = []
    public var proxyProtocol = false
    public var stopDeadline: String?
    public var logLevel: String?
    /// The export of a distribution, the directory of its policies, and its id.
    public var distribution: String?
    public var policies: String?
    public var distributionID: String?
    public var invalidationDelay: String?

    public init() {}
}

/// A configuration as far as it could be read, and all that was found wrong with it.
public struct ConfigurationReading: Sendable {
    public var configuration: Configuration
    public var findings: [Finding]
    /// Where each value was written, by its full name.
    var places: [String: Finding.Place] = [:]

    /// Whether the edge may run with it: warnings do not hinder.
    public var isUsable: Bool { !findings.contains { $0.severity == .error } }
    /// What whoever starts the edge should hear; notes are for who checks.
    public var warnings: [Finding] { findings.filter { $0.severity != .note } }
}

extension Configuration {
    /// Reads the file, lets the flags win, and checks the whole.
    ///
    /// - Parameters:
    ///   - file: the path of a YAML file; nil: none is read.
    ///   - resolver: turns host names into addresses; this call waits for it.
    public static func read(
        file: String?, flags: ConfigurationFlags, resolver: some NameResolver
    ) -> ConfigurationReading {
        guard let file else { return read(text: "", named: "", flags: flags, resolver: resolver) }
        do throws(Complaint) {
            let text = try readTextFile(file)
            return read(text: text, named: file, flags: flags, resolver: resolver)
        } catch {
            let finding = Finding(
                .error, at: .flag("--config"), "\(file) \(error.problem)", error.remedy)
            return ConfigurationReading(configuration: Configuration(), findings: [finding])
        }
    }

    /// The same for a text that is already in memory; `file` names it in findings.
    public static func read(
        text: String, named file: String, flags: ConfigurationFlags, resolver: some NameResolver
    ) -> ConfigurationReading {
        var reader = ConfigurationReader(file: file, resolver: resolver)
        reader.configuration.source = ConfigurationSource(text: text, flags: flags)
        return reader.read(text, flags)
    }
}

extension Configuration {
    /// What it comes to, for a person: `3 origins with 5 members, 4 behaviors, …`.
    public var summary: String {
        let members = settings.origins.reduce(0) { $0 + $1.members.count }
        let addresses = settings.listeners.map { "\($0.endpoint)" }.joined(separator: ", ")
        return
            "the configuration is usable: origins \(settings.origins.count), members \(members)"
            + (discoveries.isEmpty
                ? "" : ", found while the edge runs for \(discoveries.count)") + ", "
            + "behaviors \(settings.behaviors.count); viewers connect to \(addresses)"
    }
}

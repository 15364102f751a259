import Caching
import Edge
import Reactor

/// One reading: the file first, then the flags, then what both together mean.
struct ConfigurationReader<Resolver: NameResolver> {
    let file: String
    let resolver: Resolver
    let findings = Findings()
    var configuration = Configuration()
    var listeners = [ListenerDraft(address: .standard("listen", "127.0.0.1:8080"))]
    /// What holds for each listener that says nothing of its own.
    var expectsProxyHeader = false
    var admin = Given.standard("admin", "127.0.0.1:8081")
    var origins: [OriginDraft] = []
    var behaviors: [BehaviorDraft] = []
    var distribution = DistributionDraft()
    /// `writes.groups` says which there are, if only that there is none.
    var tellsGroups = false
    /// nil: nobody said.
    var role: Role?
    var accessLog = AccessLogDraft()
    var notices = NoticeDraft()

    init(file: String, resolver: Resolver) {
        self.file = file
        self.resolver = resolver
    }

    mutating func read(_ text: String, _ flags: ConfigurationFlags) -> ConfigurationReading {
        takeDistributionFlags(flags)
        if var top = parseConfigurationFile(text, named: file, findings) {
            readFile(&top, flags)
        } else if findings.hasErrors {
            // What follows from a file that cannot be read tells nobody anything.
            return ConfigurationReading(configuration: configuration, findings: findings.all)
        }
        return settle(flags)
    }

    /// The same for a section that stands in a larger document; nil: nothing is written.
    mutating func read(_ top: Section?, _ flags: ConfigurationFlags) -> ConfigurationReading {
        if var top { readFile(&top, flags) }
        return settle(flags)
    }

    private mutating func settle(_ flags: ConfigurationFlags) -> ConfigurationReading {
        apply(flags)
        settleListeners()
        checkAPIAccess()
        // Whoever imports a distribution most often wants to see what CloudFront does with it.
        configuration.settings.role = role ?? (isImporting ? .twin : .tier)
        if let file = distribution.file {
            settleDistribution(file)
        } else {
            checkDistributionIsThere()
            settleOrigins()
            settleBehaviors()
        }
        settleMaps()
        settleNotices()
        settleAccessLog()
        checkTLS()
        checkLateFetches()
        checkWrites()
        checkSignals()
        checkOutgoing()
        findContradictions(in: configuration.settings, findings)
        checkMapChecks(
            configuration.settings, found: configuration.discoveries.map(\.origin), findings)
        return ConfigurationReading(
            configuration: configuration, findings: findings.sorted, places: findings.places)
    }

    // The mode is settled before the behaviors are read, since their defaults depend on it.
    private mutating func readFile(_ top: inout Section, _ flags: ConfigurationFlags) {
        readServer(&top)
        if let limits = top.section("limits") { readLimits(limits, &configuration.settings.limits) }
        if let section = top.section("southbound") {
            readSouthbound(section, &configuration.settings.southbound)
        }
        if let rates = top.section("viewerRates") {
            readViewerRates(rates, &configuration.settings.viewerRates)
        }
        if let section = top.section("ownWrites") {
            readOwnWrites(section, &configuration.settings.ownWrites)
        }
        if let cache = top.section("cache") { readCache(cache, &configuration.settings.cache) }
        if let log = top.section("accessLog") { readAccessLog(log) }
        if let section = top.section("notices") { readNotices(section) }
        if let section = top.section("fallbacks") {
            readFallbacks(section, &configuration.settings.fallbacks)
        }
        if let section = top.section("writes") { readWrites(section) }
        if let api = top.section("api") { readAPI(api) }
        if let section = top.section("seeding") { readSeeding(section) }
        if let aws = top.section("aws") { readAWS(aws) }
        if let cloudwatch = top.section("cloudwatch") { readCloudWatch(cloudwatch) }
        if let cloudfront = top.section("cloudfront") { readCloudFront(cloudfront) }
        if let tls = top.section("tls") { readViewerTLS(tls) }
        if let section = top.section("distribution") { readDistribution(section) }
        if var origins = top.section("origins") { readOrigins(&origins) }
        if let mode = flags.mode.flatMap({ try? ValueForm.mode.parse($0) }) {
            configuration.settings.mode = mode
        }
        readBehaviors(&top)
        top.finish()
    }

    private mutating func readServer(_ top: inout Section) {
        if let listen = top.elements("listen") { listeners = listen.compactMap(listener) }
        admin = top.given("admin") ?? admin
        if let names = top.list("adminHosts") {
            configuration.adminHosts = names.compactMap { $0.read(.adminHost, findings) }
        }
        top.read("mode", &configuration.settings.mode, .mode)
        top.read("role", &role, .role)
        top.read("clock", &configuration.clock, .clock)
        top.read("loops", &configuration.settings.loops, .loops)
        top.read("name", &configuration.settings.name, .edgeName)
        top.read("logLevel", &configuration.logLevel, .logLevel)
        if let blocks = top.list("trustedProxies") {
            configuration.settings.trustedProxies = blocks.compactMap { $0.read(.block, findings) }
        }
        if let names = top.list("trustedFields") {
            configuration.settings.trustedFields = names.compactMap {
                $0.read(.fieldName, findings)
            }
        }
        if let names = top.list("upgrades") {
            configuration.settings.upgrades = names.compactMap { $0.read(.upgrade, findings) }
        }
        top.read("proxyProtocol", &expectsProxyHeader, .flag)
    }

    private func listener(_ element: Section.Element) -> ListenerDraft? {
        switch element {
        case .value(let given): return ListenerDraft(address: given)
        case .section(var section):
            var draft = section.given("address").map { ListenerDraft(address: $0) }
            var expects: Bool?
            section.read("proxyProtocol", &expects, .flag)
            var speaksTLS = false
            section.read("tls", &speaksTLS, .flag)
            var isSouthbound = false
            section.read("southbound", &isSouthbound, .flag)
            var mode: UInt32?
            section.read("mode", &mode, .fileMode)
            section.finish()
            draft?.mode = mode
            draft?.speaksTLS = speaksTLS
            draft?.isSouthbound = isSouthbound
            draft?.expectsProxyHeader = expects
            if draft == nil {
                findings.error(
                    at: section.place, "a listener has no address", "add \"address: HOST:PORT\"")
            }
            return draft
        }
    }
}

import ArgumentParser
import Control

/// The flags of `serve` and `check`. Each has a key in the configuration file and wins over it.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file. Without it no file is read.", valueName: "FILE"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            """
            Where viewers connect; may be repeated. :PORT is every address, port 0 a free port. \
            (default: 127.0.0.1:8080)
            """,
            valueName: "HOST:PORT|unix:PATH"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Where the operator connects: /metrics, /status, /healthz, /readyz, /explain, /clock, \
            and CloudFront's API. \
            (default: 127.0.0.1:8081)
            """,
            valueName: "HOST:PORT|unix:PATH"))
    var admin: String?

    @Option(
        help: ArgumentHelp(
            """
            Where stored responses are kept across restarts. Without it they go when the edge \
            stops.
            """,
            valueName: "DIR"))
    var cache: String?

    @Option(
        help: ArgumentHelp(
            "Size of the cache, fixed while the edge runs; 512MiB, 20GiB. (default: 1GiB)",
            valueName: "BYTES"))
    var cacheSize: String?

    @Option(
        help: ArgumentHelp(
            """
            A pool of origin servers; may be repeated. With ID= it takes the place of the members \
            that the file gives that origin, or of the address that the distribution does.
            """,
            valueName: "[ID=]URL[,URL...]"))
    var origin: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Serve a CloudFront distribution: the output of "aws cloudfront \
            get-distribution-config".
            """,
            valueName: "FILE"))
    var distribution: String?

    @Option(
        help: ArgumentHelp(
            """
            What the distribution refers to: a directory with the outputs of get-cache-policy, \
            get-public-key and their like, a file each, or of list-cache-policies and its like.
            """,
            valueName: "DIR"))
    var policies: String?

    @Option(
        help: ArgumentHelp(
            "The distribution's id. (default: the export's, else made of its CallerReference)",
            valueName: "ID"))
    var distributionID: String?

    @Option(
        help: ArgumentHelp(
            "Whose rules apply: cloudfront's or RFC 9111's. (default: cloudfront)",
            valueName: "cloudfront|rfc9111"))
    var mode: String?

    @Option(
        help: ArgumentHelp(
            "Imitate CloudFront (twin) or stand behind it (tier). (default: twin with "
                + "--distribution, else tier)",
            valueName: "twin|tier"))
    var role: String?

    @Option(
        help: ArgumentHelp(
            """
            Which time the edge goes by: the machine's, or one that stands until \
            "mapedge clock" moves it, from now or from a TIME such as 2026-01-01T00:00:00Z. \
            (default: system)
            """,
            valueName: "system|manual[=TIME]"))
    var clock: String?

    @Option(
        help: ArgumentHelp(
            "Event loops; 0 is one for each processor. (default: 0)", valueName: "N"))
    var loops: String?

    @Option(
        help: ArgumentHelp(
            """
            Write a JSON line for each request to a file, or to standard output with -. In \
            CloudFront's format it names a directory.
            """,
            valueName: "PATH|-"))
    var accessLog: String?

    @Option(
        help: ArgumentHelp(
            """
            JSON lines, or CloudFront's standard log files, one gzip file for each hour. \
            (default: json)
            """,
            valueName: "json|cloudfront"))
    var accessLogFormat: String?

    @Option(
        help: ArgumentHelp(
            "Peers whose X-Forwarded-For and PROXY header are believed; may be repeated.",
            valueName: "CIDR"))
    var trustedProxy: [String] = []

    @Flag(help: "Each connection from a trusted proxy begins with a PROXY protocol v2 header.")
    var proxyProtocol = false

    @Option(
        help: ArgumentHelp(
            "How long running exchanges may take after a stop was asked for. (default: 30s)",
            valueName: "DURATION"))
    var stopDeadline: String?

    @Option(
        help: ArgumentHelp(
            """
            How long the control API calls an invalidation InProgress, which is in effect at once \
            all the same. (default: 0)
            """,
            valueName: "DURATION"))
    var invalidationDelay: String?

    @Option(
        help: ArgumentHelp(
            "The least important events on standard error. (default: info)",
            valueName: "debug|info|notice|warning|error"))
    var logLevel: String?

    /// The flags as `Control` takes them.
    var flags: ConfigurationFlags {
        var flags = ConfigurationFlags()
        flags.listen = listen
        flags.admin = admin
        flags.cache = cache
        flags.cacheSize = cacheSize
        flags.origins = origin
        flags.distribution = distribution
        flags.policies = policies
        flags.distributionID = distributionID
        flags.mode = mode
        flags.role = role
        flags.clock = clock
        flags.loops = loops
        flags.accessLog = accessLog
        flags.accessLogFormat = accessLogFormat
        flags.trustedProxies = trustedProxy
        flags.proxyProtocol = proxyProtocol
        flags.stopDeadline = stopDeadline
        flags.logLevel = logLevel
        flags.invalidationDelay = invalidationDelay
        return flags
    }

    /// Reads the file and the flags. Waits for the resolver, for two seconds at most.
    func read() -> ConfigurationReading {
        Configuration.read(
            file: config, flags: flags, resolver: BoundedResolver(SystemNameResolver()))
    }
}

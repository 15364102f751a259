public import Caching
public import HTTP
public import Reactor
public import Tiles

/// Everything the data plane is told: one immutable value, swapped whole by a reload.
///
/// `Control` makes it from the command line and `mapedge.yaml`; a loop reads only its own
/// snapshot (`HotSettings`) on a hit.
public struct Settings: Sendable {
    /// Where viewers connect. At least one.
    public var listeners: [ListenerSettings] = []
    /// The pools, by position; behaviors name them by index.
    public var origins: [OriginSettings] = []
    /// Path patterns in order, first match wins; the last one matches everything.
    public var behaviors: [BehaviorSettings] = []
    /// What is known of the map services of each origin, by the same positions; fewer: of none.
    public var mapServices: [MapServices] = []
    public var mode: Mode = .cloudfront
    public var role: Role = .tier
    /// Number of event loops; 0 means one for each core that the process may use.
    public var loops = 0
    public var loopCount: Int { loops > 0 ? loops : allowedProcessors().count }
    public var limits = ViewerLimits()
    public var southbound = SouthboundSettings()
    public var cache = CacheSettings()
    public var accessLog: AccessLogSettings?
    /// Peers whose X-Forwarded-For and PROXY header are believed.
    public var trustedProxies: [AddressBlock] = []
    /// Fields beyond those that only these peers may set, and that origins get from them: who asks,
    /// most often. From everybody else they are removed, as the rest of `SpoofableField` is.
    public var trustedFields: [String] = []
    /// Protocols that viewers may switch to, in small letters; whatever else they ask for in
    /// Upgrade reaches no origin.
    public var upgrades = ["websocket"]
    /// What listeners that speak TLS show, and ask for. Needed if one of them does.
    public var viewerTLS: TLSServerSettings?
    /// How long a key seals session tickets, in milliseconds. Default 12 h.
    public var ticketKeyInterval = 43_200_000
    /// Our name in `Via` and `Cache-Status`.
    public var name = "mapedge"
    /// What viewers are told, and get, when an origin fails.
    public var notices = NoticeSettings()
    public var fallbacks = FallbackSettings()
    /// What writes that pass make stale.
    public var writes = WriteSettings()
    /// How often viewers may ask.
    public var viewerRates = ViewerRateSettings()
    /// For how long who has written something gets pages past the store.
    public var ownWrites = OwnWriteSettings()
    /// The field in which responses tell a cache in front what they show (`ScopeTags`); empty: in
    /// none.
    public var outgoingTagField: [UInt8] = []
    /// The distribution that `behaviors` were imported from; nil: there is none.
    public var distribution: DistributionSettings?

    public init() {}

    /// What each loop keeps of what passes; a developer's edge does unless told otherwise.
    public var lookBackBytes: Int { limits.lookBack ?? (role == .twin ? 8 << 20 : 0) }

    /// `limits` as the mode has them: CloudFront takes expectations away that it does not know, and
    /// RFC 9110 §10.1.1 has them refused.
    var viewerLimits: ViewerLimits {
        var limits = limits
        limits.head.refusesExpectations = mode == .rfc9111
        return limits
    }
}

/// One address viewers connect to.
public struct ListenerSettings: Sendable, Hashable {
    public var endpoint: Endpoint
    /// Each connection from a trusted proxy begins with a PROXY protocol v2 header. Default: no.
    public var expectsProxyHeader = false
    /// Viewers speak TLS, behind the PROXY header if there is one. Default: no.
    public var speaksTLS = false
    /// It is for the site's own calls to its map server: see `SouthboundSettings`. Default: no.
    public var isSouthbound = false
    /// Of a Unix socket's file, which says who may connect. Default: what the umask leaves.
    public var mode: UInt32?

    public init(
        endpoint: Endpoint, expectsProxyHeader: Bool = false, speaksTLS: Bool = false,
        isSouthbound: Bool = false, mode: UInt32? = nil
    ) {
        self.endpoint = endpoint
        self.expectsProxyHeader = expectsProxyHeader
        self.speaksTLS = speaksTLS
        self.isSouthbound = isSouthbound
        self.mode = mode
    }
}

/// One origin: a named pool of members.
public struct OriginSettings: Sendable {
    public var id = "default"
    public var members: [MemberSettings] = []
    /// Members that are still to be found will speak TLS. Default: no.
    public var expectsTLS = false
    /// Replaces the viewer's Host towards the origin; nil forwards the viewer's.
    public var hostHeader: String?
    /// A member's certificate may also be for the Host that is forwarded to it, which is asked for
    /// by SNI then, if it is one of the distribution's names. Default: no.
    public var acceptsForwardedHost = false
    /// Prefixed to the path towards the origin only; no trailing slash. Default: empty.
    public var path = ""
    /// Fields set on each request to the origin, replacing the viewer's.
    public var customHeaders: [HeaderSetting] = []
    /// Waits, in milliseconds: for the connection (default 10 s), for the first byte of the answer
    /// (30 s), between two reads of its body (30 s), for the whole exchange (0: none).
    public var connectTimeout = 10_000
    public var firstByteTimeout = 30_000
    public var betweenBytesTimeout = 30_000
    public var totalTimeout = 0
    /// How long an idle connection is kept, in milliseconds. Default 5 s, as CloudFront.
    public var idleTimeout = 5_000
    /// Connection attempts at one member before the next (1–3, CloudFront's default 3).
    public var attempts = 3
    /// Idle connections kept for each loop and member. Default 64.
    public var idleConnections = 64
    /// Requests in flight at one member, all loops together; 0: no limit. Default 0.
    public var memberConcurrency = 0
    /// The same for each class of requests.
    public var limits = ClassLimits()
    /// Requests that wait for a member at its limit. Default 1,024; over it 503.
    public var queueLength = 1_024
    /// Of these, of one class and of one viewer. Defaults 768 and 256: whoever is flooded leaves
    /// room for the others.
    public var queuePerClass = 768
    public var queuePerViewer = 256
    /// What counts as one viewer in that queue.
    public var fairness = FairnessUnit.address
    /// How long a request may wait in that queue, in milliseconds. Default 10 s; then 503.
    public var queueTimeout = 10_000
    /// Retries allowed for each 100 requests. Default 20; three are in hand at the start.
    public var retryBudgetPercent = 20
    /// Second requests for tiles that are slow.
    public var hedge = HedgeSettings()
    /// Longest time, in milliseconds, for which a member is left alone because it asked for it.
    /// Default 60 s.
    public var retryAfterMaximum = 60_000
    public var health = HealthSettings()
    /// How members that speak TLS are verified.
    public var tls = TLSClientSettings()
    /// How its members keep one catalog; nil: they have none in common.
    public var cluster: ClusterSettings?
    /// Where it is read what layers it has; nil: nowhere.
    public var layers: LayerSettings?

    public init() {}
}

/// A host's name, and the port to connect to.
public struct HostName: Sendable, Hashable {
    public var name: String
    public var port: UInt16

    public init(_ name: String, port: UInt16) {
        self.name = name
        self.port = port
    }
}

public struct MemberSettings: Sendable, Hashable {
    /// As written by the operator; names the member in status, logs and metrics.
    public var name: String
    /// Where to connect: the first address that answers is used.
    public var endpoints: [Endpoint]
    /// The name that has no address, or none yet; endpoints are none, or those of before a reload.
    public var unresolved: HostName?
    /// Host and port for the Host field when none is forwarded.
    public var authority: String
    /// Share of the traffic relative to its peers, 1 to `weightMax`. Default 1.
    public var weight = 1
    public static let weightMax = 1_000
    /// Processors that draw there; how many requests it gets at once depends on it. Default 8.
    public var cores = standardCores
    public static let standardCores = 8
    /// The host that its certificate must be for, and that it is asked for by (SNI); nil: no TLS.
    public var tlsHost: String?
    /// The lowest of those with a place and well is asked; others stand in. Default 0.
    public var tier = 0
    /// It leaves the pool: it gets nothing while any other is well. Default: no.
    public var isDraining = false

    public init(
        name: String, endpoints: [Endpoint], authority: String, weight: Int = 1,
        tlsHost: String? = nil
    ) {
        self.name = name
        self.endpoints = endpoints
        self.authority = authority
        self.weight = weight
        self.tlsHost = tlsHost
    }
}

public struct HeaderSetting: Sendable, Hashable {
    public var name: String
    public var value: String
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A path pattern, where it leads and its cache policy.
public struct BehaviorSettings: Sendable {
    /// Longest pattern that CloudFront takes.
    public static let patternBytesMax = 255

    /// CloudFront's syntax: `*` and `?`, anchored, path only, case-sensitive.
    public var pattern = "*"
    /// Index into `Settings.origins`.
    public var origin = 0
    public var policy: BehaviorPolicy
    /// Cookie names that make a request a session's: it bypasses the cache (law 6).
    public var sessionCookies: [String] = ["sessionid", "JSESSIONID"]
    /// The other classes of cookies; class pages.
    public var cookies = CookieClasses()
    /// The languages that the site has, in small letters, the standard one first; empty: the key
    /// does not tell them apart, and what varies by language is not stored. Class pages.
    public var languages: [String] = []
    /// What stands beside tokens in pages, in either case; see `PageSecrets`. Class pages.
    public var tokens = PageSecrets.standardNames
    /// Tokens that are cut out of what is stored and put in at delivery; one cookie at most. Empty:
    /// a page with a token is its reader's own. Class pages.
    public var tokenPlaces: [TokenRule] = []
    /// A page that starts a session is shared without it once so many answers with different ones
    /// were the same; 0: never. Class pages.
    public var sessionStartProofs = 0
    /// How a page is known that lacks something; nil: it is taken at its word.
    public var degraded: DegradedMarker?
    /// Keys, forwarding and access as a distribution has them; nil: the edge's own rules.
    public var imported: ImportedBehavior?
    /// Whether all spellings of a map have one key; nil: as the role has it.
    public var canonicalKeys: Bool?
    /// The map services behind it, by which all spellings of a map have one key; nil: maps are
    /// keyed as they are asked for. For class tiles.
    public var maps: MapServices?
    /// Bounds of a map's lifetime where its entry is another behavior's, too; nil: the policy's.
    public var pictureTTL: PictureTTL?
    /// Whether keys have map servers' documents without their cache-busters, as they have maps.
    /// For the classes of map servers.
    public var dropsCacheBusters = false
    /// How many tiles are drawn at once; for `maps` that are not nil.
    public var metatiles = MetatileSettings()
    /// How far ahead of who steps a map through TIME is fetched; for `maps` that are not nil.
    public var playback = PlaybackSettings()

    public init(policy: BehaviorPolicy) { self.policy = policy }
}

/// MinTTL, DefaultTTL and MaxTTL of a map's picture.
public struct PictureTTL: Sendable {
    private let (minTTL, defaultTTL, maxTTL): (Milliseconds, Milliseconds, Milliseconds)

    public init(_ policy: BehaviorPolicy) {
        (minTTL, defaultTTL, maxTTL) = (policy.minTTL, policy.defaultTTL, policy.maxTTL)
    }

    /// Puts them into the policy of the behavior that was asked.
    func apply(to policy: inout BehaviorPolicy) {
        (policy.minTTL, policy.defaultTTL, policy.maxTTL) = (minTTL, defaultTTL, maxTTL)
    }
}

/// Limits towards viewers. All times in milliseconds.
public struct ViewerLimits: Sendable {
    /// Target, head and field count of a request; see `HeadLimits`.
    public var head = HeadLimits.request
    /// From the first byte of a head to its last, however it drips; and from a connection's
    /// beginning to the first byte of its first head. Default 10 s.
    public var headerTimeout = 10_000
    /// Without a byte of the request body. Default 30 s.
    public var bodyTimeout = 30_000
    /// Without a byte taken by the viewer. Default 30 s.
    public var writeTimeout = 30_000
    /// Between two requests. Default 125 s: it must outlast CloudFront's keep-alive (120 s).
    public var idleTimeout = 125_000
    /// Without a byte in either direction of a tunnel, such as a WebSocket. Default 10 min, as
    /// CloudFront has it.
    public var tunnelTimeout = 600_000
    /// Bytes per second below which a body in either direction is given up, after
    /// `rateGrace`. Default 500; 0: no minimum.
    public var minimumRate = 500
    /// Milliseconds before `minimumRate` binds. Default 10 s.
    public var rateGrace = 10_000
    /// Connections for each loop; idle ones make room for new ones. Default 65,536.
    public var connectionsPerLoop = 65_536
    /// Connections for each viewer address and loop; 0: no limit (CloudFront has few addresses).
    public var connectionsPerAddress = 0
    /// How long running exchanges may take after a stop was asked for. Default 30 s.
    public var stopDeadline = 30_000
    /// Bytes read from or written to one connection in one tick. Default 256 KiB.
    public var tickBudget = 262_144
    /// Bytes of what passes that each loop keeps for `mapedge scenario record --last`; 0: nothing.
    /// nil, the default: 8 MiB in role twin, nothing in role tier.
    public var lookBack: Int?
    /// Largest request body in bytes; 0: no limit (uploads of any size are streamed).
    public var bodyBytes: UInt64 = 0

    public init() {}
}

/// The store.
public struct CacheSettings: Sendable {
    /// Where it lies; nil: a directory of its own under the system's temporary directory.
    public var directory: String?
    /// Size of the map in bytes, fixed at start. Default 1 GiB.
    public var bytes: UInt64 = 1 << 30
    /// Largest response stored, in bytes; larger ones are streamed only. Default 64 MiB.
    public var objectBytes = 64 << 20
    /// Memory that fetches in progress may hold, all loops together. Default 256 MiB.
    public var fillBytes = 256 << 20
    /// Bytes waiting for the writer; over it responses are served, not stored. Default 64 MiB.
    public var backlogBytes = 64 << 20
    /// How long a collapsed request waits for the leader's response head, ms. Default 30 s.
    public var collapseTimeout = 30_000

    public init() {}
}

public struct AccessLogSettings: Sendable, Hashable {
    /// A file path, or nil for standard output. Of no account where there is an `archive`.
    public var path: String?
    /// Bytes of lines that may wait for the disk, per loop; over it lines are dropped and counted.
    public var bufferBytes = 1 << 20
    /// Lines as CloudFront writes them, in its files; nil: JSON lines.
    public var archive: LogArchiveSettings?
    public init(path: String?, bufferBytes: Int = 1 << 20, archive: LogArchiveSettings? = nil) {
        self.path = path
        self.bufferBytes = bufferBytes
        self.archive = archive
    }
}

/// Where the files of a standard access log lie, and how they are called.
///
/// Source: CloudFront, "Standard logging (legacy)": `prefix/distribution.YYYY-MM-DD-HH.unique.gz`.
public struct LogArchiveSettings: Sendable, Hashable {
    /// Must exist; directories that the prefix names are made.
    public var directory: String
    public var prefix: String
    /// The distribution's Id, with which file names begin.
    public var distribution: String
    /// What stands in `cs(Host)`.
    public var domainName: String
    /// What CloudFront would write and a log here does not, unless it is asked for.
    public var secrets: LoggedSecrets
    public init(
        directory: String, prefix: String, distribution: String, domainName: String,
        secrets: LoggedSecrets = LoggedSecrets()
    ) {
        self.directory = directory
        self.prefix = prefix
        self.distribution = distribution
        self.domainName = domainName
        self.secrets = secrets
    }
}

/// What may sign somebody in and stands in a standard access log all the same, as CloudFront has
/// it. Nothing of it by itself (law 6): whoever reads such a log may take over sessions.
public struct LoggedSecrets: Sendable, Hashable {
    /// The values of cookies, where the distribution's Logging.IncludeCookies has them logged.
    public var showsCookies = false
    /// The whole Referer, with its query, fragment, user and password.
    public var showsReferers = false
    /// Values of credentials in the request's own path and query.
    public var showsCredentials = false
    public init() {}
}

/// How the GeoServers of one origin keep one catalog.
///
/// Source: GeoServer user manual, "REST: Reload", and the clustering modules' own documentation.
public struct ClusterSettings: Sendable, Equatable {
    /// What brings a follower's catalog up to date.
    public enum Sync: Sendable {
        /// `/rest/reload`: the whole catalog is read from disk anew.
        case reload
        /// `/rest/reset`: only what is kept of stores, schemas and styles is dropped.
        case reset
        /// Nothing: the members see to it themselves (jdbcconfig, JMS, GeoServer Cloud).
        case none
    }

    /// The name of the member that takes all configuration writes; nil: any member does, and
    /// `sync` must be `none`.
    public var leader: String?
    /// The leader is chosen among the members, which have one data directory; `leader` is nil.
    public var choosesLeader = false
    /// Milliseconds for which a chosen leader may be unfit before another one takes its place; one
    /// that is no member any more is replaced at once. Default a minute.
    public var succession = 60_000
    /// The members that are brought up to date; nil: all but the leader.
    public var followers: [String]?
    public var sync = Sync.reload
    /// Where REST is found at each member, without a slash at its end.
    public var restPath = "/geoserver/rest"
    /// Further paths under which writes reach the catalog, such as GeoNode's own proxy.
    public var proxies = ["/gs"]
    /// What is asked of each member to compare catalogs.
    public var capabilities = "/geoserver/ows?service=WMS&version=1.3.0&request=GetCapabilities"
    /// The value of the Authorization field of reloads; nil: none is sent.
    public var authorization: String?
    /// For one reload, for one comparison, and for draining a member, in ms. Default 60 s.
    public var timeout = 60_000
    /// Attempts in a row that may fail before a follower is tried only once per `driftInterval`.
    public var retries = 3
    /// Milliseconds between two comparisons of all members. Default 30 s.
    public var driftInterval = 30_000
    /// Milliseconds until all members that nobody loads have heard of a write. Default 10 s.
    public var propagation = 10_000
    /// Features are in one database: what WFS-T changes is everybody's at once.
    public var sharedStore = true
    /// Cookies that tie a session to the member that set them.
    public var stickyCookies = ["JSESSIONID"]
    /// What each configuration write makes stale in the cache, beside what it touches by what it
    /// says: paths, those with `*` at their end standing for all that begin so. nil, the default:
    /// nothing where that is known, else `everything`.
    public var invalidates: [String]?

    public init() {}

    /// Whether writes are one member's matter.
    public var hasLeader: Bool { leader != nil || choosesLeader }

    /// The path of the application, such as `/geoserver`: where REST is, without its last segment.
    public var context: String {
        let end = restPath.lastIndex(of: "/") ?? restPath.startIndex
        return String(restPath[..<end])
    }

    /// All below the context and the proxies' paths, where the same is to be read, as paths of
    /// `invalidates`.
    public var everything: [String] { ([context] + proxies).map { $0 + "/*" } }

    /// Moments that are no options: how long it is quiet before a round begins, so that a burst of
    /// writes costs one round, and how long a burst may put it off; the first pause after a
    /// failure, doubled each time. Milliseconds.
    static let quiet = 250
    static let quietMaximum = 2_000
    static let backoff = 1_000
}

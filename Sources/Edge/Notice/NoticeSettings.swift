public import Caching

/// How viewers of pages are told that an origin fails.
public struct NoticeSettings: Sendable, Equatable {
    public enum Delivery: UInt8, Sendable {
        /// Put into pages of class pages as they are sent.
        case inject
        /// Pages load a small script that asks the edge: see `script`.
        case script
        case off
    }

    /// Default here: off; a configuration of role tier injects.
    public var delivery = Delivery.off
    /// Origins whose outage is told of, by position; nil: those that behaviors of the classes
    /// tiles, capabilities and features lead to.
    public var watch: [Int]?
    /// By language; the first one is for whoever asks for none of them. Never empty.
    public var texts = [NoticeTexts.standard]
    /// A notice goes before the last place where this stands in a page, whatever its case; to the
    /// end of a page without it.
    public var marker = "</body"
    /// A path under which `notice.js` and `status.json` are served to viewers; nil: nowhere.
    public var script: String?
    /// How long a cache in front may keep a page with a notice, in milliseconds. Default 10 s.
    public var sMaxage: Milliseconds = 10_000

    public init() {}

    /// Larger pages, in bytes as they are stored or come, are served without a notice: a page that
    /// gets one is held in memory whole. Below what a fetch may be ahead of its readers.
    static var pageBytesMax: Int { 393_216 }
    /// Likewise once they are decompressed.
    static var plainBytesMax: Int { 4 << 20 }
}

/// What is done when neither the origin nor the store has an answer.
public struct FallbackSettings: Sendable, Equatable {
    /// How many zoom levels up a stored tile may be enlarged in place of one; 0: never. Default 3.
    public var ancestorLevels = 3
    /// Pictures made at once, all loops together; what comes on top gets a blank one. Default 4.
    public var pictureJobs = 4
    /// Seconds in `Retry-After`. Default 5.
    public var retryAfter = 5
    /// Failures in a row that begin an outage of a pool, successes that end it. Defaults 3 and 2.
    public var outageBegins = 3
    public var outageEnds = 2

    public init() {}
}

/// How a page is recognised that an origin made although it lacked something.
public struct DegradedMarker: Sendable, Equatable {
    /// A response field that says so; nil: none.
    public var header: String?
    /// Its value, compared whatever the case; nil: any.
    public var value: String?
    /// Text in the page that says so, letter by letter; empty: none.
    public var body: [UInt8] = []
    /// How many bytes of the page are searched. Default 16 KiB.
    public var within = 16_384
    /// A stored page that is still good enough goes out in its place. Default: no.
    public var servesStored = false

    public init() {}
}

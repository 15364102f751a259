/// How many requests of each class one member has at once, all loops together.
public struct ClassLimits: Sendable, Hashable {
    /// What was asked for; nil: the default, which may depend on the member's cores.
    public var given = PerClass<Int?>(nil)

    public init() {}

    /// Whether any class has a limit.
    public var isAny: Bool { RequestClass.allCases.contains { limit($0, cores: 1) > 0 } }

    /// A member's limit for a class; 0: none.
    ///
    /// By default:
    /// - *tiles*: twice the member's cores, beyond which a renderer only gets slower (GeoServer
    ///   user manual, "Control flow module": GetMap).
    /// - *capabilities*: 2. Each walks the whole catalogue and takes megabytes.
    /// - *features*: as many as cores. Each holds a connection to the database while it streams,
    ///   and a store's pool has ten by default.
    /// - *pages*, *writes*, *other*: none. Pages have workers of their own to wait for; a write
    ///   that is refused is made twice; of the others nothing is known.
    public func limit(_ requestClass: RequestClass, cores: Int) -> Int {
        if let given = given[requestClass] { return given }
        switch requestClass {
        case .tiles: return 2 * max(1, cores)
        case .capabilities: return 2
        case .features: return max(1, cores)
        case .pages, .writes, .other: return 0
        }
    }
}

/// What a fetch asks a pool for: a place at a member, for its class and on account of its viewer.
struct PlaceAsk: Sendable, Equatable {
    var requestClass = RequestClass.other
    /// Whose turn it uses; see ``ViewerKey``.
    var viewer: UInt64 = 0
    /// In turns: a picture as large as several tiles takes as many.
    var cost = 1
    /// When a place is no use any more; monotonic milliseconds.
    var deadline = Int64.max
    /// When the viewer that asks leaves without an answer; others who wait with it may stay.
    var viewerDeadline = Int64.max
    /// It is one of the requests already of which retries are a share.
    var isCounted = false
    /// The member that can say whether what is stored is still good, before its turn; nil: any.
    var preferred: Int?

    /// Turns that a picture of this size takes: one for each 512 by 512 pixels begun, as a tile of
    /// 256 and one for a fine display both are, and no more than a metatile of GeoWebCache's.
    static func cost(width: Int, height: Int) -> Int {
        min(max(1, (width * height + 262_143) / 262_144), 16)
    }
}

/// How long requests of each class hold their member, lately: what a wait can be told from.
struct HoldTimes: Sendable {
    private var means = PerClass(0.0)
    private var samples = PerClass(0)

    /// Each counts a sixteenth, so that some dozens decide.
    mutating func record(_ requestClass: RequestClass, milliseconds: Int64) {
        let held = Double(max(0, milliseconds))
        samples[requestClass] += 1
        let share = 1 / Double(min(samples[requestClass], 16))
        means[requestClass] += (held - means[requestClass]) * share
    }

    /// The mean in milliseconds; nil while too few were seen to say anything.
    func mean(_ requestClass: RequestClass) -> Double? {
        samples[requestClass] < 8 ? nil : means[requestClass]
    }
}

/// Why somebody who waited, or would have, got no place.
enum QueueRefusal: Int, Sendable, CaseIterable {
    /// The queue, the class's part of it, or the viewer's.
    case full, classFull, viewerFull
    /// Its turn would come too late.
    case deadline
    /// Its turn did not come in time.
    case timeout
    /// Every member asked not to be asked for a while.
    case held

    /// The word in metrics and `/status`.
    var word: String {
        switch self {
        case .full: "queue-full"
        case .classFull: "class-full"
        case .viewerFull: "viewer-full"
        case .deadline: "queue-deadline"
        case .timeout: "queue-timeout"
        case .held: "member-held"
        }
    }
}

/// What counts as one viewer where viewers take turns.
public enum FairnessUnit: Sendable, Hashable {
    /// Its address, behind the proxies that are trusted.
    case address
    /// Its session, where it shows one. A school behind one address is many viewers then; so is
    /// whoever makes up session cookies, up to the length of the queue and of its class.
    case session
}

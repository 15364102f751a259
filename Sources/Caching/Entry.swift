public import HTTP

/// What kind of record stands under a key.
public enum EntryKind: UInt8, Sendable, CaseIterable {
    /// A whole response.
    case complete
    /// Some bytes of a representation (206).
    case partial
    /// Not a response: the names of the fields by which the responses of this target vary.
    case variants
}

/// What an entry's policy needs to remember of the response, beside its times.
public struct EntryFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `must-revalidate`.
    public static let mustRevalidate = EntryFlags(rawValue: 1 << 0)
    /// `proxy-revalidate`.
    public static let proxyRevalidate = EntryFlags(rawValue: 1 << 1)
    /// The lifetime came from `s-maxage`, which forbids stale use like `proxy-revalidate`.
    public static let sMaxAge = EntryFlags(rawValue: 1 << 2)
    /// `no-cache`: confirmed by the origin before every use.
    public static let noCache = EntryFlags(rawValue: 1 << 3)
    /// Has an entity tag, whose bytes are `EntryHeader.etag`.
    public static let hasETag = EntryFlags(rawValue: 1 << 4)
    /// The entity tag is weak.
    public static let weakETag = EntryFlags(rawValue: 1 << 5)
    /// The request had `Authorization`, and the response allowed to share it nevertheless.
    public static let hadAuthorization = EntryFlags(rawValue: 1 << 6)
    /// `public`, `s-maxage` or `must-revalidate`: may be shared with requests that authenticate.
    public static let sharedExplicitly = EntryFlags(rawValue: 1 << 7)
    /// An error status, kept for a short while.
    public static let negative = EntryFlags(rawValue: 1 << 8)
    /// Only for when the origin is down (CloudFront's treatment of `no-store` and `private`).
    public static let fallbackOnly = EntryFlags(rawValue: 1 << 9)
    /// `Vary: *`: asked for anew every time, without a condition.
    public static let varyStar = EntryFlags(rawValue: 1 << 10)
    /// The lifetime was guessed (RFC 9111 §4.2.2).
    public static let heuristic = EntryFlags(rawValue: 1 << 11)
    /// The lifetime is the class's, and its `Cache-Control` goes out with it, with
    /// `BehaviorPolicy.sMaxage`.
    public static let classLifetime = EntryFlags(rawValue: 1 << 12)
    /// `Last-Modified` is strong enough to combine parts by (RFC 9110 §8.8.2.2).
    public static let strongDate = EntryFlags(rawValue: 1 << 13)
    /// The header block did not fit the record and begins the chunks.
    public static let headersInChunks = EntryFlags(rawValue: 1 << 14)
    /// The record holds a digest of the canonical key, which was too long for it.
    public static let keyIsDigest = EntryFlags(rawValue: 1 << 15)
    /// The response came without Date.
    public static let lacksDate = EntryFlags(rawValue: 1 << 16)

    /// The body was plain as the origin sent it, and compressed here.
    public static let compressedHere = EntryFlags(rawValue: 1 << 17)

    /// It came with a csrf cookie, which is not stored: for those who have one.
    public static let setsCSRF = EntryFlags(rawValue: 1 << 18)

    /// Its header block says which tile it is, in GeoWebCache's words; whether it came from here is
    /// said with each answer.
    public static let tellsTile = EntryFlags(rawValue: 1 << 19)
    /// The body lacks its reader's tokens, which are put in at delivery.
    public static let tokensCut = EntryFlags(rawValue: 1 << 20)

    /// The entity tag is the edge's own, made of the body; what the origin said is behind its line
    /// in the header block, and goes to no viewer.
    public static let contentTag = EntryFlags(rawValue: 1 << 21)
    /// Validators of the origin's are there, for the member that gave them.
    public static let memberValidators = EntryFlags(rawValue: 1 << 22)
    /// The entity tag came without the quotes that it has here.
    public static let bareTag = EntryFlags(rawValue: 1 << 23)

    /// That it is selected by Accept-Encoding is the edge's own word, which compresses it for some.
    public static let codedHere = EntryFlags(rawValue: 1 << 24)

    /// How the record and the body lie in the store, whatever the response says.
    public static let layout: EntryFlags = [.headersInChunks, .keyIsDigest, .compressedHere]

    /// All bits that version 1 of the record knows.
    static let known = EntryFlags(rawValue: (1 << 25) - 1)

    /// An explicit directive prohibits stale use (RFC 9111 §4.2.4).
    @inlinable
    public var forbidsStale: Bool {
        !isDisjoint(with: [.mustRevalidate, .proxyRevalidate, .sMaxAge, .noCache])
    }
}

/// The fixed part of a stored response, decoded; no references, copied like memory.
public struct EntryHeader: Sendable, Equatable {
    public var kind: EntryKind
    public var status: UInt16
    public var flags: EntryFlags
    /// Names the body's chunks; 0 while the store has not given one.
    public var objectID: UInt64
    public var times: EntryTimes
    /// Bytes of body held.
    public var bodyLength: UInt64
    /// Bytes of the whole representation; `unknownLength` when a part came as `bytes a-b/*`.
    public var completeLength: UInt64
    /// Offset of the first byte held; 0 but for partial entries.
    public var rangeStart: UInt64
    /// CRC-32C of the body held.
    public var bodyChecksum: UInt32
    /// The number of the latest invalidation when the fetch began (law 3).
    public var invalidation: UInt64
    /// `Last-Modified` in seconds since the epoch; `noDate` when there is none.
    public var lastModified: Int64
    /// The entity tag's bytes, as offsets into the header block.
    public var etag: ByteSlice
    /// Which record of its target's selecting fields a variant belongs to: the record's own number.
    /// One that belongs to another is older than what stood in between. 0 when it does not vary.
    public var varyEpoch: UInt64
    /// What the response cost to make: milliseconds from request to last byte.
    public var renderTime: UInt32

    /// `completeLength` of a part whose whole length the origin did not tell.
    public static var unknownLength: UInt64 { .max }
    /// `lastModified` of a response without that field.
    public static var noDate: Int64 { .min }

    /// A complete entry; the rest is set by who knows it.
    public init(status: UInt16, flags: EntryFlags, times: EntryTimes) {
        kind = .complete
        self.status = status
        self.flags = flags
        objectID = 0
        self.times = times
        bodyLength = 0
        completeLength = 0
        rangeStart = 0
        bodyChecksum = 0
        invalidation = 0
        lastModified = Self.noDate
        etag = ByteSlice()
        varyEpoch = 0
        renderTime = 0
    }

    /// Has something to ask the origin with.
    @inlinable
    public var hasValidator: Bool {
        if flags.contains(.contentTag) { return flags.contains(.memberValidators) }
        return flags.contains(.hasETag) || lastModified != Self.noDate
    }

    /// The bytes of the representation that are held.
    @inlinable
    public var held: Range<UInt64> {
        let (end, overflow) = rangeStart.addingReportingOverflow(bodyLength)
        return rangeStart..<(overflow ? .max : end)
    }
}

import HTTP

/// What one invalidation makes stale: one target, all that begin like it, all that bear a tag, or
/// everything.
///
/// Source: CloudFront, "Specifying what to invalidate"; RFC 9111 §4.4 for writes.
public struct InvalidationRule: Sendable, Hashable {
    public enum Reach: UInt8, Sendable, CaseIterable {
        case everything = 0
        /// One path and query, in all variants.
        case target = 1
        /// All whose path and query begin so.
        case prefix = 2
        /// All that the origin tagged so.
        case tag = 3
        /// All that a write touched: `WriteScope.encoded`.
        case scope = 4
    }

    public var reach: Reach
    /// In small letters, without the default port; nil means any host.
    public var host: [UInt8]?
    /// The path, and behind `?` the query where the cache key has one; of a tag what
    /// `init(tag:in:)` makes of it; of a write its scope.
    public var bytes: [UInt8]
    /// What it matches has come to the end of its lifetime, and may be confirmed, or served where
    /// something stale may; else it is as good as not there.
    public var isSoft = false
    /// As far as is known nothing has changed; it goes by the letter of RFC 9111 §4.4 only, and a
    /// cache in front is not told.
    public var isQuiet = false

    /// Longest path or tag, in bytes: CloudFront's limit of 4,000 characters is below it, and a
    /// write's target (8,192 bytes) within it.
    public static var byteLimit: Int { 16_384 }

    public init(_ reach: Reach, host: [UInt8]? = nil, _ bytes: [UInt8] = []) {
        self.reach = reach
        self.host = host
        self.bytes = bytes
    }

    public static var everything: InvalidationRule { InvalidationRule(Reach.everything) }

    /// What a write touched. It is as good as not there, so that nobody gets it while it is
    /// refreshed.
    public init(scope: WriteScope) { self.init(.scope, scope.encoded) }

    /// What a write touched; one that cannot be read, as of a later version, is everything. nil: a
    /// rule of another reach.
    public var scope: WriteScope? {
        guard reach == .scope else { return nil }
        return unsafe WriteScope(encoded: bytes.span.bytes) ?? .everything
    }

    /// All that has a tag in the response field that has tags now: under another name, which may be
    /// the field's later, it is another tag.
    ///
    /// Source: CloudFront, "Specify cache tags": they apply under the current header name only.
    public init(tag: some Collection<UInt8>, in field: some Collection<UInt8>) {
        self.init(
            .tag, field.map { lowercased($0) } + [Self.tagMark] + tag.map { lowercased($0) })
    }

    /// The field and the tag, in small letters; nil: a rule of another reach, or from a log that
    /// does not tell the field.
    public var tag: (field: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        guard reach == .tag, let mark = bytes.firstIndex(of: Self.tagMark) else { return nil }
        return (bytes[..<mark], bytes[(mark + 1)...])
    }

    /// What neither the name of a field nor a tag can have.
    static var tagMark: UInt8 { UInt8(ascii: " ") }

    private static var softBit: UInt8 { 0x80 }
    private static var quietBit: UInt8 { 0x40 }

    /// The rule as it stands in the log: reach, with the highest bit for a soft one and the next
    /// for a quiet one, length of the host (65,535 for any), host, bytes.
    public var encoded: [UInt8] {
        let length = host?.count ?? 65_535
        let first = reach.rawValue | (isSoft ? Self.softBit : 0) | (isQuiet ? Self.quietBit : 0)
        return [first, UInt8(length & 255), UInt8(length >> 8)] + (host ?? []) + bytes
    }

    /// Reads what `encoded` wrote; nil if it is anything else.
    public init?(encoded: RawSpan) {
        guard encoded.byteCount >= 3,
            let reach = Reach(rawValue: encoded[0] & ~(Self.softBit | Self.quietBit))
        else { return nil }
        let length = Int(encoded[1]) | Int(encoded[2]) << 8
        let hostLength = length == 65_535 ? 0 : length
        guard encoded.byteCount >= 3 + hostLength else { return nil }
        let start = 3 + hostLength
        self.init(
            reach, host: length == 65_535 ? nil : (3..<start).map { encoded[$0] },
            (start..<encoded.byteCount).map { encoded[$0] })
        isSoft = encoded[0] & Self.softBit != 0
        isQuiet = encoded[0] & Self.quietBit != 0
    }
}

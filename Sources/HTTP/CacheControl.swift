/// The directives of a message's Cache-Control lines (RFC 9111 §5.2, RFC 5861, RFC 8246).
///
/// A plain value: flags and seconds. Made by adding the field's lines in their order, or by
/// `parseCDNCacheControl`. Requests and responses share the type; what has a meaning only in the
/// other is simply never looked at.
public struct CacheControl: Equatable, Sendable {
    /// What was said, beyond numbers.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let noStore = Flags(rawValue: 1 << 0)
        /// `no-cache` without field names.
        public static let noCache = Flags(rawValue: 1 << 1)
        /// `no-cache="names"`; see `forEachQualifiedName`.
        public static let noCacheFields = Flags(rawValue: 1 << 2)
        /// `private` without field names.
        public static let `private` = Flags(rawValue: 1 << 3)
        /// `private="names"`; see `forEachQualifiedName`.
        public static let privateFields = Flags(rawValue: 1 << 4)
        public static let `public` = Flags(rawValue: 1 << 5)
        public static let mustRevalidate = Flags(rawValue: 1 << 6)
        public static let proxyRevalidate = Flags(rawValue: 1 << 7)
        public static let noTransform = Flags(rawValue: 1 << 8)
        public static let mustUnderstand = Flags(rawValue: 1 << 9)
        public static let immutable = Flags(rawValue: 1 << 10)
        public static let onlyIfCached = Flags(rawValue: 1 << 11)
        /// `max-stale` without a number: any staleness will do.
        public static let maxStaleAny = Flags(rawValue: 1 << 12)
        public static let hasMaxAge = Flags(rawValue: 1 << 13)
        public static let hasSMaxAge = Flags(rawValue: 1 << 14)
        public static let hasStaleWhileRevalidate = Flags(rawValue: 1 << 15)
        public static let hasStaleIfError = Flags(rawValue: 1 << 16)
        public static let hasMinFresh = Flags(rawValue: 1 << 17)
        public static let hasMaxStale = Flags(rawValue: 1 << 18)
        /// `max-age` has no number; it counts as 0, already stale (RFC 9111 §4.2.1).
        public static let invalidMaxAge = Flags(rawValue: 1 << 19)
        /// `s-maxage` has no number, likewise.
        public static let invalidSMaxAge = Flags(rawValue: 1 << 20)
        /// `max-age` came again after the one that counts.
        public static let repeatedMaxAge = Flags(rawValue: 1 << 21)
        /// `s-maxage`, likewise.
        public static let repeatedSMaxAge = Flags(rawValue: 1 << 22)
    }

    /// The directives that may name fields.
    public enum Qualified: Sendable { case noCache, `private` }

    /// What was said.
    public var flags: Flags = []
    /// `max-age`, seconds; valid with `hasMaxAge`.
    public var maxAge: Int64 = 0
    /// `s-maxage`, seconds; valid with `hasSMaxAge`.
    public var sMaxAge: Int64 = 0
    /// `stale-while-revalidate`, seconds; valid with `hasStaleWhileRevalidate`.
    public var staleWhileRevalidate: Int64 = 0
    /// `stale-if-error`, seconds; valid with `hasStaleIfError`.
    public var staleIfError: Int64 = 0
    /// `min-fresh`, seconds; valid with `hasMinFresh`.
    public var minFresh: Int64 = 0
    /// `max-stale`, seconds; valid with `hasMaxStale`.
    public var maxStale: Int64 = 0

    /// No directives.
    public init() {}

    /// Whether the flag was set by any line.
    public func contains(_ flag: Flags) -> Bool { flags.contains(flag) }

    /// Adds one field line's value.
    ///
    /// Names in any case; arguments as tokens or quoted strings. Where a directive with a number
    /// comes twice, the first counts (RFC 9111 §4.2.1). White space before `=` is not in the
    /// grammar: such a member is an unknown directive, and unknown ones mean nothing (§5.2.3).
    /// A number beyond 2^31 − 1 counts as 2^31 (§1.2.2). `max-age` and `s-maxage` with an argument
    /// that is no number count as 0; other directives are then ignored. A member that is no
    /// directive means what the words in it forbid, and allows nothing.
    public mutating func add(_ value: RawSpan) {
        var list = FieldList()
        while let member = list.next(in: value) {
            if let directive = Directive(value, member) {
                add(value, directive)
            } else {
                addMalformed(value, member)
            }
        }
    }

    /// Whether an argument names fields and holds nothing else. One that does not leaves open which
    /// fields are meant: it may be any.
    static func namesFields(_ argument: RawSpan) -> Bool {
        var walk = FieldList()
        var count = 0
        while let range = walk.next(in: argument) {
            guard isToken(argument.extracting(range)) else { return false }
            count += 1
        }
        return count > 0
    }

    /// Calls `body` with each field name that `no-cache="…"` or `private="…"` lists in this line.
    ///
    /// Names come as written, without white space; what is no token is left out.
    public static func forEachQualifiedName(
        of directive: Qualified, in value: RawSpan, _ body: (RawSpan) -> Void
    ) {
        var list = FieldList()
        while let member = list.next(in: value) {
            guard let found = Directive(value, member), let argument = found.argument else {
                continue
            }
            let isWanted =
                switch directive {
                case .noCache: found.isNamed("no-cache", in: value)
                case .private: found.isNamed("private", in: value)
                }
            guard isWanted else { continue }
            let names = value.extracting(argument)
            var walk = FieldList()
            while let range = walk.next(in: names) {
                let name = names.extracting(range)
                if isToken(name) { body(name) }
            }
        }
    }
}

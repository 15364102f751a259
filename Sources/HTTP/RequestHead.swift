/// A request's start line and fields, as offsets into the bytes it was parsed from.
///
/// The bytes stay the caller's and must not move relative to each other while the head is in use.
/// Meant to be reused: `parseRequest` overwrites all of it and allocates nothing, unless a copy of
/// the head is still in use.
public struct RequestHead: Sendable {
    /// How the target was written (RFC 9112 §3.2). CONNECT's authority form is never accepted.
    public enum TargetForm: UInt8, Sendable {
        /// `/path?query`.
        case origin
        /// `http://authority/path?query`.
        case absolute
        /// `*`, with OPTIONS.
        case asterisk
    }

    /// The method; when `other`, see `methodName`.
    public internal(set) var method: Method = .get
    /// The method as written.
    public internal(set) var methodName = ByteSlice()
    /// The whole request target as written.
    public internal(set) var target = ByteSlice()
    /// The path as written, `/` first; empty for `*` and for `http://authority`.
    public internal(set) var path = ByteSlice()
    /// Whether the path has no escape, no double quote, no semicolon and no dot or slash behind
    /// another: it is its own normal form (RFC 3986 §6), needs no escape in a JSON string and has
    /// no parameters. False says nothing.
    public internal(set) var hasPlainPath = false
    /// What follows the first `?`, without it.
    public internal(set) var query = ByteSlice()
    /// Whether there is a `?`; the query behind it may be empty.
    public internal(set) var hasQuery = false
    /// Host and optional port: the Host field's value, or the target's authority when the request
    /// has no Host. Empty only in HTTP/1.0 requests that name none.
    public internal(set) var authority = ByteSlice()
    /// How the target was written.
    public internal(set) var targetForm: TargetForm = .origin
    /// 0 or 1; a higher minor version counts as 1 (RFC 9110 §2.5).
    public internal(set) var minorVersion: UInt8 = 1
    /// How the body is framed; never `untilClose`.
    public internal(set) var framing: BodyFraming = .none
    /// Whether the viewer expects the connection to stay open (RFC 9112 §9.3).
    public internal(set) var keepsAlive = false
    /// Whether the viewer waits for `100 Continue` before it sends the body.
    public internal(set) var expectsContinue = false
    /// The Upgrade field's value when Connection names it, else empty. Empty in HTTP/1.0.
    public internal(set) var upgrade = ByteSlice()
    /// The field lines.
    public internal(set) var fields = HeaderTable()
    /// Bytes from the start of the input to the end of the head, an ignored leading empty line
    /// included.
    public internal(set) var length = 0
    /// It was put together for something else that was asked for: the path `/`, which stands for
    /// another. The parser never says so.
    public var standsForRoot = false
    var options = ConnectionOptions()

    /// A head to parse into.
    public init() {}

    /// Whether the field at `index` concerns this connection only: it is one of the hop-by-hop
    /// fields, or Connection names it (RFC 9110 §7.6.1).
    public func isHopByHop(_ index: Int, bytes: RawSpan) -> Bool {
        let field = fields[index]
        return field.known.isHopByHop
            || options.contains(.other) && fields.connectionNames(field.name, in: bytes)
    }

    /// The list that Connection is, where it names anything but the usual: trailers of these names
    /// go no further either (RFC 9110 §7.6.1). Otherwise empty, and nothing is allocated.
    public func namedByConnection(bytes: RawSpan) -> [UInt8] {
        options.contains(.other) ? fields.connectionList(in: bytes) : []
    }
}

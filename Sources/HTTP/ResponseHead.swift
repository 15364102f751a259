/// A response's status line and fields, as offsets into the bytes it was parsed from.
///
/// The same contract as `RequestHead`.
public struct ResponseHead: Sendable {
    /// The status code, 100...999.
    public internal(set) var status = 0
    /// The reason phrase as sent: any bytes but CR, LF and NUL, however long. Never to be passed
    /// on; it is here for the log.
    public internal(set) var reason = ByteSlice()
    /// 0 or 1; a higher minor version counts as 1 (RFC 9110 §2.5).
    public internal(set) var minorVersion: UInt8 = 1
    /// How the body is framed.
    public internal(set) var framing: BodyFraming = .none
    /// What Content-Length says, also where no body follows (HEAD, 304); nil without that field.
    public internal(set) var contentLength: UInt64?
    /// Whether the origin will take another request on the connection (RFC 9112 §9.3).
    public internal(set) var keepsAlive = false
    /// Whether the body is in a transfer coding that is not understood, so that its bytes are not
    /// the content: to be relayed at most, never stored.
    public internal(set) var hasUnknownCoding = false
    /// The Upgrade field's value when Connection names it, else empty.
    public internal(set) var upgrade = ByteSlice()
    /// The field lines.
    public internal(set) var fields = HeaderTable()
    /// Bytes from the start of the input to the end of the head.
    public internal(set) var length = 0
    var options = ConnectionOptions()

    /// A head to parse into.
    public init() {}

    /// Whether another, final response follows on the same request. 101 is final: what follows it
    /// is no longer HTTP.
    public var isInterim: Bool { status < 200 && status != 101 }

    /// Whether the field at `index` concerns this connection only (RFC 9110 §7.6.1).
    public func isHopByHop(_ index: Int, bytes: RawSpan) -> Bool {
        let field = fields[index]
        return field.known.isHopByHop
            || options.contains(.other) && field.known.mayBeConnectionOption
                && fields.connectionNames(field.name, in: bytes)
    }

    /// The list that Connection is, where it names anything but the usual: trailers of these names
    /// go no further either (RFC 9110 §7.6.1). Otherwise empty, and nothing is allocated.
    public func namedByConnection(bytes: RawSpan) -> [UInt8] {
        options.contains(.other) ? fields.connectionList(in: bytes) : []
    }
}

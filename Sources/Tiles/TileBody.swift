/// Whether an answer is the picture that was asked for.
public enum TileVerdict: UInt8, Sendable, CaseIterable {
    /// Status, type, signature and length are those of the picture: it may be stored.
    case fits
    /// The service reports an error, be it with status 200: an OGC exception document.
    case exception
    /// Neither 200 nor 203: nothing to be kept as a tile, whatever the body is.
    case wrongStatus
    /// The Content-Type is not that of the requested format, or there is none.
    case wrongType
    /// The body does not begin as its Content-Type says.
    case wrongSignature
    /// The picture has not the size in pixels that was asked for.
    case wrongSize
    /// There is no body.
    case empty
    /// It is a document that breaks off, or is not well-formed.
    case incomplete
    /// It is a document, but another one than was asked for: a web page, another service's.
    case wrongDocument

    /// The word for logs, metrics and `Cache-Status`.
    public var word: StaticString {
        switch self {
        case .fits: "fits"
        case .exception: "service-exception"
        case .wrongStatus: "wrong-status"
        case .wrongType: "wrong-type"
        case .wrongSignature: "wrong-signature"
        case .wrongSize: "wrong-size"
        case .empty: "empty-body"
        case .incomplete: "incomplete-document"
        case .wrongDocument: "wrong-document"
        }
    }
}

/// Judges what a map service answered: law 5, nothing that failed is stored as if it worked.
public enum TileBody {
    /// How many bytes of a body `judge` can make use of: as many as GeoServer's XML declaration
    /// and the DOCTYPE behind it need to name an exception.
    public static let prefixBytes = 128

    /// Judges a response to a map request by its head and its first bytes.
    ///
    /// An XML or JSON document in place of an image is an exception, since a service has nothing
    /// else to say so. Where no image was asked for, only an exception's own type or root element
    /// is one. GeoServer sends exceptions with status 200.
    ///
    /// - Parameters:
    ///   - status: the response's status.
    ///   - contentType: its Content-Type; empty where there is none.
    ///   - prefix: the first bytes of its body without transfer or content coding:
    ///     `prefixBytes` of them or the whole body if that is shorter. More do no harm.
    ///   - length: the body's length in bytes if it is known.
    ///   - format: what the request asked for.
    ///
    /// Pure, without allocation, constant cost. That the body is complete is for the framing to
    /// tell, not for this.
    public static func judge(
        status: Int, contentType: RawSpan, prefix: RawSpan, length: UInt64?, format: MapFormat
    ) -> TileVerdict {
        let type = MediaType(contentType)
        let signature = ImageSignature(prefix)
        if type == .exception || signature == nil && isException(type, prefix, format) {
            return .exception
        }
        // A proxy's 203 is a 200 that it has made other bytes of (RFC 9110 §15.3.4).
        guard status == 200 || status == 203 else { return status == 204 ? .empty : .wrongStatus }
        guard length != 0, prefix.byteCount > 0 else { return .empty }
        guard format.isImage else { return .fits }
        guard type.fits(format) else { return .wrongType }
        return type.fits(signature) ? .fits : .wrongSignature
    }

    private static func isException(
        _ type: MediaType, _ prefix: RawSpan, _ format: MapFormat
    ) -> Bool {
        let root = DocumentRoot(prefix)
        if root == .exception { return true }
        guard format.isImage, prefix.byteCount > 0 else { return false }
        return root == .xml && type != .svg || type == .xml || type == .json
    }
}

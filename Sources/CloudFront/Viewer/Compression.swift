public import HTTP

/// Which responses are compressed on their way into the store.
///
/// Source: CloudFront, "Serve compressed files".
public enum Compression {
    /// Content-Length of what is compressed, in bytes.
    public static var lengths: ClosedRange<UInt64> { 1_000...10_000_000 }

    /// Whether a response may be compressed, going by its head alone: the status, a length that
    /// is known and within bounds, no coding of the origin's, a type that compresses well.
    public static func suits(_ head: borrowing ResponseHead, bytes: RawSpan) -> Bool {
        switch head.status {
        case 200, 403, 404: break
        default: return false
        }
        guard case .length(let length) = head.framing, lengths.contains(length),
            !head.fields.contains(.contentEncoding), !head.fields.contains(.contentRange),
            let line = head.fields.first(.contentType)
        else { return false }
        return suits(type: bytes.extracting(head.fields[line].value.range))
    }

    /// Whether the media type, its parameters aside, is on CloudFront's list.
    public static func suits(type: RawSpan) -> Bool {
        let end = type.index(of: UInt8(ascii: ";"), from: 0) ?? type.byteCount
        let essence = type.extracting(type.trimmed(0..<end))
        return types.contains(essence)
    }

    private static let types = NameList(
        ["application/", "font/", "text/"].flatMap { prefix in
            (subtypes[prefix] ?? []).map { prefix + $0 }
        } + ["image/svg+xml", "vnd.apple.mpegurl"], matching: .ignoringCase)

    private static let subtypes = [
        "application/": [
            "dash+xml", "eot", "font", "font-sfnt", "javascript", "json", "opentype", "otf", "pdf",
            "pkcs7-mime", "protobuf", "rss+xml", "truetype", "ttf", "vnd.apple.mpegurl",
            "vnd.mapbox-vector-tile", "vnd.ms-fontobject", "wasm", "xhtml+xml", "xml",
            "x-font-opentype", "x-font-truetype", "x-font-ttf", "x-httpd-cgi", "x-javascript",
            "x-mpegurl", "x-opentype", "x-otf", "x-perl", "x-ttf",
        ],
        "font/": ["eot", "opentype", "otf", "ttf"],
        "text/": [
            "css", "csv", "html", "javascript", "js", "plain", "richtext", "tab-separated-values",
            "xml", "x-component", "x-java-source", "x-script",
        ],
    ]
}

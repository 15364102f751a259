import HTTP

/// The Content-Types that matter for a map's answer.
enum MediaType: Equatable {
    case absent, png, jpeg, gif, webp, svg, otherImage
    /// `application/vnd.ogc.se_xml` and its relatives: an exception by name.
    case exception
    case xml, json, other

    init(_ bytes: RawSpan) {
        var start = 0
        while start < bytes.byteCount, bytes.byte(start) == 0x20 { start += 1 }
        var end = start
        while end < bytes.byteCount, !Self.ends(bytes.byte(end)) { end += 1 }
        guard start < end else {
            self = .absent
            return
        }
        self = Self.named(QueryText(start: start, end: end), in: bytes)
    }

    private static func ends(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09
    }

    private static func named(_ text: QueryText, in bytes: RawSpan) -> MediaType {
        if let start = text.prefix("image/", in: bytes) {
            // Literal, as `+` in a header is no space.
            if bytes.spells("svg+xml", from: start, to: text.end) { return .svg }
            let subtype = QueryText(start: start, end: text.end)
            switch MapFormat(subtype: subtype, in: bytes) {
            case .png, .png8: return .png
            case .jpeg: return .jpeg
            case .gif: return .gif
            case .webp: return .webp
            default: return .otherImage
            }
        }
        if text.spells("application/vnd.ogc.se_xml", in: bytes) { return .exception }
        if text.spells("application/vnd.ogc.se_json", in: bytes) { return .exception }
        if text.spells("application/json", in: bytes) || text.spells("text/javascript", in: bytes) {
            return .json
        }
        if text.spells("text/xml", in: bytes) || text.spells("application/xml", in: bytes) {
            return .xml
        }
        let hasSuffix =
            text.end - text.start > 4
            && bytes.spells("+xml", from: text.end - 4, to: text.end)
        return hasSuffix ? .xml : .other
    }

    /// Whether an answer of this type can be the picture that was asked for.
    func fits(_ format: MapFormat) -> Bool {
        let isImage =
            switch self {
            case .png, .jpeg, .gif, .webp, .svg, .otherImage: true
            default: false
            }
        switch format {
        case .png, .png8: return self == .png
        case .jpeg: return self == .jpeg
        case .gif: return self == .gif
        case .webp: return self == .webp
        case .jpegOrPNG: return self == .jpeg || self == .png
        case .unstated, .otherImage: return isImage
        case .notImage: return true
        }
    }

    /// Whether a body of this type may begin so. An image type that is not in the list of
    /// signatures is believed, unless the bytes show one that is.
    func fits(_ signature: ImageSignature?) -> Bool {
        switch self {
        case .png: signature == .png
        case .jpeg: signature == .jpeg
        case .gif: signature == .gif
        case .webp: signature == .webp
        default: signature == nil
        }
    }
}

/// The first bytes that give an image's format away.
///
/// Source: PNG 3rd edition §5.2, ITU-T T.81 §B.1.1.3, GIF89a §17, WebP container §RIFF header.
enum ImageSignature {
    case png, jpeg, gif, webp

    init?(_ bytes: RawSpan) {
        if bytes.begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.begins([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.spells("gif87a", from: 0, to: 6) || bytes.spells("gif89a", from: 0, to: 6) {
            self = .gif
        } else if bytes.spells("riff", from: 0, to: 4), bytes.spells("webp", from: 8, to: 12) {
            self = .webp
        } else {
            return nil
        }
    }
}

extension RawSpan {
    fileprivate func begins<let count: Int>(_ signature: InlineArray<count, UInt8>) -> Bool {
        guard byteCount >= count else { return false }
        for index in 0..<count where byte(index) != signature[index] { return false }
        return true
    }
}

public import HTTP

/// The codings that a behavior keeps variants of.
public struct Codings: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let gzip = Codings(rawValue: 1)
    public static let brotli = Codings(rawValue: 2)
}

/// Accept-Encoding as it goes to the origin and into the key.
///
/// Source: CloudFront, "Compressed objects" under "Understand cache policies".
public enum AcceptEncoding: Sendable, Equatable {
    /// The viewer sent none or speaks HTTP/1.0, or the behavior treats it as any other field.
    case absent
    /// The viewer takes none of the behavior's codings: `identity` to the origin, not in the key.
    case identity
    case gzip
    case brotli
    case brotliAndGzip

    /// What the request's Accept-Encoding comes to. A coding with `q=0` is not accepted.
    public init(_ head: borrowing RequestHead, bytes: RawSpan, codings: Codings) {
        self = .absent
        if codings.isEmpty || head.minorVersion == 0 { return }
        guard var line = head.fields.first(.acceptEncoding) else { return }
        var accepted: Codings = []
        while true {
            accepted.formUnion(Self.accepted(bytes.extracting(head.fields[line].value.range)))
            guard let next = head.fields.next(after: line, .acceptEncoding) else { break }
            line = next
        }
        switch accepted.intersection(codings) {
        case [.gzip, .brotli]: self = .brotliAndGzip
        case .gzip: self = .gzip
        case .brotli: self = .brotli
        default: self = .identity
        }
    }

    /// The value to send to the origin; nil: send no such field.
    public var value: StaticString? {
        switch self {
        case .absent: nil
        case .identity: "identity"
        case .gzip: "gzip"
        case .brotli: "br"
        case .brotliAndGzip: "br,gzip"
        }
    }

    /// The part of the key; nil: none.
    public var keyValue: StaticString? {
        self == .identity ? nil : value
    }

    private static func accepted(_ value: RawSpan) -> Codings {
        plainlyAccepted(value) ?? carefullyAccepted(value)
    }

    /// Of a list of bare names, in one pass, as nearly all programs send it; nil where it is more.
    private static func plainlyAccepted(_ value: RawSpan) -> Codings? {
        var accepted: Codings = []
        var at = 0
        while at < value.byteCount {
            let rest = value.byteCount - at
            // No byte but these letters, in either case, comes to them.
            if rest >= 4, value.quad(at) | 0x2020_2020 == 0x7069_7a67,  // gzip
                rest == 4 || value.byte(at + 4) == UInt8(ascii: ",")
            {
                accepted.insert(.gzip)
                at += 5
            } else if rest >= 2, value.pair(at) | 0x2020 == 0x7262,  // br
                rest == 2 || value.byte(at + 2) == UInt8(ascii: ",")
            {
                accepted.insert(.brotli)
                at += 3
            } else if value.byte(at) == UInt8(ascii: " ") {
                at += 1
            } else {
                while at < value.byteCount, value.byte(at) != UInt8(ascii: ",") {
                    let byte = value.byte(at)
                    guard byte | 0x20 &- 0x61 < 26 || byte == UInt8(ascii: "-") else { return nil }
                    at += 1
                }
                at += 1
            }
        }
        return accepted
    }

    private static func carefullyAccepted(_ value: RawSpan) -> Codings {
        var accepted: Codings = []
        var list = FieldList()
        while let range = list.next(in: value) {
            let end = value.index(of: UInt8(ascii: ";"), from: range.lowerBound) ?? value.byteCount
            let nameEnd = min(end, range.upperBound)
            let name = value.extracting(value.trimmed(range.lowerBound..<nameEnd))
            if isRefused(value.extracting(nameEnd..<range.upperBound)) { continue }
            if equalsIgnoringCase(name, "gzip") { accepted.insert(.gzip) }
            if equalsIgnoringCase(name, "br") { accepted.insert(.brotli) }
        }
        return accepted
    }

    /// `;q=0`, `; q=0.000`.
    private static func isRefused(_ weight: RawSpan) -> Bool {
        guard let equals = weight.index(of: UInt8(ascii: "="), from: 0) else { return false }
        let name = weight.extracting(weight.trimmed(min(1, equals)..<equals))
        guard equalsIgnoringCase(name, "q") else { return false }
        let number = weight.trimmed(equals + 1..<weight.byteCount)
        for at in number where weight[at] != UInt8(ascii: "0") && weight[at] != UInt8(ascii: ".") {
            return false
        }
        return !number.isEmpty
    }
}

import HTTP

/// One request field's value in its normal form, gathered from all its lines.
///
/// Lists are split at commas and joined without white space; quality lists (`Accept-Language`,
/// `Accept-Encoding`) are also made small and put in order of quality, then of name. A list of more
/// members than are kept spoils the key, so that such a request is answered without the store.
struct SelectingValue {
    /// What of a value does not matter.
    enum Form {
        /// Everything matters: the field is not a list.
        case verbatim
        /// White space around commas does not.
        case list
        /// Nor does the order of members of equal quality, or the case.
        case qualities
    }

    struct Member: BitwiseCopyable {
        var start: Int
        var count: Int
        /// Thousandths.
        var quality: Int
    }

    private static var memberLimit: Int { 32 }

    let form: Form
    var members = InlineArray<32, Member>(
        repeating: Member(start: 0, count: 0, quality: 0))
    private(set) var count = 0
    private(set) var lines = 0
    private(set) var overflowed = false

    init(_ field: KnownField) {
        switch field {
        case .acceptLanguage, .acceptEncoding: form = .qualities
        case .cookie, .authorization, .userAgent, .referer, .origin, .host, .ifModifiedSince,
            .ifUnmodifiedSince:
            form = .verbatim
        default: form = .list
        }
    }

    /// Takes one line's value.
    mutating func add(_ bytes: RawSpan, _ range: Range<Int>) {
        lines += 1
        if form == .verbatim {
            keep(Member(start: range.lowerBound, count: range.count, quality: 1_000))
            return
        }
        let value = bytes.extracting(range)
        var list = FieldList()
        while let member = list.next(in: value) {
            let start = range.lowerBound + member.lowerBound
            if form == .qualities {
                keep(Self.quality(bytes, start..<start + member.count))
            } else {
                keep(Member(start: start, count: member.count, quality: 1_000))
            }
        }
    }

    private mutating func keep(_ member: Member) {
        guard count < Self.memberLimit else {
            overflowed = true
            return
        }
        members[count] = member
        count += 1
    }

    /// A member split into its name and the quality behind it; a quality that is none counts as
    /// part of the name, so that it is told apart.
    private static func quality(_ bytes: RawSpan, _ range: Range<Int>) -> Member {
        let whole = Member(start: range.lowerBound, count: range.count, quality: 1_000)
        guard let semicolon = bytes.extracting(range).index(of: UInt8(ascii: ";"), from: 0)
        else { return whole }
        let middle = range.lowerBound + semicolon
        let name = bytes.trimmed(range.lowerBound..<middle)
        let weight = bytes.trimmed(middle + 1..<range.upperBound)
        guard weight.count >= 3, lowercased(bytes[weight.lowerBound]) == UInt8(ascii: "q"),
            bytes[weight.lowerBound + 1] == UInt8(ascii: "="),
            let quality = thousandths(bytes, weight.lowerBound + 2..<weight.upperBound)
        else { return whole }
        return Member(start: name.lowerBound, count: name.count, quality: quality)
    }

    /// A qvalue (RFC 9110 §12.4.2) in thousandths.
    private static func thousandths(_ bytes: RawSpan, _ range: Range<Int>) -> Int? {
        guard let first = range.first, range.count <= 5, isDigit(bytes[first]) else { return nil }
        var value = Int(bytes[first] - 48) * 1_000
        if range.count > 1 {
            guard bytes[first + 1] == UInt8(ascii: ".") else { return nil }
            var scale = 100
            for offset in first + 2..<range.upperBound {
                guard isDigit(bytes[offset]) else { return nil }
                value += Int(bytes[offset] - 48) * scale
                scale /= 10
            }
        }
        return value <= 1_000 ? value : nil
    }
}

/// Makes UTF-8 of an XML document in one of the encodings of `XMLEncoding`, as its bytes arrive.
///
/// What decides is, in this order, the byte order mark or the shape of the first bytes, the
/// charset of the Content-Type, and the declaration (RFC 7303 §3, XML 1.0 §4.3.3 and appendix F).
/// Where two of them contradict each other the document is refused: servers differ in which one
/// they believe, and would read another document than we do.
public struct XMLTranscoder: Sendable {
    /// The longest start that is looked at for a declaration, in bytes of UTF-8.
    private static var declarationBytesMax: Int { 300 }

    private let charset: String?
    /// Bytes whose encoding is not known yet: a mark, and twice `declarationBytesMax` at most.
    private var start: [UInt8] = []
    private var encoding: XMLEncoding?
    /// The first byte of a UTF-16 unit, and the first unit of a pair.
    private var half: UInt8?
    private var high: UInt16?

    /// - Parameter charset: that of the Content-Type; nil where it has none.
    public init(charset: String?) {
        self.charset = charset
    }

    /// Takes bytes and appends what they mean in UTF-8.
    public mutating func take(
        _ input: RawSpan, into output: inout [UInt8]
    ) throws(XMLError.Problem) {
        var at = 0
        if encoding == nil {
            while at < input.byteCount, encoding == nil {
                let byte = input.byte(at)
                start.append(byte)
                at += 1
                // Only the first letters and the end of a declaration change what is known.
                let decides =
                    start.count <= 16 || byte == UInt8(ascii: ">")
                    || start.count >= Self.declarationBytesMax
                if decides { try decide(isWhole: false, into: &output) }
            }
        }
        guard let encoding, at < input.byteCount else { return }
        try append(input.extracting(at..<input.byteCount), encoding, to: &output)
    }

    /// Says that nothing follows.
    public mutating func finish(into output: inout [UInt8]) throws(XMLError.Problem) {
        if encoding == nil { try decide(isWhole: true, into: &output) }
        if half != nil || high != nil { throw .notUTF16 }
    }

    /// Finds the encoding out, as soon as that can be done, and passes on what waited for it.
    private mutating func decide(
        isWhole: Bool, into output: inout [UInt8]
    ) throws(XMLError.Problem) {
        guard let found = try XMLEncoding.detected(start, isWhole: isWhole) else { return }
        let rest = Array(start[min(found.markLength, start.count)...])
        // The declaration is of characters below 0x80: in UTF-16 every second byte is one.
        let letters = found.encoding.isUTF16 ? rest.filter { $0 != 0 } : rest
        let declaration = Declaration(letters, isWhole: isWhole)
        // Counted as they came: letters alone would let zeros go on for ever.
        if case .open = declaration, letters.count < Self.declarationBytesMax,
            rest.count < 2 * Self.declarationBytesMax
        {
            return
        }
        var chosen = found.encoding
        for name in [charset, declaration.encoding] {
            guard let name else { continue }
            guard let named = XMLEncoding(named: name) else { throw .encodingUnknown(name) }
            chosen = try Self.reconciled(chosen, named, name, isMarked: found.isMarked)
        }
        if let charset, let named = declaration.encoding,
            let first = XMLEncoding(named: charset), let second = XMLEncoding(named: named),
            first != second, !(first.isUTF16 && second.isUTF16)
        {
            throw .encodingContradicted(named)
        }
        encoding = chosen
        start = []
        try unsafe append(rest.span.bytes, chosen, to: &output)
    }

    /// What the bytes showed, with what a name says besides.
    private static func reconciled(
        _ found: XMLEncoding, _ named: XMLEncoding, _ name: String, isMarked: Bool
    ) throws(XMLError.Problem) -> XMLEncoding {
        if found.isUTF16 != named.isUTF16 { throw .encodingContradicted(name) }
        if found.isUTF16 {
            let saysOrder = name.lowercased().hasSuffix("e")
            if saysOrder, named != found { throw .encodingContradicted(name) }
            return found
        }
        if isMarked, named == .latin1 { throw .encodingContradicted(name) }
        return found == .utf8 ? named : found
    }

    private mutating func append(
        _ input: RawSpan, _ encoding: XMLEncoding, to output: inout [UInt8]
    ) throws(XMLError.Problem) {
        if encoding == .utf8 {
            unsafe input.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
            return
        }
        for at in 0..<input.byteCount {
            let byte = input.byte(at)
            switch encoding {
            case .utf8: break
            case .ascii:
                if byte >= 0x80 { throw .notUTF8 }
                output.append(byte)
            case .latin1:
                if byte < 0x80 {
                    output.append(byte)
                } else {
                    output.append(0xc0 | byte >> 6)
                    output.append(0x80 | byte & 0x3f)
                }
            case .utf16BigEndian, .utf16LittleEndian:
                guard let first = half else {
                    half = byte
                    continue
                }
                half = nil
                let isBig = encoding == .utf16BigEndian
                let unit = UInt16(isBig ? first : byte) << 8 | UInt16(isBig ? byte : first)
                try append(unit, to: &output)
            }
        }
    }

    private mutating func append(
        _ unit: UInt16, to output: inout [UInt8]
    ) throws(XMLError.Problem) {
        // No character of XML, and passed over where the declaration was looked for.
        if unit == 0 { throw .characterForbidden }
        let isLow = unit & 0xfc00 == 0xdc00
        if isLow != (high != nil) { throw .notUTF16 }
        if unit & 0xfc00 == 0xd800 {
            high = unit
            return
        }
        var number = UInt32(unit)
        if let first = high {
            number = 0x10000 + (UInt32(first & 0x3ff) << 10 | UInt32(unit & 0x3ff))
            high = nil
        }
        guard let scalar = Unicode.Scalar(number), let bytes = UTF8.encode(scalar) else {
            throw .notUTF16
        }
        output.append(contentsOf: bytes)
    }
}

/// What the first characters of a document declare of its encoding.
private enum Declaration {
    /// Its end was not seen yet.
    case open
    case none
    case named(String)

    var encoding: String? { if case .named(let name) = self { name } else { nil } }

    init(_ letters: [UInt8], isWhole: Bool) {
        let opening = Array("<?xml".utf8)
        let isBegun = letters.prefix(5).elementsEqual(opening.prefix(letters.count))
        guard isBegun, let close = letters.firstIndex(of: UInt8(ascii: ">")) else {
            self = isBegun && !isWhole ? .open : .none
            return
        }
        let words = letters[..<close].split { isSpace($0) || $0 == UInt8(ascii: "=") }
        guard letters.count > 5, isSpace(letters[5]),
            let place = words.firstIndex(where: { $0.elementsEqual("encoding".utf8) }),
            place + 1 < words.count, let quote = words[place + 1].first,
            let end = words[place + 1].dropFirst().firstIndex(of: quote)
        else {
            self = .none
            return
        }
        let name = words[place + 1]
        self = .named(String(decoding: name[(name.startIndex + 1)..<end], as: UTF8.self))
    }
}

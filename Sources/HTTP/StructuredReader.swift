/// The grammar of RFC 8941 §4.2 below the dictionary, over text that is passed to each call.
struct StructuredReader {
    var at: Int

    /// Moves over `byte` if it is next.
    mutating func take(_ byte: UInt8, _ text: RawSpan) -> Bool {
        guard at < text.byteCount, text.byte(at) == byte else { return false }
        at += 1
        return true
    }

    mutating func skipSpaces(_ text: RawSpan) {
        while at < text.byteCount, text.byte(at) == 0x20 { at += 1 }
    }

    mutating func skipWhitespace(_ text: RawSpan) {
        while at < text.byteCount, isWhitespace(text.byte(at)) { at += 1 }
    }

    /// §4.2.3.3: begins with a lower-case letter or `*`.
    mutating func key(_ text: RawSpan) -> Range<Int>? {
        let start = at
        while at < text.byteCount {
            let byte = text.byte(at)
            let isFirst = byte &- 0x61 < 26 || byte == UInt8(ascii: "*")
            let isLater =
                isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
            guard isFirst || isLater && at > start else { break }
            at += 1
        }
        return at > start ? start..<at : nil
    }

    /// §4.2.1.1. An inner list is checked and otherwise of no interest.
    mutating func itemOrInnerList(_ text: RawSpan) -> StructuredDictionary.Value? {
        guard take(UInt8(ascii: "("), text) else { return bareItem(text) }
        while at < text.byteCount {
            skipSpaces(text)
            if take(UInt8(ascii: ")"), text) { return .other }
            guard bareItem(text) != nil, skipParameters(text), at < text.byteCount,
                text.byte(at) == 0x20 || text.byte(at) == UInt8(ascii: ")")
            else { return nil }
        }
        return nil
    }

    /// §4.2.3.2.
    mutating func skipParameters(_ text: RawSpan) -> Bool {
        while take(UInt8(ascii: ";"), text) {
            skipSpaces(text)
            guard key(text) != nil else { return false }
            if take(UInt8(ascii: "="), text), bareItem(text) == nil { return false }
        }
        return true
    }

    /// §4.2.3.1.
    private mutating func bareItem(_ text: RawSpan) -> StructuredDictionary.Value? {
        guard at < text.byteCount else { return nil }
        switch text.byte(at) {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number(text)
        case UInt8(ascii: "\""):
            return string(text) ? .text : nil
        case UInt8(ascii: ":"): return byteSequence(text) ? .other : nil
        case UInt8(ascii: "?"):
            at += 1
            if take(UInt8(ascii: "1"), text) { return .boolean(true) }
            return take(UInt8(ascii: "0"), text) ? .boolean(false) : nil
        case UInt8(ascii: "*"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            while at < text.byteCount, isTokenByte(text.byte(at)) { at += 1 }
            return .text
        default: return nil
        }
    }

    private func isTokenByte(_ byte: UInt8) -> Bool {
        isToken(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/")
    }

    /// §4.2.4: at most 15 digits, or 12 and a fraction of at most 3.
    private mutating func number(_ text: RawSpan) -> StructuredDictionary.Value? {
        let isNegative = take(UInt8(ascii: "-"), text)
        let start = at
        var number: Int64 = 0
        while at < text.byteCount, isDigit(text.byte(at)) {
            guard at - start < 15 else { return nil }
            number = number * 10 + Int64(text.byte(at) - 0x30)
            at += 1
        }
        let whole = at - start
        guard whole > 0 else { return nil }
        guard take(UInt8(ascii: "."), text) else {
            return .integer(isNegative ? -number : number)
        }
        let fraction = at
        while at < text.byteCount, isDigit(text.byte(at)) { at += 1 }
        guard whole <= 12, at > fraction, at - fraction <= 3 else { return nil }
        return .other
    }

    /// §4.2.5.
    private mutating func string(_ text: RawSpan) -> Bool {
        at += 1
        while at < text.byteCount {
            let byte = text.byte(at)
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                let isEscapable = take(UInt8(ascii: "\""), text) || take(UInt8(ascii: "\\"), text)
                guard isEscapable else { return false }
            case 0x20...0x7e: break
            default: return false
            }
        }
        return false
    }

    /// §4.2.7: Base64 between colons.
    private mutating func byteSequence(_ text: RawSpan) -> Bool {
        at += 1
        while at < text.byteCount {
            let byte = text.byte(at)
            at += 1
            if byte == UInt8(ascii: ":") { return true }
            let isBase64 =
                isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
            guard isBase64 else { return false }
        }
        return false
    }
}

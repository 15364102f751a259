import HTTP

/// Whether the text may name a header field (RFC 9110 §5.1).
func isHeaderName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return isToken(unsafe bytes.span.bytes)
}

/// Whether two texts are the same but for the case of ASCII letters, as header names are compared.
func isSameName(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8) { lowercased($0) == lowercased($1) }
}

extension RawSpan {
    /// The byte at `offset`, checked.
    subscript(offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Where `byte` is next, at or after `start`.
    func index(of byte: UInt8, from start: Int) -> Int? {
        var at = start
        while at < byteCount {
            if self[at] == byte { return at }
            at += 1
        }
        return nil
    }

    /// `range` without blanks at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isWhitespace(self[start]) { start += 1 }
        while end > start, isWhitespace(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether the text begins with `prefix`, given in small letters, whatever its own case.
    func hasPrefixIgnoringCase(_ prefix: StaticString) -> Bool {
        byteCount >= prefix.utf8CodeUnitCount
            && equalsIgnoringCase(extracting(0..<prefix.utf8CodeUnitCount), prefix)
    }
}

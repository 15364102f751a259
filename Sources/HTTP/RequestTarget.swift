/// Reads the request target at `start` and ends at the byte behind it (RFC 9112 §3.2).
func parseTarget(
    _ bytes: RawSpan, from start: Int, limit: Int, _ limits: HeadLimits, _ head: inout RequestHead
) -> PartOutcome {
    guard start < limit else { return .incomplete }
    head.authority = ByteSlice()
    head.path = ByteSlice()
    var at = start
    if bytes.byte(start) == UInt8(ascii: "/") {
        head.targetForm = .origin
    } else if bytes.byte(start) == UInt8(ascii: "*") {
        head.targetForm = .asterisk
        at = start &+ 1
    } else {
        switch parseSchemeAndAuthority(bytes, start, limit, &head) {
        case .end(let end): at = end
        case let other: return other
        }
    }
    let pathStart = at
    let path = PathScan(bytes, from: at, to: limit)
    at = path.end
    head.hasPlainPath = path.isPlain
    head.path = head.targetForm == .asterisk ? ByteSlice() : ByteSlice(from: pathStart, to: at)
    let pathEnd = at
    head.hasQuery = at < limit && bytes.byte(at) == UInt8(ascii: "?")
    if head.hasQuery {
        at = endOfTarget(bytes, from: at &+ 1, to: limit)
        head.query = ByteSlice(from: pathEnd &+ 1, to: at)
    } else {
        head.query = ByteSlice()
    }
    guard at &- start <= limits.targetBytes else { return .rejected(.targetTooLong) }
    guard at < limit else { return .incomplete }
    head.target = ByteSlice(from: start, to: at)
    if bytes.byte(at) != 0x20, bytes.byte(at) != 0x0d { return .rejected(.targetMalformed) }
    if head.targetForm == .asterisk {
        let isSole = at == start &+ 1 && head.method == .options
        return isSole ? .end(at) : .rejected(.targetFormUnknown)
    }
    if !path.isPlain,
        let rejection = judgePath(
            bytes.extracting(pathStart..<pathEnd), hasWholeSegments: path.hasWholeSegments)
    {
        return .rejected(rejection)
    }
    return .end(at)
}

/// `http://` and the bytes up to the path; what the authority may be is judged later, with Host.
private func parseSchemeAndAuthority(
    _ bytes: RawSpan, _ start: Int, _ limit: Int, _ head: inout RequestHead
) -> PartOutcome {
    var at = start
    while at < limit, isToken(bytes.byte(at)), at - start < 16 { at += 1 }
    guard at < limit else { return .incomplete }
    guard bytes.byte(at) == UInt8(ascii: ":"), at > start else {
        let isSpace = bytes.byte(at) == 0x20 && at == start
        return .rejected(isSpace ? .requestLineMalformed : .targetFormUnknown)
    }
    guard at + 3 <= limit else { return .incomplete }
    guard bytes.byte(at + 1) == UInt8(ascii: "/"), bytes.byte(at + 2) == UInt8(ascii: "/") else {
        return .rejected(.targetFormUnknown)
    }
    guard equalsIgnoringCase(bytes.extracting(start..<at), "http") else {
        return .rejected(.targetSchemeUnknown)
    }
    let authority = at + 3
    at = authority
    while at < limit, ByteClass.target.contains(bytes.byte(at)),
        bytes.byte(at) != UInt8(ascii: "/"), bytes.byte(at) != UInt8(ascii: "?")
    {
        at += 1
    }
    guard at < limit else { return .incomplete }
    head.targetForm = .absolute
    head.authority = ByteSlice(from: authority, to: at)
    // The empty authority has no meaning in http (RFC 9110 §4.2.1).
    return head.authority.isEmpty ? .rejected(.hostMalformed) : .end(at)
}

/// The offset of the first byte that cannot stand in a target, or `end`. Eight bytes a step.
@inline(__always)
private func endOfTarget(_ bytes: RawSpan, from start: Int, to end: Int) -> Int {
    var at = start
    while at &+ 8 <= end {
        let word = bytes.word(at)
        var marked = word &- EightBytes.all(0x21)
        marked |= EightBytes.equal(word, 0x7f)
        marked |= EightBytes.equal(word, UInt8(ascii: "#"))
        marked |= EightBytes.equal(word, UInt8(ascii: "\\"))
        marked = (marked & ~word | word) & EightBytes.tops
        if marked != 0 { return at &+ EightBytes.first(marked) }
        at &+= 8
    }
    while at < end {
        let byte = bytes.byte(at)
        if !ByteClass.target.contains(byte) { return at }
        at &+= 1
    }
    return end
}

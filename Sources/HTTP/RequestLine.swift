/// Reads the request line at `start` (RFC 9112 §3): exactly one space between its three parts.
func parseRequestLine(
    _ bytes: RawSpan, from start: Int, limit: Int, _ limits: HeadLimits, _ head: inout RequestHead
) -> PartOutcome {
    guard start &+ 4 <= limit else { return .incomplete }
    var at: Int
    if bytes.quad(start) == 0x2054_4547 {  // "GET "
        head.method = .get
        at = start &+ 3
    } else {
        at = start
        while at < limit, at &- start < methodBytesMax, ByteClass.token.contains(bytes.byte(at)) {
            at &+= 1
        }
        guard at < limit else { return .incomplete }
        if let rejection = methodRejection(bytes, start, at) { return .rejected(rejection) }
        head.method = Method.named(bytes.extracting(start..<at))
    }
    head.methodName = ByteSlice(from: start, to: at)
    at &+= 1
    switch parseTarget(bytes, from: at, limit: limit, limits, &head) {
    case .end(let end): at = end
    case let other: return other
    }
    guard at &+ 11 <= limit else { return shortVersionOutcome(bytes, at, limit) }
    guard bytes.byte(at) == 0x20 else { return .rejected(.targetMalformed) }
    let version = bytes.word(at &+ 1)
    if version & 0x00ff_ffff_ffff_ffff != 0x002e_312f_5054_5448  // "HTTP/1."
        || !isDigit(UInt8(truncatingIfNeeded: version >> 56))
    {
        return .rejected(versionRejection(bytes, at &+ 1))
    }
    guard bytes.pair(at &+ 9) == 0x0a0d else {
        return .rejected(
            bytes.byte(at &+ 9) == 0x20 ? .requestLineMalformed : .versionMalformed)
    }
    head.minorVersion = version >> 56 == 0x30 ? 0 : 1
    return .end(at &+ 11)
}

/// Whether the name in `start..<end`, followed by one more byte, is no method for us.
private func methodRejection(_ bytes: RawSpan, _ start: Int, _ end: Int) -> HeadRejection? {
    guard end > start, bytes.byte(end) == 0x20 else {
        // A line of one word, such as HTTP/0.9 or garbage would begin with.
        return bytes.byte(end) == 0x0d && end > start ? .requestLineMalformed : .methodMalformed
    }
    let name = bytes.extracting(start..<end)
    let isRefused =
        equalsExactly(name, "CONNECT") || equalsExactly(name, "TRACE")
        || equalsExactly(name, "TRACK") || equalsExactly(name, "PRI")
    return isRefused ? .methodNotAllowed : nil
}

/// The line ends, or the bytes do, before a version could stand behind the target.
private func shortVersionOutcome(_ bytes: RawSpan, _ at: Int, _ limit: Int) -> PartOutcome {
    for offset in at..<limit where bytes.byte(offset) == 0x0d {
        // `GET /` and no more is HTTP/0.9.
        return .rejected(offset == at ? .versionUnsupported : .versionMalformed)
    }
    return .incomplete
}

/// What is wrong with the eight bytes where `HTTP/1.1` should stand.
private func versionRejection(_ bytes: RawSpan, _ start: Int) -> HeadRejection {
    let name: StaticString = "HTTP/"
    for index in 0..<5 where bytes.byte(start + index) != name.byte(index) {
        // A space here means more than three parts; anything else is no version.
        return bytes.byte(start) == 0x20 ? .requestLineMalformed : .versionMalformed
    }
    let isVersion =
        isDigit(bytes.byte(start + 5)) && bytes.byte(start + 6) == UInt8(ascii: ".")
        && isDigit(bytes.byte(start + 7))
    return isVersion && bytes.byte(start + 5) != 0x31 ? .versionUnsupported : .versionMalformed
}

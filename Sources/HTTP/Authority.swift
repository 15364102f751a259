/// RFC 9112 §3.2: one Host, and well formed. Where the target names an authority, it counts in
/// place of Host (§3.2.2), for key, alias and origin alike.
func judgeAuthority(_ head: inout RequestHead, _ bytes: RawSpan) -> HeadRejection? {
    let isAbsolute = head.targetForm == .absolute
    if isAbsolute, !isAuthority(bytes, head.authority) { return .hostMalformed }
    guard let index = head.fields.first(.host) else {
        return head.minorVersion == 0 ? nil : .hostMissing
    }
    if head.fields.isRepeated(.host) { return .hostRepeated }
    let host = head.fields[index].value
    guard isAuthority(bytes, host) else { return .hostMalformed }
    if !isAbsolute { head.authority = host }
    return nil
}

/// Whether `slice` is a host name or address and an optional port from 1 to 65535.
///
/// Narrower than RFC 3986: no user, no empty host or port, no percent-encoding, no IPvFuture, and
/// of the characters that reg-name allows only those of real host names.
private func isAuthority(_ bytes: RawSpan, _ slice: ByteSlice) -> Bool {
    var at = Int(slice.start)
    let end = slice.end
    guard at < end else { return false }
    if bytes.byte(at) == UInt8(ascii: "[") {
        guard let close = endOfIPv6Literal(bytes, at &+ 1, end) else { return false }
        at = close
    } else {
        let start = at
        while at < end, ByteClass.hostName.contains(bytes.byte(at)) { at &+= 1 }
        guard at > start else { return false }
    }
    if at == end { return true }
    guard bytes.byte(at) == UInt8(ascii: ":") else { return false }
    return isPort(bytes, at &+ 1, end)
}

@inline(__always)
private func isPort(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    guard start < end, end &- start <= 5 else { return false }
    var port = 0
    for index in start..<end {
        let byte = bytes.byte(index)
        guard isDigit(byte) else { return false }
        port = port &* 10 &+ Int(byte &- 0x30)
    }
    return port > 0 && port <= 65_535
}

/// The offset behind the `]` of an IPv6 address that begins at `start` (RFC 3986 §3.2.2); nil if
/// it is none. Zone identifiers have no place in a Host.
private func endOfIPv6Literal(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
    var at = start
    var groups = 0
    var hasGap = false
    while at < end, bytes.byte(at) != UInt8(ascii: "]") {
        if bytes.byte(at) == UInt8(ascii: ":") {
            let isDouble = at + 1 < end && bytes.byte(at + 1) == UInt8(ascii: ":")
            if isDouble {
                if hasGap { return nil }
                hasGap = true
                at += 2
                continue
            }
            // A single colon stands between two groups only.
            guard groups > 0, bytes.byte(at - 1) != UInt8(ascii: ":"), at + 1 < end,
                hexadecimalDigit(bytes.byte(at + 1)) != nil
            else { return nil }
            at += 1
        }
        let group = at
        while at < end, at - group < 4, hexadecimalDigit(bytes.byte(at)) != nil { at += 1 }
        guard at > group, at < end else { return nil }
        if bytes.byte(at) == UInt8(ascii: ".") {
            guard let last = endOfIPv4(bytes, group, end) else { return nil }
            at = last
            groups += 2
            break
        }
        guard bytes.byte(at) == UInt8(ascii: ":") || bytes.byte(at) == UInt8(ascii: "]") else {
            return nil
        }
        groups += 1
    }
    guard at < end, bytes.byte(at) == UInt8(ascii: "]"), hasGap ? groups < 8 : groups == 8 else {
        return nil
    }
    return at + 1
}

/// The offset behind a dotted address at `start`, each of its four parts below 256.
private func endOfIPv4(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
    var at = start
    for part in 0..<4 {
        if part > 0 {
            guard at < end, bytes.byte(at) == UInt8(ascii: ".") else { return nil }
            at += 1
        }
        let first = at
        var value = 0
        while at < end, at - first < 3, isDigit(bytes.byte(at)) {
            value = value * 10 + Int(bytes.byte(at) - 0x30)
            at += 1
        }
        guard at > first, value < 256 else { return nil }
    }
    return at
}

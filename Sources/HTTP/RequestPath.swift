/// Whether the path may contain an encoded byte or a segment that begins with a dot. False
/// alarms cost time only; a path for which this is false needs no further look.
@inline(__always)
func mayHideSegments(_ bytes: RawSpan, from start: Int, to end: Int) -> Bool {
    var at = start
    // The last byte of the previous word was a slash: as a mask bit for the next word's first.
    var carried: UInt64 = 0
    while at &+ 8 <= end {
        let word = bytes.word(at)
        let visible = ~word & EightBytes.tops
        let slashes = EightBytes.equal(word, UInt8(ascii: "/")) & visible
        let dots = EightBytes.equal(word, UInt8(ascii: ".")) & visible
        let escapes = EightBytes.equal(word, UInt8(ascii: "%")) & visible
        if (slashes << 8 | carried) & dots | escapes != 0 { return true }
        carried = slashes >> 56
        at &+= 8
    }
    var previous: UInt8 = carried != 0 ? UInt8(ascii: "/") : 0
    while at < end {
        let byte = bytes.byte(at)
        if byte == UInt8(ascii: "%") { return true }
        if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { return true }
        previous = byte
        at &+= 1
    }
    return false
}

/// Whether the path, decoded once as a file system or servlet would, is well formed and stays
/// below its root.
///
/// The path is passed on as it came; this only refuses what two readers could take for two
/// different places. A segment counts as `..` also with parameters behind it (`..;x`), and `\`
/// separates like `/`, because some origins read them so.
func judgePath(_ path: RawSpan) -> HeadRejection? {
    var at = 0
    var depth = 0
    var segment = DotSegment()
    while at < path.byteCount {
        var byte = path.byte(at)
        at += 1
        if byte == UInt8(ascii: "%") {
            guard let decoded = decodedByte(path, at), decoded != 0,
                !beginsOverlongForm(path, at, decoded)
            else { return .pathEscapeMalformed }
            byte = decoded
            at += 2
        }
        if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") {
            depth += segment.step
            if depth < 0 { return .pathLeavesRoot }
            segment = DotSegment()
        } else {
            segment.add(byte)
        }
    }
    return depth + segment.step < 0 ? .pathLeavesRoot : nil
}

/// The byte that two hexadecimal digits at `at` stand for.
private func decodedByte(_ path: RawSpan, _ at: Int) -> UInt8? {
    guard at + 2 <= path.byteCount, let high = hexadecimalDigit(path.byte(at)),
        let low = hexadecimalDigit(path.byte(at + 1))
    else { return nil }
    return high << 4 | low
}

/// Whether `lead`, whose digits stand at `at`, begins a UTF-8 sequence longer than its character
/// needs: the way to write `/` or `.` so that only a careless decoder sees it (RFC 3629 §3).
private func beginsOverlongForm(_ path: RawSpan, _ at: Int, _ lead: UInt8) -> Bool {
    guard lead >= 0xc0, at + 2 < path.byteCount, path.byte(at + 2) == UInt8(ascii: "%"),
        let next = decodedByte(path, at + 3), next & 0xc0 == 0x80
    else { return false }
    switch lead {
    case 0xc0, 0xc1: return true
    case 0xe0: return next < 0xa0
    case 0xf0: return next < 0x90
    default: return false
    }
}

/// What a path segment does to the depth, learnt byte by byte.
private struct DotSegment {
    private var dots = 0
    private var isName = false
    private var isParameter = false

    mutating func add(_ byte: UInt8) {
        if isParameter { return }
        if byte == UInt8(ascii: ";") {
            isParameter = true
        } else if byte == UInt8(ascii: ".") {
            dots += 1
        } else {
            isName = true
        }
    }

    var step: Int {
        if isName || dots > 2 { return 1 }
        return dots == 2 ? -1 : 0
    }
}

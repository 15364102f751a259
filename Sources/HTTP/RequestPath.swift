/// Where a path ends and whether it is plain, found in one pass of eight bytes a step.
///
/// A path is plain that has no escape, no double quote, no semicolon, and no dot or slash behind
/// another. Most are, and then there is nothing to judge, to normalise, to hide or to escape.
struct PathScan {
    /// The offset of the first byte that cannot stand in a path: a `?` or none of a target's.
    private(set) var end: Int
    /// No escape, double quote or semicolon.
    private let isLiteral: Bool
    /// No dot or slash behind another: no segment begins with a dot, nor is one empty.
    let hasWholeSegments: Bool
    /// False alarms cost time only.
    var isPlain: Bool { isLiteral && hasWholeSegments }

    @inline(__always)
    init(_ bytes: RawSpan, from start: Int, to limit: Int) {
        var at = start
        var (odd, joined): (UInt64, UInt64) = (0, 0)
        // The last byte of the word before was a dot or slash: a mark on this word's first place.
        var carried: UInt64 = 0
        while at &+ 8 <= limit {
            let word = bytes.word(at)
            let stops = Self.stops(word)
            let joints = Self.joints(word)
            let (newlyOdd, newlyJoined) = (Self.odd(word), joints & (joints << 8 | carried))
            if stops != 0 {
                // What is marked behind the end is no part of the path.
                let before = stops & (0 &- stops) &- 1
                end = at &+ EightBytes.first(stops)
                isLiteral = odd | newlyOdd & before == 0
                hasWholeSegments = joined | newlyJoined & before == 0
                return
            }
            odd |= newlyOdd
            joined |= newlyJoined
            carried = joints >> 56
            at &+= 8
        }
        var (isLiteral, hasWholeSegments) = (odd == 0, joined == 0)
        var isBehindJoint = carried != 0
        while at < limit {
            let byte = bytes.byte(at)
            if byte == UInt8(ascii: "?") || !ByteClass.target.contains(byte) { break }
            let isJoint = byte | 1 == UInt8(ascii: "/")
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: ";")
            {
                isLiteral = false
            }
            if isJoint, isBehindJoint { hasWholeSegments = false }
            isBehindJoint = isJoint
            at &+= 1
        }
        end = at
        self.isLiteral = isLiteral
        self.hasWholeSegments = hasWholeSegments
    }

    /// Marks what ends a path.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        var marked = word &- EightBytes.all(0x21)
        // `?` and DEL differ in one bit.
        marked |= EightBytes.equal(word & ~EightBytes.all(0x40), UInt8(ascii: "?"))
        marked |= EightBytes.equal(word, UInt8(ascii: "#"))
        marked |= EightBytes.equal(word, UInt8(ascii: "\\"))
        return (marked & ~word | word) & EightBytes.tops
    }

    /// Marks dots and slashes, which differ in one bit. Exact in every place: without that bit no
    /// difference is 1, which a borrow could make one of 0.
    @inline(__always)
    private static func joints(_ word: UInt64) -> UInt64 {
        EightBytes.equal(word | EightBytes.ones, UInt8(ascii: "/")) & ~word & EightBytes.tops
    }

    @inline(__always)
    private static func odd(_ word: UInt64) -> UInt64 {
        let marked =
            EightBytes.equal(word, UInt8(ascii: "%"))
            | EightBytes.equal(word, UInt8(ascii: "\"")) | EightBytes.equal(word, UInt8(ascii: ";"))
        return marked & ~word & EightBytes.tops
    }
}

/// Whether a path has no escape, no double quote, no semicolon, and no dot or slash behind another:
/// then it is its own normal form (RFC 3986 §6). False says nothing. Eight bytes a step.
public func isPlainPath(_ path: RawSpan) -> Bool {
    let scan = PathScan(path, from: 0, to: path.byteCount)
    return scan.isPlain && scan.end == path.byteCount
}

/// Whether the path, decoded once as a file system or servlet would, is well formed and stays
/// below its root.
///
/// The path is passed on as it came; this only refuses what two readers could take for two
/// different places. A segment counts as `..` also with parameters behind it (`..;x`), and `\`
/// separates like `/`, because some origins read them so.
///
/// - Parameter hasWholeSegments: as `PathScan` has it. Then only an escape can lead upwards, and
///   those are few: of a path of GeoWebCache's the colons.
func judgePath(_ path: RawSpan, hasWholeSegments: Bool) -> HeadRejection? {
    guard hasWholeSegments else { return judgeSegments(path) }
    var at = escapeOffset(path, from: 0)
    while at < path.byteCount {
        guard let decoded = decodedByte(path, at &+ 1), decoded != 0,
            !beginsOverlongForm(path, at &+ 1, decoded)
        else { return .pathEscapeMalformed }
        if decoded | 1 == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") {
            return judgeSegments(path)
        }
        at = escapeOffset(path, from: at &+ 3)
    }
    return nil
}

/// The offset of the first escape, or the path's end. Eight bytes a step.
@inline(__always)
private func escapeOffset(_ path: RawSpan, from start: Int) -> Int {
    let (mark, end) = (UInt8(ascii: "%"), path.byteCount)
    var at = start
    while at &+ 8 <= end {
        let word = path.word(at)
        let marked = EightBytes.equal(word, mark) & ~word & EightBytes.tops
        if marked != 0 { return at &+ EightBytes.first(marked) }
        at &+= 8
    }
    while at < end, path.byte(at) != mark { at &+= 1 }
    return at
}

/// The same for any path, byte by byte.
private func judgeSegments(_ path: RawSpan) -> HeadRejection? {
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

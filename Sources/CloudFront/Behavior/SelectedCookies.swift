public import HTTP

/// The cookies of a request that a behavior selects, sorted by name; allocates nothing.
///
/// Those of one name keep their order. Names that begin with `$` are dropped, as CloudFront does.
/// Source: CloudFront, "Caching content based on cookies".
public struct SelectedCookies {
    /// Nobody sends more; a request that does is answered without the store.
    public static var limit: Int { 128 }

    private struct Cookie {
        var name = ByteSlice()
        var value = ByteSlice()
    }

    private var cookies = InlineArray<128, Cookie>(repeating: Cookie())
    public private(set) var count = 0
    /// More than `limit` were selected: what there is must not be used.
    public private(set) var overflowed = false

    /// Gathers them from all Cookie lines. A line with a member that has no `=`, or no name, is
    /// malformed and is ignored as a whole.
    public init(
        _ head: borrowing RequestHead, bytes: RawSpan, _ selection: borrowing NameSelection,
        dropsSignature: Bool
    ) {
        guard selection.mode != .none else { return }
        var line = head.fields.first(.cookie)
        while let at = line {
            let value = head.fields[at].value
            if Self.isWellFormed(bytes, value.range) {
                gather(bytes, value.range, selection, dropsSignature)
            }
            line = head.fields.next(after: at, .cookie)
        }
    }

    private mutating func gather(
        _ bytes: RawSpan, _ range: Range<Int>, _ selection: borrowing NameSelection,
        _ dropsSignature: Bool
    ) {
        var at = range.lowerBound
        while let member = Self.member(bytes, &at, range.upperBound) {
            guard let equals = Self.equals(bytes, member) else { continue }
            let name = bytes.trimmed(member.lowerBound..<equals)
            let text = bytes.extracting(name)
            if bytes[name.lowerBound] == UInt8(ascii: "$") || !selection.selects(text) { continue }
            if dropsSignature, SignatureNames.hasCookie(text) { continue }
            let value = bytes.trimmed(equals + 1..<member.upperBound)
            insert(Cookie(name: ByteSlice(name), value: ByteSlice(value)), bytes)
        }
    }

    /// By insertion, since browsers send few.
    private mutating func insert(_ cookie: Cookie, _ bytes: RawSpan) {
        guard count < Self.limit else {
            overflowed = true
            return
        }
        var hole = count
        while hole > 0, Self.precedes(bytes, cookie, cookies[hole - 1]) {
            cookies[hole] = cookies[hole - 1]
            hole -= 1
        }
        cookies[hole] = cookie
        count += 1
    }

    private static func precedes(_ bytes: RawSpan, _ left: Cookie, _ right: Cookie) -> Bool {
        let first = bytes.extracting(left.name.range)
        let second = bytes.extracting(right.name.range)
        for offset in 0..<min(first.byteCount, second.byteCount)
        where first[offset] != second[offset] {
            return first[offset] < second[offset]
        }
        return first.byteCount < second.byteCount
    }

    /// The name and value at `index`, in the bytes of the request.
    public subscript(index: Int) -> (name: ByteSlice, value: ByteSlice) {
        precondition(index < count, "no such cookie")
        return (cookies[index].name, cookies[index].value)
    }

    /// Writes the value of the origin's Cookie field, `a=1; b=2`; nothing where there is none.
    public func write(_ bytes: RawSpan, to writer: inout HeadWriter) {
        for index in 0..<count {
            if index > 0 { writer.append("; ") }
            writer.append(bytes.extracting(cookies[index].name.range))
            writer.append("=")
            writer.append(bytes.extracting(cookies[index].value.range))
        }
    }
}

// Reading a Cookie line.
extension SelectedCookies {
    private static func isWellFormed(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while let member = member(bytes, &at, range.upperBound) {
            guard let equals = equals(bytes, member),
                !bytes.trimmed(member.lowerBound..<equals).isEmpty
            else { return false }
        }
        return true
    }

    /// The next member between semicolons that is not blank.
    private static func member(_ bytes: RawSpan, _ at: inout Int, _ end: Int) -> Range<Int>? {
        while at < end {
            let start = at
            while at < end, bytes[at] != UInt8(ascii: ";") { at += 1 }
            let member = bytes.trimmed(start..<at)
            at += 1
            if !member.isEmpty { return member }
        }
        return nil
    }

    private static func equals(_ bytes: RawSpan, _ range: Range<Int>) -> Int? {
        for at in range where bytes[at] == UInt8(ascii: "=") { return at }
        return nil
    }
}

/// Takes each `s-maxage` out of the `Cache-Control` lines of a header block in wire form, where it
/// lies, and a line that says nothing else with it. No allocation.
///
/// - Returns: the block's length from now on.
public func removeSharedLifetime(_ block: UnsafeMutableRawBufferPointer) -> Int {
    var edit = unsafe BlockEdit(block)
    while let line = edit.nextLine() {
        guard edit.names("cache-control", line) else {
            edit.keep(line)
            continue
        }
        unsafe edit.keepMembers(of: line) { unsafe !isSharedLifetime($0) }
    }
    return edit.written
}

/// Whether a member of Cache-Control is `s-maxage`, be it with a value that can be read or without.
private func isSharedLifetime(_ member: UnsafeRawBufferPointer) -> Bool {
    var (start, end) = (0, member.count)
    while start < end, unsafe member[start] == 32 || member[start] == 9 { start += 1 }
    for index in start..<end where unsafe member[index] == UInt8(ascii: "=") {
        end = index
        break
    }
    while start < end, unsafe member[end - 1] == 32 || member[end - 1] == 9 { end -= 1 }
    let name: StaticString = "s-maxage"
    guard end - start == name.utf8CodeUnitCount else { return false }
    return (0..<name.utf8CodeUnitCount).allSatisfy {
        unsafe member[start + $0] | 0x20 == name.utf8Start[$0]
    }
}

/// Moves what is kept of a block to its front: reading is never behind writing.
@safe  // every index lies within a line, and those within the block
private struct BlockEdit {
    private let bytes: UnsafeMutableRawBufferPointer
    private var read = 0
    private(set) var written = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    /// The next line with its CRLF.
    mutating func nextLine() -> Range<Int>? {
        let count = unsafe bytes.count
        guard read < count else { return nil }
        let start = read
        while read < count, unsafe bytes[read] != 10 { read += 1 }
        read = min(read + 1, count)
        return start..<read
    }

    func names(_ name: StaticString, _ line: Range<Int>) -> Bool {
        let length = name.utf8CodeUnitCount
        guard line.count > length, unsafe bytes[line.lowerBound + length] == UInt8(ascii: ":")
        else { return false }
        return (0..<length).allSatisfy {
            unsafe bytes[line.lowerBound + $0] | 0x20 == name.utf8Start[$0]
        }
    }

    mutating func keep(_ range: Range<Int>) {
        if written != range.lowerBound {
            for index in range {
                unsafe bytes[written + index - range.lowerBound] = unsafe bytes[index]
            }
        }
        written += range.count
    }

    /// Keeps a line with those members of its list that `keeps` names; none: nothing of it.
    mutating func keepMembers(
        of line: Range<Int>, _ keeps: (UnsafeRawBufferPointer) -> Bool
    ) {
        var end = line.upperBound
        while end > line.lowerBound, unsafe bytes[end - 1] == 10 || bytes[end - 1] == 13 {
            end -= 1
        }
        let begin = written
        var start = line.lowerBound
        while unsafe bytes[start] != UInt8(ascii: ":") { start += 1 }
        start += 1
        keep(line.lowerBound..<start)
        var isFirst = true
        while start <= end {
            let next = memberEnd(start, end)
            let member = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<next])
            if unsafe keeps(member) {
                if !isFirst {
                    unsafe bytes[written] = UInt8(ascii: ",")
                    written += 1
                }
                keep(start..<next)
                isFirst = false
            }
            start = next + 1
        }
        if isFirst { written = begin } else { keep(end..<line.upperBound) }
    }

    /// Where the member that begins at `start` ends: at a comma outside quotes.
    private func memberEnd(_ start: Int, _ end: Int) -> Int {
        var (at, isQuoted) = (start, false)
        while at < end {
            switch unsafe bytes[at] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: at += 1
            case UInt8(ascii: ",") where !isQuoted: return at
            default: break
            }
            at += 1
        }
        return min(at, end)
    }
}

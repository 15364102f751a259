import Caching
import Glibc
import HTTP
import Reactor

/// Writes one line of JSON into the loop's memory; a value that does not fit is cut short.
@safe  // each write is compared with `capacity`
struct LineWriter {
    /// The beginning of a line that says when: its bytes stay in the memory for the next one.
    struct Start {
        var time: Milliseconds = .min
        var count = 0
    }

    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private var count: Int
    private(set) var start: Start
    /// Room that is kept for the members every line ends with: a value's closing quote, status,
    /// sizes, times and words. What comes from a peer stays out of it.
    private static let reserve = 512
    /// A single value is cut after so many bytes.
    private static let valueLimit = 4_096

    /// A line in `memory`, whose first bytes are `begun` already: they are written anew where they
    /// say another time.
    init(_ memory: UnsafeMutableRawBufferPointer, begun: Start = Start(), at now: Milliseconds) {
        guard let base = memory.baseAddress, memory.count >= Self.reserve else {
            preconditionFailure("too small for a line")
        }
        unsafe self.memory = unsafe base
        capacity = memory.count
        if begun.time == now {
            (start, count) = (begun, begun.count)
            return
        }
        count = 0
        start = Start()
        raw("{\"time\":")
        decimal(UInt64(max(0, now)) / 1_000)
        raw(".")
        digits(UInt64(max(0, now)) % 1_000, 3)
        start = Start(time: now, count: count)
    }

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: memory, count: count) }

    mutating func address(_ address: SocketAddress) {
        raw(",\"c-ip\":\"")
        if address != .unspecified {
            unsafe count += address.writeIP(
                to: UnsafeMutableRawBufferPointer(
                    start: memory + count, count: SocketAddress.textLengthMax))
        }
        raw("\"")
    }

    mutating func outcome(_ outcome: Outcome, seconds nanoseconds: UInt64) {
        raw(",\"sc-status\":")
        decimal(UInt64(max(0, outcome.status)))
        raw(",\"sc-bytes\":")
        decimal(UInt64(max(0, outcome.sentBytes)))
        raw(",\"time-taken\":")
        decimal(nanoseconds / 1_000_000_000)
        raw(".")
        digits(nanoseconds / 1_000 % 1_000_000, 6)
        raw(",\"x-edge-result-type\":\"")
        raw(outcome.result.word)
        raw("\",\"x-edge-detailed-result-type\":\"")
        raw(outcome.detail)
        raw("\"")
        if outcome.write.utf8CodeUnitCount > 0 {
            raw(",\"x-edge-write\":\"")
            raw(outcome.write)
            raw("\"")
        }
    }

    mutating func end() { raw("}\n") }

    /// A member with a peer's value; `opening` is a comma, the name and what stands before a value.
    mutating func member(_ opening: StaticString, _ value: UnsafeRawBufferPointer) {
        guard open(opening) else { return }
        unsafe escape(value)
        raw("\"")
    }

    /// The same for a value that the parser let pass as a method, an authority or a plain path: it
    /// has nothing that needs an escape.
    mutating func parsed(_ opening: StaticString, _ value: UnsafeRawBufferPointer) {
        guard open(opening) else { return }
        let length = min(value.count, Self.valueLimit, capacity - Self.reserve - count)
        if let base = value.baseAddress { unsafe memcpy(memory + count, base, length) }
        count += length
        raw("\"")
    }

    mutating func path(_ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer) {
        let path = unsafe head.askedPath(bytes)
        if head.hasPlainPath {
            unsafe parsed(",\"cs-uri-stem\":\"", path)
        } else {
            unsafe member(",\"cs-uri-stem\":\"", LoggedURL(path: path))
        }
    }

    mutating func field(
        _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ known: KnownField,
        _ opening: StaticString
    ) {
        guard let index = head.fields.first(known) else { return }
        let value = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range])
        if known == .referer {
            unsafe member(opening, LoggedURL(referer: value))
        } else {
            unsafe member(opening, value)
        }
    }

    /// A member with a URL, and `-` for what is hidden of it.
    mutating func member(_ opening: StaticString, _ url: LoggedURL) {
        guard open(opening) else { return }
        var url = url
        while let piece = url.next() {
            if piece.isHidden { plain(45) } else { unsafe escape(piece.run) }
        }
        raw("\"")
    }

    /// The query, with the values of credentials left out (law 6); nil: there is no `?`.
    mutating func query(_ query: UnsafeRawBufferPointer?) {
        guard let query = unsafe query, open(",\"cs-uri-query\":\"") else { return }
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, unsafe !SecretParameter.parts(query[end]) { end += 1 }
            let parameter = unsafe UnsafeRawBufferPointer(rebasing: query[start..<end])
            if start > 0 { unsafe plain(query[start - 1]) }
            if let length = unsafe SecretParameter.nameLength(parameter) {
                unsafe escape(UnsafeRawBufferPointer(rebasing: parameter[..<length]))
                plain(61)
                plain(45)
            } else {
                unsafe escape(parameter)
            }
            start = end + 1
        }
        raw("\"")
    }

    /// Begins a member whose value is the peer's; false when there is no room for it. Room for the
    /// quote that closes it, and for the end of the line, is always left: see `reserve`.
    @inline(__always)
    private mutating func open(_ opening: StaticString) -> Bool {
        guard count + opening.utf8CodeUnitCount + 1 <= capacity - Self.reserve else { return false }
        raw(opening)
        return true
    }

    /// One byte of a value that needs no escape.
    private mutating func plain(_ byte: UInt8) {
        guard count < capacity - Self.reserve else { return }
        unsafe memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Most values need no escape, and are copied as they are.
    private mutating func escape(_ value: UnsafeRawBufferPointer) {
        guard let base = value.baseAddress else { return }
        let room = min(Self.valueLimit, capacity - Self.reserve - count)
        guard value.count <= room, unsafe PlainText.isAll(value) else {
            unsafe escapeEach(value, room)
            return
        }
        unsafe memcpy(memory + count, base, value.count)
        count += value.count
    }

    @inline(never)
    private mutating func escapeEach(_ value: UnsafeRawBufferPointer, _ room: Int) {
        var room = room
        for index in value.indices {
            let byte = unsafe value[index]
            if PlainText.isPlain(byte) {
                guard room > 0 else { return }
                unsafe memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
                count += 1
                room -= 1
            } else {
                guard room >= 6 else { return }
                unicode(byte)
                room -= 6
            }
        }
    }

    /// Bytes that are not plain ASCII, as the code point of the same number (Latin-1).
    private mutating func unicode(_ byte: UInt8) {
        raw("\\u00")
        unsafe memory.storeBytes(of: Self.hex(byte >> 4), toByteOffset: count, as: UInt8.self)
        unsafe memory.storeBytes(of: Self.hex(byte & 15), toByteOffset: count + 1, as: UInt8.self)
        count += 2
    }

    private static func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

    @inline(__always)
    private mutating func raw(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        guard count + length <= capacity else { return }
        unsafe memcpy(memory + count, text.utf8Start, length)
        count += length
    }

    @inline(__always)
    private mutating func decimal(_ number: UInt64) {
        let digits = DecimalDigits(number)
        guard count + digits.count <= capacity else { return }
        unsafe digits.write(to: memory + count)
        count += digits.count
    }

    /// So many digits, with zeros in front.
    @inline(__always)
    private mutating func digits(_ number: UInt64, _ places: Int) {
        guard count + places <= capacity else { return }
        unsafe DecimalDigits.write(number, count: places, to: memory + count)
        count += places
    }
}

/// Text that a JSON string holds as it is: visible ASCII and spaces, without quote and backslash.
enum PlainText {
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != 34 && byte != 92
    }

    /// Whether all bytes are plain: eight in a step, the last eight perhaps looked at twice.
    @inline(__always)
    static func isAll(_ text: UnsafeRawBufferPointer) -> Bool {
        let count = text.count
        guard count >= 8 else { return unsafe text.allSatisfy(isPlain) }
        var marked: UInt64 = 0
        var at = 0
        while at < count - 8 {
            unsafe marked |= marks(text.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        unsafe marked |= marks(text.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        return marked & 0x8080_8080_8080_8080 == 0
    }

    /// The top bit of each byte that is not plain, and perhaps of some behind such a one.
    @inline(__always)
    private static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (word ^ (ones &* 34)) &- ones
        let slash = (word ^ (ones &* 92)) &- ones
        // Above 0x7E the sum reaches the top bit, below 0x20 the difference borrows it.
        return word | (word &+ ones) | (word &- ones &* 0x20) | quote | slash
    }
}

/// The parts of an address, read from bytes at a position that moves on when the part was there.
extension RawSpan {
    func byte(at index: Int) -> UInt8 {
        precondition(index >= 0 && index < byteCount, "read past the end")
        return unsafe unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }

    /// Where `wanted` stands last.
    func last(_ wanted: UInt8) -> Int? {
        var index = byteCount - 1
        while index >= 0, byte(at: index) != wanted { index -= 1 }
        return index >= 0 ? index : nil
    }

    func skip(_ wanted: UInt8, _ position: inout Int) -> Bool {
        guard position < byteCount, byte(at: position) == wanted else { return false }
        position += 1
        return true
    }

    /// A decimal number without leading zeros.
    func decimal(max: UInt32, _ position: inout Int) -> UInt32? {
        let first = position
        var value: UInt64 = 0
        while position < byteCount, case let digit = byte(at: position) &- 0x30, digit <= 9 {
            value = value * 10 + UInt64(digit)
            position += 1
            if value > max || (position - first > 1 && byte(at: first) == 0x30) { return nil }
        }
        return position > first ? UInt32(truncatingIfNeeded: value) : nil
    }

    /// Four decimal bytes with dots between.
    func ipv4(_ position: inout Int) -> UInt32? {
        var value: UInt32 = 0
        for part in 0..<4 {
            if part > 0, !skip(0x2E, &position) { return nil }
            guard let byte = decimal(max: 255, &position) else { return nil }
            value = value << 8 | byte
        }
        return value
    }

    /// One to four hexadecimal digits.
    func hexGroup(_ position: inout Int) -> UInt16? {
        let first = position
        var value: UInt16 = 0
        while position < byteCount, position - first < 4, let digit = hexDigit(at: position) {
            value = value << 4 | digit
            position += 1
        }
        return position > first ? value : nil
    }

    private func hexDigit(at index: Int) -> UInt16? {
        switch byte(at: index) {
        case let digit where digit &- 0x30 <= 9: UInt16(digit &- 0x30)
        case let letter where (letter | 0x20) &- 0x61 <= 5: UInt16((letter | 0x20) &- 0x61 + 10)
        default: nil
        }
    }

    /// Eight groups, of which `::` stands for one or more zero ones; the last two may be IPv4.
    func ipv6(_ position: inout Int) -> (high: UInt64, low: UInt64)? {
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int?
        if skip(0x3A, &position) {
            guard skip(0x3A, &position) else { return nil }
            gap = 0
        }
        while count < 8 {
            let first = position
            guard let group = hexGroup(&position) else {
                // Nothing may follow a gap; a group must follow a single colon.
                if gap == count { break }
                return nil
            }
            if position < byteCount, byte(at: position) == 0x2E {
                position = first
                guard count <= 6, let ipv4 = ipv4(&position) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: ipv4 >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: ipv4)
                count += 2
                break
            }
            groups[count] = group
            count += 1
            if count == 8 { break }
            guard skip(0x3A, &position) else { break }
            if skip(0x3A, &position) {
                guard gap == nil else { return nil }
                gap = count
            }
        }
        return Self.join(groups, count: count, gap: gap)
    }

    /// Moves the groups behind the gap to the end.
    private static func join(
        _ groups: InlineArray<8, UInt16>, count: Int, gap: Int?
    ) -> (high: UInt64, low: UInt64)? {
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        let shift = 8 - count
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for place in 0..<8 {
            let source = place < gap ?? 8 ? place : place - shift
            let isZero = source < gap ?? 0 && place >= gap ?? 8
            let group = isZero ? 0 : UInt64(groups[source])
            if place < 4 {
                halves.high = halves.high << 16 | group
            } else {
                halves.low = halves.low << 16 | group
            }
        }
        return halves
    }
}

/// Writes the parts of an address into the caller's memory.
@safe
struct AddressWriter {
    private let bytes: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= SocketAddress.textLengthMax, "too small for an address")
        unsafe self.bytes = bytes
    }

    mutating func put(_ byte: UInt8) {
        unsafe bytes[count] = byte
        count += 1
    }

    mutating func put(decimal number: UInt32) {
        if number >= 10 { put(decimal: number / 10) }
        put(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }

    /// Lower-case hexadecimal, without leading zeros.
    mutating func put(hexadecimal number: UInt16) {
        var shift = max(0, (15 - number.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt16(shift)) & 15
            put(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    mutating func put(ipv4: UInt32) {
        put(octet: ipv4 >> 24)
        put(0x2E)
        put(octet: ipv4 >> 16 & 0xFF)
        put(0x2E)
        put(octet: ipv4 >> 8 & 0xFF)
        put(0x2E)
        put(octet: ipv4 & 0xFF)
    }

    /// At most three digits; every line of the access log has four of these.
    @inline(__always)
    private mutating func put(octet number: UInt32) {
        if number >= 10 {
            let tens = number / 10
            if number >= 100 { put(0x30 + UInt8(truncatingIfNeeded: number / 100)) }
            put(0x30 + UInt8(truncatingIfNeeded: tens % 10))
        }
        put(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }

    /// The first of the longest runs of two or more zero groups becomes `::`.
    mutating func put(high: UInt64, low: UInt64) {
        let gap = Self.longestZeroRun(high, low)
        var place = 0
        while place < 8 {
            if place == gap.lowerBound, !gap.isEmpty {
                put(0x3A)
                put(0x3A)
                place = gap.upperBound
                continue
            }
            if place > 0, place != gap.upperBound || gap.isEmpty { put(0x3A) }
            put(hexadecimal: Self.group(place, high, low))
            place += 1
        }
    }

    private static func group(_ place: Int, _ high: UInt64, _ low: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: (place < 4 ? high : low) >> UInt64((3 - place % 4) * 16))
    }

    private static func longestZeroRun(_ high: UInt64, _ low: UInt64) -> Range<Int> {
        var longest = 0..<0
        var first = 0
        for place in 0..<8 {
            if group(place, high, low) != 0 { first = place + 1 }
            let length = place + 1 - first
            if length > longest.count, length > 1 { longest = first..<place + 1 }
        }
        return longest
    }
}

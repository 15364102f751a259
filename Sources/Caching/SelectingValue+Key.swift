import HTTP

extension SelectingValue {
    /// Appends the normal form to a key; nothing when the field did not occur.
    mutating func append(_ bytes: RawSpan, to key: inout CanonicalKey) {
        guard lines > 0 else { return }
        if overflowed { return key.spoil() }
        if form == .qualities { sort(bytes) }
        let start = key.open(.variantValue)
        for index in 0..<count {
            let member = members[index]
            if index > 0 { key.extend(UInt8(ascii: ",")) }
            let range = member.start..<member.start + member.count
            if form == .qualities {
                key.extend(lowercasing: bytes.extracting(Self.alias(bytes, range)))
                extend(&key, quality: member.quality)
            } else {
                key.extend(bytes.extracting(range))
            }
        }
        key.close(from: start)
    }

    /// A NUL, which no field value has, and the quality; nothing for the full quality.
    private func extend(_ key: inout CanonicalKey, quality: Int) {
        if quality == 1_000 { return }
        key.extend(0)
        key.extend(UInt8(truncatingIfNeeded: quality >> 8))
        key.extend(UInt8(truncatingIfNeeded: quality))
    }

    /// `x-gzip` is another name of `gzip` (RFC 9110 §8.4.1.3).
    private static func alias(_ bytes: RawSpan, _ range: Range<Int>) -> Range<Int> {
        equalsIgnoringCase(bytes.extracting(range), "x-gzip")
            ? range.lowerBound + 2..<range.upperBound : range
    }

    /// By falling quality, then by name: by insertion, since lists are short.
    private mutating func sort(_ bytes: RawSpan) {
        for index in 1..<max(count, 1) {
            let member = members[index]
            var hole = index
            while hole > 0, Self.precedes(bytes, member, members[hole - 1]) {
                members[hole] = members[hole - 1]
                hole -= 1
            }
            members[hole] = member
        }
    }

    private static func precedes(_ bytes: RawSpan, _ left: Member, _ right: Member) -> Bool {
        if left.quality != right.quality { return left.quality > right.quality }
        for offset in 0..<min(left.count, right.count) {
            let first = lowercased(bytes[left.start + offset])
            let second = lowercased(bytes[right.start + offset])
            if first != second { return first < second }
        }
        return left.count < right.count
    }
}

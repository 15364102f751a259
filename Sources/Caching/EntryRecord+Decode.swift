import HTTP

extension EntryRecord {
    /// Reads a record, and makes sure that it is the one of this canonical key.
    ///
    /// Version, lengths and key are always checked. The checksum over the whole record, which costs
    /// about half a nanosecond for each byte, is checked when `verifying`; a caller that
    /// has done so once for an object in this process may leave it out after that.
    public static func decode(
        _ record: RawSpan, expecting key: RawSpan, seed: (UInt64, UInt64), verifying: Bool
    ) -> Decoded {
        if let corruption = corruption(of: record, verifying: verifying) {
            return .corrupt(corruption)
        }
        let layout = layout(of: record)
        let header = header(of: record)
        let stored = record.extracting(layout.key)
        let isSame =
            header.flags.contains(.keyIsDigest)
            ? key.byteCount > keyLimit && KeyDigest(key, seed: seed).matches(stored)
            : isEqual(stored, key)
        return isSame ? .entry(header, layout) : .mismatch
    }

    /// Reads a record whoever it belongs to, for scans and repair.
    ///
    /// - Throws: what is wrong with it.
    public static func inspect(_ record: RawSpan) throws(Corruption) -> (EntryHeader, Layout) {
        if let corruption = corruption(of: record, verifying: true) { throw corruption }
        return (header(of: record), layout(of: record))
    }

    /// What is wrong with a record, nil when nothing is.
    private static func corruption(of record: RawSpan, verifying: Bool) -> Corruption? {
        guard record.byteCount >= headerBytes, record.byteCount <= byteLimit else {
            return .length
        }
        let status = load(record, 6, UInt16.self)
        let flags = EntryFlags(rawValue: load(record, 8, UInt32.self))
        guard record[4] == version, EntryKind(rawValue: record[5]) != nil,
            (100...999).contains(status), EntryFlags.known.isSuperset(of: flags)
        else { return .unknown }
        let parts = layout(of: record)
        let etagEnd = Int(load(record, 120, UInt16.self)) + Int(load(record, 122, UInt16.self))
        let bodyLength = load(record, 24, UInt64.self)
        guard parts.inlineBody.upperBound == record.byteCount, etagEnd <= parts.headersLength,
            parts.inlineBody.isEmpty || UInt64(parts.inlineBody.count) == bodyLength,
            !flags.contains(.keyIsDigest) || parts.key.count == KeyDigest.byteCount
        else { return .layout }
        if verifying, Checksum.of(record.extracting(4..<record.byteCount)) != checksum(record) {
            return .checksum
        }
        return nil
    }

    private static func checksum(_ record: RawSpan) -> UInt32 { load(record, 0, UInt32.self) }

    private static func layout(of record: RawSpan) -> Layout {
        let flags = EntryFlags(rawValue: load(record, 8, UInt32.self))
        let keyEnd = headerBytes + Int(load(record, 112, UInt16.self))
        let headersLength = Int(load(record, 116, UInt32.self))
        let headersEnd = keyEnd + (flags.contains(.headersInChunks) ? 0 : headersLength)
        return Layout(
            key: headerBytes..<keyEnd, headers: keyEnd..<headersEnd,
            headersLength: headersLength,
            inlineBody: headersEnd..<headersEnd + Int(load(record, 114, UInt16.self)))
    }

    private static func header(of record: RawSpan) -> EntryHeader {
        var header = EntryHeader(
            status: load(record, 6, UInt16.self),
            flags: EntryFlags(rawValue: load(record, 8, UInt32.self)),
            times: EntryTimes(
                storedAt: load(record, 48, Int64.self), initialAge: load(record, 56, Int64.self),
                freshUntil: load(record, 64, Int64.self), swrUntil: load(record, 72, Int64.self),
                sieUntil: load(record, 80, Int64.self)))
        header.kind = EntryKind(rawValue: record[5]) ?? .complete
        header.bodyChecksum = load(record, 12, UInt32.self)
        header.objectID = load(record, 16, UInt64.self)
        header.bodyLength = load(record, 24, UInt64.self)
        header.completeLength = load(record, 32, UInt64.self)
        header.rangeStart = load(record, 40, UInt64.self)
        header.invalidation = load(record, 88, UInt64.self)
        header.lastModified = load(record, 96, Int64.self)
        header.varyEpoch = load(record, 104, UInt64.self)
        header.etag.start = load(record, 120, UInt16.self)
        header.etag.count = load(record, 122, UInt16.self)
        header.renderTime = load(record, 124, UInt32.self)
        return header
    }

    /// A number of the fixed part; the record has been found to be at least as long as that.
    @inline(__always)
    private static func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ record: RawSpan, _ offset: Int, _ type: Number.Type
    ) -> Number {
        assert(offset + MemoryLayout<Number>.size <= record.byteCount, "no such bytes")
        return Number(
            littleEndian: unsafe record.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: type))
    }

    /// Equal byte for byte, eight at a time.
    @inline(__always)
    private static func isEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        var at = 0
        while at &+ 8 <= left.byteCount {
            if left.word(at: at) != right.word(at: at) { return false }
            at &+= 8
        }
        while at < left.byteCount {
            if left[at] != right[at] { return false }
            at &+= 1
        }
        return true
    }
}

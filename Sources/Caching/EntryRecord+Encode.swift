import HTTP

extension EntryRecord {
    /// Writes a record and returns its length, which is that of the plan for these parts.
    ///
    /// `body` is all of the body when the plan puts it inline, else it is not looked at; the same
    /// holds for `headers`, of which only the length is kept when they go to the chunks. The flags
    /// about layout are set here. Returns nil, and writes nothing, when `target` is too small.
    public static func encode(
        _ header: EntryHeader, key: RawSpan, seed: (UInt64, UInt64), headers: RawSpan,
        body: RawSpan, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let plan = plan(
            keyLength: key.byteCount, headersLength: headers.byteCount,
            bodyLength: header.bodyLength)
        let inlineLength = plan.bodyInline ? body.byteCount : 0
        guard target.count >= plan.recordLength else { return nil }
        precondition(
            !plan.bodyInline || UInt64(body.byteCount) == header.bodyLength,
            "an inline body must be given whole")
        var record = unsafe MutableRawSpan(
            _unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: target[..<plan.recordLength]))
        var flags = header.flags.subtracting([.headersInChunks, .keyIsDigest])
        if plan.headersInChunks { flags.insert(.headersInChunks) }
        if plan.keyIsDigest { flags.insert(.keyIsDigest) }
        writeNumbers(header, flags, into: &record)
        put(UInt16(plan.keyLength), at: 112, &record)
        put(UInt16(inlineLength), at: 114, &record)
        put(UInt32(headers.byteCount), at: 116, &record)
        var at = headerBytes
        if plan.keyIsDigest {
            KeyDigest(key, seed: seed).write(into: &record, at: at)
        } else {
            copy(key, to: at, &record)
        }
        at += plan.keyLength
        if !plan.headersInChunks {
            copy(headers, to: at, &record)
            at += headers.byteCount
        }
        if plan.bodyInline { copy(body, to: at, &record) }
        seal(&record)
        return plan.recordLength
    }

    /// Gives an encoded record the object id that its chunks have.
    public static func patch(objectID: UInt64, in record: UnsafeMutableRawBufferPointer) {
        precondition(record.count >= headerBytes, "not a record")
        var record = unsafe MutableRawSpan(_unsafeBytes: record)
        put(objectID, at: 16, &record)
        seal(&record)
    }

    /// Gives an encoded record other times.
    public static func patch(
        times: EntryTimes, in record: UnsafeMutableRawBufferPointer
    ) {
        precondition(record.count >= headerBytes, "not a record")
        var record = unsafe MutableRawSpan(_unsafeBytes: record)
        write(times, into: &record)
        seal(&record)
    }

    private static func write(_ times: EntryTimes, into record: inout MutableRawSpan) {
        put(times.storedAt, at: 48, &record)
        put(times.initialAge, at: 56, &record)
        put(times.freshUntil, at: 64, &record)
        put(times.swrUntil, at: 72, &record)
        put(times.sieUntil, at: 80, &record)
    }

    /// Computes the checksum anew.
    private static func seal(_ record: inout MutableRawSpan) {
        let checksum = Checksum.of(record.bytes.extracting(4..<record.byteCount))
        put(checksum, at: 0, &record)
    }

    private static func writeNumbers(
        _ header: EntryHeader, _ flags: EntryFlags, into record: inout MutableRawSpan
    ) {
        put(version, at: 4, &record)
        put(header.kind.rawValue, at: 5, &record)
        put(header.status, at: 6, &record)
        put(flags.rawValue, at: 8, &record)
        put(header.bodyChecksum, at: 12, &record)
        put(header.objectID, at: 16, &record)
        put(header.bodyLength, at: 24, &record)
        put(header.completeLength, at: 32, &record)
        put(header.rangeStart, at: 40, &record)
        write(header.times, into: &record)
        put(header.invalidation, at: 88, &record)
        put(header.lastModified, at: 96, &record)
        put(header.varyEpoch, at: 104, &record)
        put(header.etag.start, at: 120, &record)
        put(header.etag.count, at: 122, &record)
        put(header.renderTime, at: 124, &record)
    }

    private static func put<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, at offset: Int, _ record: inout MutableRawSpan
    ) {
        record.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
    }

    private static func copy(
        _ bytes: RawSpan, to offset: Int, _ record: inout MutableRawSpan
    ) {
        let end = offset + bytes.byteCount
        precondition(end <= record.byteCount, "the plan has room for every part")
        unsafe record.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<end])
                    .copyMemory(from: source)
            }
        }
    }
}

import Caching

/// A record of any bytes: it must be told from a sound one, and no part of it may lie outside.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEntryRecord(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    examine(bytes)
    guard size >= EntryRecord.headerBytes, size <= EntryRecord.byteLimit else { return 0 }
    // With the checksum made right, what lies behind it is reached as well.
    var sealed = bytes
    sealed.withUnsafeMutableBytes { EntryRecord.patch(objectID: 1, in: $0) }
    examine(sealed)
    return 0
}

private func examine(_ record: [UInt8]) {
    let key = record.count > 160 ? Array(record[128..<160]) : []
    for verifying in [true, false] {
        let decoded = EntryRecord.decode(
            record.span.bytes, expecting: key.span.bytes, seed: (1, 2), verifying: verifying)
        guard case .entry(_, let layout) = decoded else { continue }
        precondition(layout.key.lowerBound == EntryRecord.headerBytes)
        precondition(layout.key.upperBound == layout.headers.lowerBound)
        precondition(layout.headers.upperBound == layout.inlineBody.lowerBound)
        precondition(layout.inlineBody.upperBound == record.count)
        let block = record.span.bytes.extracting(layout.headers)
        _ = ResponseFacts(status: 200, block: block, now: 0)
    }
}

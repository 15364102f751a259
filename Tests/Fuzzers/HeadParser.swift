import HTTP

/// Any bytes as a request head and as a response head: however they are split, they mean the
/// same, and what is read out of them lies within them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeadParser(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    examineRequest(bytes)
    examineResponse(bytes, toHead: false)
    examineResponse(bytes, toHead: true)
    return 0
}

private func examineRequest(_ bytes: UnsafeRawBufferPointer) {
    var whole = RequestHead()
    var scan = HeadScan()
    let result = parseRequest(bytes.bytes, &scan, limits: .request, into: &whole)
    var pieces = RequestHead()
    var slow = HeadScan()
    var last = HeadResult.needMore
    for end in 0...bytes.count {
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        last = parseRequest(part.bytes, &slow, limits: .request, into: &pieces)
        if last != .needMore { break }
    }
    precondition(last == result)
    guard result == .complete else { return }
    precondition(whole.length <= bytes.count && whole.length == pieces.length)
    precondition(whole.framing == pieces.framing && whole.authority == pieces.authority)
    precondition(whole.target == pieces.target && whole.fields.count == pieces.fields.count)
    for slice in [whole.methodName, whole.target, whole.path, whole.query, whole.authority] {
        precondition(slice.end <= whole.length)
    }
    examine(whole.fields, bytes, whole.length)
    for index in 0..<whole.fields.count { _ = whole.isHopByHop(index, bytes: bytes.bytes) }
    _ = evaluatePreconditions(
        whole.fields, bytes.bytes, etag: bytes.bytes.extracting(whole.query.range),
        lastModified: nil, date: 0, now: 0)
}

private func examineResponse(_ bytes: UnsafeRawBufferPointer, toHead: Bool) {
    var whole = ResponseHead()
    var scan = HeadScan()
    let result = parseResponse(bytes.bytes, &scan, limits: .response, toHead: toHead, into: &whole)
    var pieces = ResponseHead()
    var slow = HeadScan()
    var last = HeadResult.needMore
    for end in 0...bytes.count {
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        last = parseResponse(part.bytes, &slow, limits: .response, toHead: toHead, into: &pieces)
        if last != .needMore { break }
    }
    precondition(last == result)
    guard result == .complete else { return }
    precondition(whole.length <= bytes.count && whole.length == pieces.length)
    precondition(whole.status == pieces.status && whole.framing == pieces.framing)
    precondition(whole.reason.end <= whole.length)
    precondition(whole.keepsAlive == false || whole.framing != .untilClose)
    examine(whole.fields, bytes, whole.length)
    _ = parseCDNCacheControl(whole.fields, bytes.bytes)
}

/// Reads every value as everything a value can be.
private func examine(_ fields: HeaderTable, _ bytes: UnsafeRawBufferPointer, _ length: Int) {
    for index in 0..<fields.count {
        let field = fields[index]
        precondition(field.name.end <= length && field.value.end <= length)
        let value = bytes.bytes.extracting(field.value.range)
        var control = CacheControl()
        control.add(value)
        _ = HTTPDate.parse(value, now: 0)
        _ = ContentRange.parse(value)
        _ = EntityTag.weakMatch(list: value, value)
        if case .ranges(let ranges) = ByteRanges.parse(value, length: 1_000) {
            for part in 0..<ranges.count { precondition(ranges[part].upperBound <= 1_000) }
        }
        _ = QueryParameters.isRepeated("layers", in: value)
    }
}

/// Parses the request head at the start of `bytes` (RFC 9112 §2 to §6, RFC 9110 §7).
///
/// `bytes` holds everything received since the end of the previous message; the caller may pass
/// more each time, never less. `scan` is new for each message and carries what is known between
/// calls. `head` is written as it is parsed and means something only after `.complete`. The
/// outcome does not depend on how the bytes were split, except that errors are reported as early
/// as the bytes allow. Allocates nothing; linear in the size of the head however it arrives.
public func parseRequest(
    _ bytes: RawSpan, _ scan: inout HeadScan, limits: HeadLimits, into head: inout RequestHead
) -> HeadResult {
    if scan.position == 0 {
        // Nearly every head arrives whole and in order. One pass then does; whatever else
        // happens, the careful way below decides, so that there is one order of errors.
        let limit = min(bytes.byteCount, limits.reachableHeadBytes)
        if case .end(let length) = parseHead(bytes, from: 0, limit: limit, limits, &head) {
            if judge(&head, bytes, length, limits) == nil { return .complete }
        }
    }
    let lineBytes = limits.targetBytes + methodBytesMax + versionBytes + 3
    while true {
        switch scan.advance(bytes, limit: limits.reachableHeadBytes, .request(lineBytes: lineBytes))
        {
        case .needMore: return .needMore
        case .rejected(let rejection): return .rejected(rejection)
        case .startLine(let line):
            let outcome = parseRequestLine(
                bytes, from: line.lowerBound, limit: line.upperBound + 2, limits, &head)
            switch outcome {
            case .rejected(let rejection): return .rejected(rejection)
            case .incomplete: return .rejected(.requestLineMalformed)
            case .end: break
            }
        case .end(let length):
            let start = Int(scan.headStart)
            switch parseHead(bytes, from: start, limit: length, limits, &head) {
            case .rejected(let rejection): return .rejected(rejection)
            case .incomplete: return .rejected(.colonMissing)
            case .end: break
            }
            if let rejection = judge(&head, bytes, length, limits) { return .rejected(rejection) }
            return .complete
        }
    }
}

/// The longest method name, in bytes.
let methodBytesMax = 32
/// `HTTP/1.1`.
let versionBytes = 8

/// Start line, field lines, empty line.
private func parseHead(
    _ bytes: RawSpan, from start: Int, limit: Int, _ limits: HeadLimits, _ head: inout RequestHead
) -> PartOutcome {
    head.fields.removeAll()
    switch parseRequestLine(bytes, from: start, limit: limit, limits, &head) {
    case .end(let next):
        return parseFields(
            bytes, from: next, limit: limit, maximum: limits.fieldCount, into: &head.fields)
    case let other: return other
    }
}

/// What the fields mean for routing, framing and the connection; nil when all is in order.
private func judge(
    _ head: inout RequestHead, _ bytes: RawSpan, _ length: Int, _ limits: HeadLimits
) -> HeadRejection? {
    head.length = length
    head.options = []
    head.standsForRoot = false
    head.framing = .none
    head.expectsContinue = false
    head.upgrade = ByteSlice()
    if let rejection = judgeAuthority(&head, bytes) { return rejection }
    let presence = head.fields.presence
    let judged =
        KnownField.connection.bit | KnownField.contentLength.bit | KnownField.expect.bit
        | KnownField.transferEncoding.bit
    if presence & judged != 0 {
        if let rejection = head.options.add(head.fields, bytes) { return rejection }
        if let rejection = judgeFraming(&head, bytes) { return rejection }
        if let rejection = judgeExpectation(&head, bytes, limits) { return rejection }
        if head.minorVersion >= 1, head.options.contains(.upgrade),
            !head.fields.isRepeated(.upgrade), let index = head.fields.first(.upgrade)
        {
            head.upgrade = head.fields[index].value
        }
    }
    head.keepsAlive = head.options.persists(minorVersion: head.minorVersion)
    return nil
}

/// RFC 9112 §6.3, requests: only a sole Content-Length or exactly `chunked` frames a body.
private func judgeFraming(_ head: inout RequestHead, _ bytes: RawSpan) -> HeadRejection? {
    if let index = head.fields.first(.transferEncoding) {
        if head.fields.contains(.contentLength) { return .lengthWithTransferEncoding }
        if head.minorVersion == 0 { return .transferEncodingInHTTP10 }
        if head.fields.isRepeated(.transferEncoding) { return .transferEncodingMalformed }
        switch TransferCoding(bytes.extracting(head.fields[index].value.range)) {
        case .chunked: head.framing = .chunked
        case .codedThenChunked: return .transferEncodingUnknown
        case .other, .malformed: return .transferEncodingMalformed
        }
    } else if let index = head.fields.first(.contentLength) {
        if head.fields.isRepeated(.contentLength) { return .contentLengthRepeated }
        let value = bytes.extracting(head.fields[index].value.range)
        guard let count = parseContentLength(value) else { return .contentLengthMalformed }
        // A declared length of nothing still is a declaration: it is passed on as one.
        head.framing = .length(count)
    }
    return nil
}

/// RFC 9110 §10.1.1. HTTP/1.0 knows no expectations, and without a body there is none to wait for.
private func judgeExpectation(
    _ head: inout RequestHead, _ bytes: RawSpan, _ limits: HeadLimits
) -> HeadRejection? {
    guard head.minorVersion >= 1, let index = head.fields.first(.expect) else { return nil }
    let value = bytes.extracting(head.fields[index].value.range)
    guard !head.fields.isRepeated(.expect), equalsIgnoringCase(value, "100-continue") else {
        return limits.refusesExpectations ? .expectationUnknown : nil
    }
    head.expectsContinue = head.framing != .none && head.framing != .length(0)
    return nil
}

/// Parses the response head at the start of `bytes` (RFC 9112 §4 to §6).
///
/// The contract of `parseRequest`. `toHead` says that the response answers a HEAD request, which
/// has no body whatever its fields say. A rejection means that nothing of the response may be
/// passed on or stored: the viewer is told 502, and the connection is closed.
public func parseResponse(
    _ bytes: RawSpan, _ scan: inout HeadScan, limits: HeadLimits, toHead: Bool,
    into head: inout ResponseHead
) -> HeadResult {
    while true {
        switch scan.advance(bytes, limit: limits.reachableHeadBytes, .status) {
        case .needMore: return .needMore
        case .rejected(let rejection): return .rejected(rejection)
        case .startLine(let line):
            guard parseStatusLine(bytes, line, &head) else {
                return .rejected(.statusLineMalformed)
            }
        case .end(let length):
            guard let next = statusLineEnd(bytes, length, &head) else {
                return .rejected(.statusLineMalformed)
            }
            head.fields.removeAll()
            head.length = length
            let outcome = parseFields(
                bytes, from: next, limit: length, maximum: limits.fieldCount, into: &head.fields)
            switch outcome {
            case .rejected(let rejection): return .rejected(rejection)
            case .incomplete: return .rejected(.colonMissing)
            case .end: break
            }
            if let rejection = judge(&head, bytes, toHead) { return .rejected(rejection) }
            return .complete
        }
    }
}

/// Parses the status line once more, because `head` may have served another message meanwhile.
private func statusLineEnd(_ bytes: RawSpan, _ length: Int, _ head: inout ResponseHead) -> Int? {
    var end = 0
    while end < length, bytes.byte(end) != 0x0d { end += 1 }
    return parseStatusLine(bytes, 0..<end, &head) ? end + 2 : nil
}

/// `HTTP/1.1 200 reason`. The space before an empty reason may be missing, as some origins have it.
private func parseStatusLine(
    _ bytes: RawSpan, _ line: Range<Int>, _ head: inout ResponseHead
) -> Bool {
    let start = line.lowerBound
    guard line.count >= 12 else { return false }
    let version = bytes.word(start)
    guard version & 0x00ff_ffff_ffff_ffff == 0x002e_312f_5054_5448,  // "HTTP/1."
        isDigit(bytes.byte(start + 7)), bytes.byte(start + 8) == 0x20
    else { return false }
    var status = 0
    for index in (start + 9)..<(start + 12) {
        guard isDigit(bytes.byte(index)) else { return false }
        status = status * 10 + Int(bytes.byte(index) - 0x30)
    }
    guard status >= 100, line.count == 12 || bytes.byte(start + 12) == 0x20 else { return false }
    head.status = status
    head.minorVersion = bytes.byte(start + 7) == 0x30 ? 0 : 1
    head.reason = ByteSlice(min(start + 13, line.upperBound)..<line.upperBound)
    return true
}

/// What the fields mean for the connection and the body; nil when all is in order.
private func judge(
    _ head: inout ResponseHead, _ bytes: RawSpan, _ toHead: Bool
) -> HeadRejection? {
    head.options = []
    head.contentLength = nil
    head.hasUnknownCoding = false
    head.upgrade = ByteSlice()
    if let rejection = head.options.add(head.fields, bytes, isResponse: true) { return rejection }
    if head.options.contains(.upgrade), let index = head.fields.first(.upgrade) {
        head.upgrade = head.fields[index].value
    }
    head.keepsAlive = head.options.persists(minorVersion: head.minorVersion)
    if let rejection = judgeFraming(&head, bytes) { return rejection }
    let status = head.status
    if status < 200 || status == 204 {
        let isEmpty = head.framing == .untilClose || status == 204 && head.framing == .length(0)
        guard isEmpty, !head.fields.contains(.transferEncoding) else { return .bodyNotAllowed }
        head.framing = .none
    } else if toHead || status == 304 {
        head.framing = .none
        head.hasUnknownCoding = false
    }
    if head.framing == .untilClose { head.keepsAlive = false }
    return nil
}

/// RFC 9112 §6.3, as if the response had a body.
private func judgeFraming(_ head: inout ResponseHead, _ bytes: RawSpan) -> HeadRejection? {
    head.framing = .untilClose
    if let index = head.fields.first(.transferEncoding) {
        if head.fields.contains(.contentLength) { return .lengthWithTransferEncoding }
        if head.minorVersion == 0 { return .transferEncodingInHTTP10 }
        if head.fields.isRepeated(.transferEncoding) { return .transferEncodingMalformed }
        switch TransferCoding(bytes.extracting(head.fields[index].value.range)) {
        case .chunked: head.framing = .chunked
        case .other: head.hasUnknownCoding = true
        case .codedThenChunked: return .transferEncodingUnknown
        case .malformed: return .transferEncodingMalformed
        }
    } else if let index = head.fields.first(.contentLength) {
        if head.fields.isRepeated(.contentLength) { return .contentLengthRepeated }
        let value = bytes.extracting(head.fields[index].value.range)
        guard let count = parseContentLength(value) else { return .contentLengthMalformed }
        head.contentLength = count
        head.framing = .length(count)
    }
    return nil
}

import Caching
import CloudFront
import Glibc
import HTTP
import Reactor

/// What a loop writes into its ring.
///
/// Its texts are made once, when the log is opened, and never freed: loops read them until the end.
@safe  // its texts are never freed
struct LineStyle: @unchecked Sendable {  // nobody writes to the memory after it was filled
    /// CloudFront's form instead of JSON.
    let isStandard: Bool
    /// `x-edge-location`.
    let location: UnsafeRawBufferPointer
    /// `cs(Host)`: the distribution's domain name.
    let domainName: UnsafeRawBufferPointer
    let secrets: LoggedSecrets

    init(_ settings: AccessLogSettings, location: String) {
        isStandard = settings.archive != nil
        secrets = settings.archive?.secrets ?? LoggedSecrets()
        unsafe self.location = unsafe Self.kept(location)
        unsafe domainName = unsafe Self.kept(settings.archive?.domainName ?? "")
    }

    private static func kept(_ text: String) -> UnsafeRawBufferPointer {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }
}

extension LoopState where N: ~Copyable {
    /// A record of a standard access log; allocates nothing.
    mutating func writeStandardLine(
        _ log: LogRing, _ slot: UInt32?, _ head: borrowing RequestHead,
        _ bytes: UnsafeRawBufferPointer, _ outcome: Outcome, _ started: UInt64,
        _ sent: UnsafeRawBufferPointer
    ) {
        var connection = LoggedConnection()
        if let slot { connection = unsafe loggedConnection(slot, head, bytes) }
        let clock = LoggedTimes(
            end: network.wallNow,
            taken: Self.milliseconds(from: started, to: network.monotonicNow),
            firstByte: outcome.firstByteAt == 0
                ? 0 : Self.milliseconds(from: started, to: outcome.firstByteAt))
        let length = unsafe StandardLine.write(
            log.style, head, bytes, outcome, connection, clock, sent,
            logsCookies: hot.logsCookies, into: scratch.record)
        guard let length else {
            counters.add(.accessLogDropped)
            return
        }
        let line = unsafe UnsafeRawBufferPointer(start: scratch.record.baseAddress, count: length)
        if unsafe !log.push(line) { counters.add(.accessLogDropped) }
    }

    private static func milliseconds(from start: UInt64, to end: UInt64) -> Milliseconds {
        end > start ? Milliseconds((end - start) / 1_000_000) : 0
    }
}

/// When the response ended, how long it took, and how long its first byte took.
struct LoggedTimes {
    var end: Milliseconds
    var taken: Milliseconds
    var firstByte: Milliseconds
}

/// Fills in the 33 fields of version 1.
///
/// Source: CloudFront, "Standard log file fields". Left out is what a log may not hold here unless
/// the style says so: values of cookies, those of credentials in a URL, and queries of a referer.
enum StandardLine {
    /// Bytes written; nil when `memory` is too small.
    ///
    /// `logsCookies`: the distribution's Logging.IncludeCookies.
    static func write(
        _ style: LineStyle, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ outcome: Outcome, _ connection: LoggedConnection, _ times: LoggedTimes,
        _ sent: UnsafeRawBufferPointer, logsCookies: Bool = false,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var line = unsafe LogLine(memory)
        line.append(moment: times.end)
        unsafe line.append(.edgeLocation, style.location.bytes)
        line.append(.bytesSent, decimal: total(outcome.framingBytes, outcome.sentBytes))
        append(connection.viewer, to: &line)
        unsafe line.append(.method, bytes[head.methodName.range])
        unsafe line.append(.distributionDomain, style.domainName.bytes)
        let path = unsafe head.askedPath(bytes)
        let query = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.query.range])
        let secrets = style.secrets
        unsafe append(path: path, shown: secrets.showsCredentials, to: &line)
        line.append(status: outcome.status)
        unsafe appendReferer(of: head, bytes, shown: secrets.showsReferers, to: &line)
        unsafe append(.userAgent, of: head, bytes, as: .userAgent, to: &line)
        unsafe append(query: query, shown: secrets.showsCredentials, to: &line)
        if logsCookies {
            unsafe appendCookies(of: head, bytes, shown: secrets.showsCookies, to: &line)
        } else {
            line.append(absent: .cookie)
        }
        line.append(.resultType, resultType(outcome))
        append(requestID: outcome.requestID, to: &line)
        unsafe line.append(.hostHeader, bytes[head.authority.range])
        unsafe line.append(
            .protocolName, protocolName(outcome, connection, isKnown: !bytes.isEmpty))
        line.append(.bytesReceived, decimal: total(head.length, outcome.receivedBytes))
        line.append(.timeTaken, milliseconds: times.taken)
        unsafe append(.xForwardedFor, of: head, bytes, as: .forwardedFor, to: &line)
        unsafe line.append(.sslProtocol, connection.version.bytes)
        unsafe line.append(.sslCipher, connection.cipher.bytes)
        line.append(.responseResultType, responseResultType(outcome))
        unsafe line.append(.protocolVersion, version(head, isKnown: !bytes.isEmpty))
        line.append(absent: .fleStatus)
        line.append(absent: .fleEncryptedFields)
        if let port = connection.port, port > 0 {
            line.append(.viewerPort, decimal: UInt64(port))
        } else {
            line.append(absent: .viewerPort)
        }
        line.append(.timeToFirstByte, milliseconds: times.firstByte)
        unsafe line.append(
            .detailedResultType, detailedResultType(outcome, isKnown: !bytes.isEmpty))
        let fields = unsafe SentFields(sent)
        unsafe line.append(.contentType, fields.type.bytes)
        unsafe line.append(.contentLength, fields.length.bytes)
        unsafe line.append(.rangeStart, fields.rangeStart.bytes)
        unsafe line.append(.rangeEnd, fields.rangeEnd.bytes)
        return line.end()
    }

    private static func total(_ framing: Int, _ body: Int) -> UInt64 {
        UInt64(max(0, framing)) &+ UInt64(max(0, body))
    }

    private static func append(_ address: SocketAddress, to line: inout LogLine) {
        if address == .unspecified { return line.append(absent: .viewerAddress) }
        var text = InlineArray<64, UInt8>(repeating: 0)
        var span = text.mutableSpan
        let length = unsafe span.withUnsafeMutableBytes { unsafe address.writeIP(to: $0) }
        unsafe line.append(.viewerAddress, text.span.bytes.extracting(..<length))
    }

    private static func append(
        _ known: KnownField, of head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        as field: LogField, to line: inout LogLine
    ) {
        guard let index = head.fields.first(known) else { return line.append(absent: field) }
        unsafe line.append(field, bytes[head.fields[index].value.range])
    }

    private static func append(
        path: UnsafeRawBufferPointer, shown: Bool, to line: inout LogLine
    ) {
        if shown { return unsafe line.append(.uriStem, path.bytes) }
        unsafe append(LoggedURL(path: path), as: .uriStem, to: &line)
    }

    private static func appendReferer(
        of head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, shown: Bool,
        to line: inout LogLine
    ) {
        guard let index = head.fields.first(.referer) else { return line.append(absent: .referer) }
        let value = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range])
        if shown { return unsafe line.append(.referer, value.bytes) }
        unsafe append(LoggedURL(referer: value), as: .referer, to: &line)
    }

    /// A URL, and `-` for what is hidden of it.
    private static func append(_ url: LoggedURL, as field: LogField, to line: inout LogLine) {
        var url = url
        var hasBegun = false
        while let piece = url.next() {
            switch (hasBegun, piece.isHidden) {
            case (false, true): line.append(field, "-")
            case (false, false): unsafe line.append(field, piece.run.bytes)
            case (true, true): line.extend("-")
            case (true, false): unsafe line.extend(piece.run.bytes)
            }
            hasBegun = true
        }
        if !hasBegun { line.append(absent: field) }
    }

    /// The query, with `-` for the values of credentials (law 6). `shown`: as it is.
    private static func append(
        query: UnsafeRawBufferPointer, shown: Bool, to line: inout LogLine
    ) {
        if shown { return unsafe line.append(.uriQuery, query.bytes) }
        var from = 0
        var hasBegun = false
        var start = 0
        func put(_ range: Range<Int>) {
            if range.isEmpty, hasBegun { return }
            let piece = unsafe UnsafeRawBufferPointer(rebasing: query[range]).bytes
            if hasBegun { line.extend(piece) } else { line.append(.uriQuery, piece) }
            hasBegun = true
        }
        while start < query.count {
            var end = start
            while end < query.count, unsafe !SecretParameter.parts(query[end]) { end += 1 }
            let parameter = unsafe UnsafeRawBufferPointer(rebasing: query[start..<end])
            if let length = unsafe SecretParameter.nameLength(parameter) {
                put(from..<(start + length + 1))
                line.extend("-")
                from = end
            }
            start = end + 1
        }
        put(from..<query.count)
    }

    /// All cookies by name, with `-` for each value: any of them may be a credential (law 6), and
    /// so may what has no name. `shown`: as they are.
    private static func appendCookies(
        of head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, shown: Bool,
        to line: inout LogLine
    ) {
        var hasBegun = false
        var index = head.fields.first(.cookie)
        while let at = index {
            let value = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.fields[at].value.range])
            var start = 0
            while start < value.count {
                var end = start
                while end < value.count, unsafe value[end] != UInt8(ascii: ";") { end += 1 }
                while start < end, unsafe value[start] == 0x20 { start += 1 }
                if start < end {
                    if hasBegun { line.extend("; ") }
                    let pair = unsafe UnsafeRawBufferPointer(rebasing: value[start..<end])
                    unsafe append(cookie: pair, isFirst: !hasBegun, shown: shown, to: &line)
                    hasBegun = true
                }
                start = end + 1
            }
            index = head.fields.next(after: at, .cookie)
        }
        if !hasBegun { line.append(absent: .cookie) }
    }

    private static func append(
        cookie pair: UnsafeRawBufferPointer, isFirst: Bool, shown: Bool, to line: inout LogLine
    ) {
        if shown {
            return unsafe isFirst ? line.append(.cookie, pair.bytes) : line.extend(pair.bytes)
        }
        guard let sign = unsafe pair.firstIndex(of: UInt8(ascii: "=")), sign > 0 else {
            return isFirst ? line.append(.cookie, "-") : line.extend("-")
        }
        let name = unsafe UnsafeRawBufferPointer(rebasing: pair[...sign]).bytes
        if isFirst { line.append(.cookie, name) } else { line.extend(name) }
        line.extend("-")
    }

    private static func append(requestID: RequestID, to line: inout LogLine) {
        if requestID.isEmpty { return line.append(absent: .requestID) }
        unsafe line.append(.requestID, requestID.text.span.bytes)
    }

    private static func protocolName(
        _ outcome: Outcome, _ connection: LoggedConnection, isKnown: Bool
    ) -> StaticString {
        guard isKnown else { return "" }
        if outcome.status == 101 { return connection.isSecured ? "wss" : "ws" }
        return connection.isSecured ? "https" : "http"
    }

    private static func version(
        _ head: borrowing RequestHead, isKnown: Bool
    ) -> StaticString {
        isKnown ? head.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1" : ""
    }
}

extension LogLine {
    mutating func append(_ field: LogField, _ value: UnsafeRawBufferPointer.SubSequence) {
        unsafe append(field, UnsafeRawBufferPointer(rebasing: value).bytes)
    }
}

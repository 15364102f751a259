import Caching
import CloudFront
import Glibc
import HTTP
import Reactor

/// An answer of the edge's own: a refusal, an error, a redirect, what stands in for something.
struct LocalPage {
    var status: Int
    /// Why, in one word for log and `Cache-Status`.
    var detail: StaticString
    var result: ResultType
    var mediaType: StaticString = "text/html; charset=utf-8"
    var content: [UInt8] = []
    /// Seconds.
    var retryAfter: Int?
    /// Where to go instead.
    var location: [UInt8] = []
    /// Something else was asked for, and could not be had: what this is instead, and since when, in
    /// seconds since 1970, the origin fails.
    var degraded: StaticString?
    var since: Int64?
    /// What the origin said in place of the picture that this is for, as a field's value.
    var exception: [UInt8] = []
    /// How long others may keep it.
    var cacheControl = "no-store"
    /// The content follows behind the head, from elsewhere.
    var isSentApart = false

    init(_ status: Int, detail: StaticString, result: ResultType = .error) {
        self.status = status
        self.detail = detail
        self.result = result
    }
}

extension LoopState where N: ~Copyable {
    /// The page for an error: CloudFront's own words where the edge is its twin.
    func localPage(
        _ status: Int, detail: StaticString, requestID: RequestID,
        sentence: ErrorPage.Reason? = nil
    ) -> LocalPage {
        var page = LocalPage(status, detail: detail)
        if hot.isTwin {
            let reason = sentence ?? (status >= 500 ? .originUnreachable : .badRequest)
            page.mediaType = ErrorPage.contentType
            page.content = ErrorPage(status: status, reason: reason).bytes(requestID)
        } else {
            page.content = body(status, detail)
        }
        return page
    }

    private func body(_ status: Int, _ detail: StaticString) -> [UInt8] {
        let phrase =
            HeadWriter.statusLine(status).map { String($0.description.dropFirst(9).dropLast(1)) }
            ?? "\(status)"
        return Array(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(phrase)</title></head>
            <body><h1>\(phrase)</h1><p>\(detail)</p>
            <hr><p>\(snapshot.settings.name)</p></body></html>

            """.utf8)
    }

    /// Writes head and body into the viewer's output; returns what the log should say.
    mutating func writeLocal(
        _ slot: UInt32, _ page: LocalPage, _ requestID: RequestID, isHead: Bool,
        exchange: Exchange?
    ) -> Outcome {
        var outcome = Outcome()
        outcome.status = page.status
        outcome.result = page.result
        outcome.detail = page.detail
        outcome.requestID = requestID
        outcome.sentBytes = isHead ? 0 : page.content.count
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: page.status)
        if page.status == 405 { writer.appendAllow() }
        if hot.isTwin, exchange?.setsServer != true { writer.append("Server: CloudFront\r\n") }
        writer.append("Content-Type: ")
        writer.append(page.mediaType)
        writer.append("\r\nContent-Length: ")
        writer.appendDecimal(UInt64(page.content.count))
        writer.append("\r\nDate: ")
        writer.appendDate(epochSeconds: network.wallNow / 1_000)
        writer.append("\r\n")
        if !hot.isTwin { append("Cache-Control: \(page.cacheControl)\r\n", &writer) }
        if !page.location.isEmpty { unsafe writer.field("Location", page.location.span.bytes) }
        if let retryAfter = page.retryAfter {
            writer.field("Retry-After", decimal: UInt64(retryAfter))
        }
        if let word = page.degraded { appendDegraded(word, since: page.since, &writer) }
        if !page.exception.isEmpty {
            unsafe writer.field("X-Edge-Exception", page.exception.span.bytes)
        }
        if let exchange {
            unsafe appendFields(
                UnsafeRawBufferPointer(start: nil, count: 0), exchange, isOwn: true, &writer)
        }
        appendConnection(slot, &writer)
        unsafe writer.append(bytes: hot.cacheStatus)
        if let forward = exchange?.forward { append(forward.text, &writer) }
        writer.append("; detail=\"")
        writer.append(page.detail)
        writer.append("\"\r\n")
        if let exchange, exchange.head.fields.contains(.xEdgeExplain) {
            appendExplanation(exchange, page.detail, &writer)
        }
        appendResult(outcome, age: nil, &writer)
        writer.append("\r\n")
        outcome.framingBytes = writer.count
        put(slot, writer)
        if !isHead, !page.isSentApart {
            unsafe page.content.withUnsafeBytes { _ = unsafe viewers[slot].output.append($0) }
        }
        return outcome
    }
}

extension ErrorPage {
    fileprivate func bytes(_ requestID: RequestID) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 2_048) { buffer, count in
            var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            unsafe write(requestID: requestID.text.span.bytes, to: &writer)
            count = writer.count
        }
    }
}

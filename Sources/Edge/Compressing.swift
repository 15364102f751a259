import Caching
import CloudFront
import HTTP
import Reactor

/// A body on its way through zlib: as it comes from the origin, so that a large one takes no more
/// of a tick than its share.
final class BodyGzip {
    private var writer: GzipWriter
    /// zlib's own default is 6; 5 takes two thirds of its time for one percent more bytes.
    private static var level: Int { 5 }

    init?() {
        guard let writer = GzipWriter(level: Self.level) else { return nil }
        self.writer = writer
    }

    func write(
        _ bytes: RawSpan, isLast: Bool, into room: UnsafeMutableRawBufferPointer
    ) -> GzipStep {
        unsafe writer.write(bytes, isLast ? .finished : .open, into: room)
    }
}

// Responses that are compressed once, as they are stored. Source: CloudFront, "Serve compressed
// files".
extension LoopState where N: ~Copyable {
    /// The head of the same response in gzip, read anew into `originHead`; nil where it stays as
    /// it is: it is not for the store, or unsuitable, or the viewer does not take gzip.
    mutating func compressed(_ head: FetchedHead, _ exchange: Exchange) -> [UInt8]? {
        // CloudFront's own conditions do not name no-transform (RFC 9110 §7.7).
        let isForbidden =
            exchange.imported == nil && head.facts.cacheControl.flags.contains(.noTransform)
        guard exchange.policy.compresses, !isForbidden, exchange.head.method == .get,
            exchange.head.minorVersion >= 1, exchange.takesGzip, exchange.judgedFormat(head) == nil,
            hasLifetime(head),
            unsafe head.bytes.withUnsafeBytes({
                unsafe Compression.suits(head.head, bytes: $0.bytes)
            })
        else { return nil }
        let varies = unsafe head.bytes.withUnsafeBytes {
            unsafe isSelectedByCoding(head.head, $0.bytes)
        }
        exchange.tagging.isCodedHere = !varies
        return readAnew(Self.gzipHead(head) + (varies ? [] : HeaderBlob.variesByCoding) + [13, 10])
    }

    /// The head of a response that others get in gzip: what is selected by its coding says so in
    /// each of its forms (RFC 9110 §12.5.5). CloudFront says it of the compressed one alone. Read
    /// anew into `originHead`; nil where it stays as it is.
    mutating func selectedByCoding(_ head: FetchedHead, _ exchange: Exchange) -> [UInt8]? {
        guard exchange.mayTellCoding, exchange.head.method == .get,
            exchange.judgedFormat(head) == nil, hasLifetime(head)
        else { return nil }
        var (fields, length) = (head.blob, head.declaredLength.map { UInt64($0) })
        switch head.head.status {
        case 200, 403, 404: break
        case 206:
            length = head.facts.contentRange?.completeLength
            if let line = HeaderBlob.line("content-range", in: fields) {
                fields.removeSubrange(line)
            }
        default: return nil
        }
        guard let length, exchange.isToTellCoding(fields, length) else { return nil }
        exchange.tagging.isCodedHere = true
        return readAnew(head.bytes.dropLast(2) + HeaderBlob.variesByCoding + [13, 10])
    }

    private mutating func readAnew(_ next: [UInt8]) -> [UInt8]? {
        var scan = HeadScan()
        var limits = HeadLimits.response
        limits.fieldCount = HeaderTable.capacity
        guard
            case .complete = unsafe parseResponse(
                next.span.bytes, &scan, limits: limits, toHead: false, into: &originHead)
        else { return nil }
        return next
    }

    /// CloudFront compresses what it may keep for a while, and 403, which it keeps only if the
    /// origin says so.
    private func hasLifetime(_ head: FetchedHead) -> Bool {
        switch head.storability {
        case .storable(let times, _): head.isStorable && times.isFresh(at: network.wallNow)
        case .refused(let reason): head.status == 403 && reason == .statusNotCacheable
        }
    }

    /// Without the length and digests, with a weak tag; what ends it is not there yet.
    private static func gzipHead(_ head: FetchedHead) -> [UInt8] {
        let (raw, fields) = (head.bytes, head.head.fields)
        var next = [UInt8](raw[..<Int(fields[0].name.start)])
        for index in 0..<fields.count {
            let field = fields[index]
            var value = [UInt8](raw[field.value.range])
            switch field.known {
            case .contentLength: continue
            case .other where HeaderBlob.isDigest(raw[field.name.range]): continue
            case .etag:
                guard let weak = weakened(value) else { continue }
                value = weak
            default: break
            }
            next += raw[field.name.range] + [58, 32] + value + [13, 10]
        }
        return next + Array("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n".utf8)
    }

    /// `"x"` as `W/"x"`; nil for what is no entity tag, which is left out.
    static func weakened(_ tag: [UInt8]) -> [UInt8]? {
        if tag.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/"), UInt8(ascii: "\"")]) {
            return tag
        }
        return tag.first == UInt8(ascii: "\"") ? [UInt8(ascii: "W"), UInt8(ascii: "/")] + tag : nil
    }

    /// Body bytes, or the end of the body, through zlib into what is sent and stored.
    func compress(_ bytes: UnsafeRawBufferPointer, isLast: Bool, _ gzip: BodyGzip, _ fetch: Fetch) {
        var rest = unsafe bytes
        while true {
            let room = unsafe fetch.shared.room(expecting: nil)
            let step = unsafe gzip.write(rest.bytes, isLast: isLast, into: room)
            fetch.shared.publish(bytes: step.produced)
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
            if step.isDone { return }
        }
    }
}

extension Exchange {
    /// Answers may be selected by their coding here, and say so in each form.
    var mayTellCoding: Bool {
        policy.mode == .rfc9111 && policy.compresses && imported == nil && map?.isImage != true
    }

    /// Whether plain fields lack that their response is selected by its coding.
    func isToTellCoding(_ fields: [UInt8], _ length: UInt64) -> Bool {
        guard mayTellCoding else { return false }
        let whole = fields + Array("Content-Length: \(length)\r\n".utf8)
        return HeaderBlob.withHead(whole) { head, bytes, isWhole in
            let bytes = unsafe bytes.span.bytes
            return isWhole && !isSelectedByCoding(head, bytes)
                && Compression.suits(head, bytes: bytes)
                && !ResponseFacts(head, bytes: bytes, now: 0).cacheControl.flags.contains(
                    .noTransform)
        }
    }

    /// Whether an update leaves the edge's own word in what is stored.
    func staysCodedHere(_ update: borrowing ResponseHead) -> Bool {
        entry?.header.flags.contains(.codedHere) == true && !update.fields.contains(.vary)
    }

    /// The fields that an update leaves of a stored response, with what they lack of that.
    func tellingCoding(_ fields: [UInt8], of entry: StoredCopy) -> [UInt8] {
        let isPart = entry.header.kind == .partial
        let length = isPart ? entry.header.completeLength : entry.header.bodyLength
        let isToTell = (isPart || entry.header.status == 200) && isToTellCoding(fields, length)
        if isToTell { tagging.isCodedHere = true }
        return isToTell ? fields + HeaderBlob.variesByCoding : fields
    }

    /// Whether what is stored for this request may be gzip: as its key has it.
    var takesGzip: Bool {
        guard let imported else { return acceptsGzip }
        let coding = unsafe bytes.withUnsafeBytes {
            unsafe CloudFront.AcceptEncoding(
                head, bytes: $0.bytes, codings: imported.behavior.key.codings)
        }
        return coding == .gzip || coding == .brotliAndGzip
    }
}

/// Whether Vary names Accept-Encoding.
private func isSelectedByCoding(_ head: borrowing ResponseHead, _ bytes: RawSpan) -> Bool {
    var line = head.fields.first(.vary)
    while let index = line {
        if bytes.extracting(head.fields[index].value.range).listHas("accept-encoding") {
            return true
        }
        line = head.fields.next(after: index, .vary)
    }
    return false
}

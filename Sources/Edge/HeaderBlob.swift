import Caching
import HTTP

/// A response's end-to-end fields in wire form, as they are stored and sent.
enum HeaderBlob {
    /// A blob is at most a response head.
    private static let capacity = 66_560
    /// A status line to put before a blob where the parser is to read it.
    private static let statusLine = Array("HTTP/1.1 200 OK\r\n".utf8)

    static let variesByCoding = Array("Vary: Accept-Encoding\r\n".utf8)

    /// The fields of a fetched response as they go to the viewer who asked.
    static func delivered(_ head: borrowing ResponseHead, bytes: UnsafeRawBufferPointer) -> [UInt8]
    {
        var blob: [UInt8] = []
        blob.reserveCapacity(head.length)
        for index in 0..<head.fields.count
        where unsafe FieldFilter.delivers(index, of: head, bytes: bytes.bytes) {
            let field = head.fields[index]
            unsafe blob.append(contentsOf: bytes[field.name.range])
            blob += [58, 32]
            unsafe blob.append(contentsOf: bytes[field.value.range])
            blob += [13, 10]
        }
        return blob
    }

    /// The fields that are stored, with a Date, which every stored response has.
    static func stored(_ head: ResponseHead, bytes: UnsafeRawBufferPointer, date: Milliseconds?)
        -> [UInt8]
    {
        write { writer in
            unsafe StoredHeaders.write(head, bytes: bytes.bytes, into: &writer)
            if let date { writer.field("Date", epochSeconds: date / 1_000) }
        }
    }

    /// A stored blob with the fields of a 304, or of an answer to HEAD (RFC 9111 §3.2).
    ///
    /// `date`: when the update came, if it does not say; the stored response's Date would make the
    /// confirmed one as old as that (RFC 9110 §6.6.1).
    static func merged(
        stored: [UInt8], update: ResponseHead, bytes: UnsafeRawBufferPointer, date: Milliseconds?,
        isCompressed: Bool = false
    ) -> [UInt8] {
        var stored = stored
        if date != nil, let line = line("date", in: stored) { stored.removeSubrange(line) }
        return write { writer in
            unsafe StoredHeaders.merge(
                stored.span.bytes, with: update, bytes: bytes.bytes, isCompressed: isCompressed,
                into: &writer)
            if let date { writer.field("Date", epochSeconds: date / 1_000) }
        }
    }

    /// The fields that a `private="…"` or `no-cache="…"` names: for who asked, and nobody else.
    ///
    /// - Parameter stored: where the directives stand if the head brings none of its own.
    static func own(
        _ head: borrowing ResponseHead, bytes: UnsafeRawBufferPointer, stored: [UInt8]
    ) -> [UInt8] {
        var names: [[UInt8]] = []
        func note(_ value: RawSpan) {
            for directive in [CacheControl.Qualified.private, .noCache] {
                CacheControl.forEachQualifiedName(of: directive, in: value) { name in
                    unsafe name.withUnsafeBytes { unsafe names.append([UInt8]($0)) }
                }
            }
        }
        for index in 0..<head.fields.count where head.fields[index].known == .cacheControl {
            unsafe note(bytes.bytes.extracting(head.fields[index].value.range))
        }
        var lines = FieldLines()
        let block = unsafe stored.span.bytes
        while !head.fields.contains(.cacheControl), let line = lines.next(in: block) {
            if KnownField.named(block.extracting(line.name)) == .cacheControl {
                note(block.extracting(line.value))
            }
        }
        var blob: [UInt8] = []
        for index in 0..<head.fields.count where !names.isEmpty {
            let field = head.fields[index]
            let name = unsafe bytes.bytes.extracting(field.name.range)
            guard names.contains(where: { unsafe equalsIgnoringCase($0.span.bytes, name) }),
                unsafe !head.isHopByHop(index, bytes: bytes.bytes)
            else { continue }
            unsafe blob += bytes[field.name.range]
            blob += [58, 32]
            unsafe blob += bytes[field.value.range]
            blob += [13, 10]
        }
        return blob
    }

    /// The first line of that name, its end included.
    static func line(_ name: StaticString, in blob: [UInt8]) -> Range<Int>? {
        unsafe blob.withUnsafeBytes { bytes in
            guard let value = unsafe value(name, in: bytes) else { return nil }
            var start = value.lowerBound
            while start > 0, unsafe bytes[start - 1] != 10 { start -= 1 }
            return start..<min(value.upperBound + 2, bytes.count)
        }
    }

    /// A delivered blob of which no cache may keep anything.
    static func withoutCaching(_ blob: [UInt8]) -> [UInt8] {
        withoutLifetime(blob) + Array("Cache-Control: no-store\r\n".utf8)
    }

    /// A block that says nothing of how long it may be kept.
    static func withoutLifetime(_ block: [UInt8]) -> [UInt8] {
        var rest = block
        for name: StaticString in ["cache-control", "cdn-cache-control", "expires", "pragma"] {
            while let line = line(name, in: rest) { rest.removeSubrange(line) }
        }
        return rest
    }

    /// Whether a field of this name tells a sum of a body's bytes (RFC 9530).
    static func isDigest(_ name: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: name, as: UTF8.self).lowercased()
        return ["content-md5", "content-digest", "repr-digest", "digest"].contains(text)
    }

    /// A blob without the fields that are about the very bytes of a body, for another body.
    static func withoutBodyFields(_ blob: [UInt8]) -> [UInt8] {
        var rest = blob
        for name: StaticString in [
            "etag", "content-md5", "content-digest", "repr-digest", "digest", "content-location",
            "content-length", "geowebcache-tile-index", "geowebcache-tile-bounds",
        ] {
            while let line = line(name, in: rest) { rest.removeSubrange(line) }
        }
        return rest
    }

    /// As long as what was written: it may wait for the writer together with many thousand others.
    private static func write(_ body: (inout HeadWriter) -> Void) -> [UInt8] {
        unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { memory in
            var writer = unsafe HeadWriter(memory)
            body(&writer)
            return unsafe [UInt8](memory[..<writer.count])
        }
    }

    /// A blob as the head of a 200, with the bytes that its offsets point into, and whether all of
    /// it could be read.
    static func withHead<R>(
        _ blob: [UInt8], _ body: (borrowing ResponseHead, [UInt8], Bool) -> R
    ) -> R {
        let message = statusLine + blob + [13, 10]
        var head = ResponseHead()
        var scan = HeadScan()
        let result = unsafe parseResponse(
            message.span.bytes, &scan, limits: .response, toHead: false, into: &head)
        let isWhole = if case .complete = result { true } else { false }
        return body(head, message, isWhole)
    }

    /// What policy needs of a blob; the tag's offsets are into the blob.
    static func facts(_ blob: [UInt8], status: Int, now: Milliseconds) -> ResponseFacts {
        var facts = withHead(blob) { head, bytes, _ in
            unsafe ResponseFacts(head, bytes: bytes.span.bytes, now: now)
        }
        facts.status = status
        if facts.hasETag { facts.etag.start -= UInt16(statusLine.count) }
        return facts
    }

    /// The value of the first line of that name, given in small letters.
    static func value(_ name: StaticString, in blob: UnsafeRawBufferPointer) -> Range<Int>? {
        let length = name.utf8CodeUnitCount
        var start = 0
        while start < blob.count {
            var end = start
            while end < blob.count, unsafe blob[end] != 13 { end += 1 }
            if end - start > length, unsafe blob[start + length] == 58,
                unsafe matches(name, blob, start)
            {
                var from = start + length + 1
                while from < end, unsafe blob[from] == 32 { from += 1 }
                return from..<end
            }
            start = end + 2
        }
        return nil
    }

    private static func matches(_ name: StaticString, _ blob: UnsafeRawBufferPointer, _ start: Int)
        -> Bool
    {
        for index in 0..<name.utf8CodeUnitCount
        where unsafe blob[start + index] | 0x20 != name.utf8Start[index] { return false }
        return true
    }

    /// The fields a 304 repeats (RFC 9110 §15.4.5) and what else is no description of the content.
    static func appendMetadata(of blob: UnsafeRawBufferPointer, to writer: inout HeadWriter) {
        var start = 0
        while start < blob.count {
            var end = start
            while end < blob.count, unsafe blob[end] != 10 { end += 1 }
            var colon = start
            while colon < end, unsafe blob[colon] != 58 { colon += 1 }
            let name = unsafe UnsafeRawBufferPointer(rebasing: blob[start..<colon])
            let line = unsafe UnsafeRawBufferPointer(
                rebasing: blob[start..<min(end + 1, blob.count)])
            switch unsafe KnownField.named(name.bytes) {
            case .contentType, .contentEncoding, .contentLanguage, .contentRange, .lastModified:
                break
            default: unsafe writer.append(bytes: line)
            }
            start = end + 1
        }
    }
}

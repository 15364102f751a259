import Caching
import HTTP

// What a response shows, told to the CloudFront in front: by that a write finds it there.
extension LoopState where N: ~Copyable {
    /// The head of an answer to a read with its tags before all other fields, read anew into
    /// `originHead`; any other head as it is. The store keeps them, and so a hit has them.
    ///
    /// First, since CloudFront looks at 50 tags and the origin may have some of its own.
    mutating func tagged(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        let field = exchange.snapshot.settings.outgoingTagField
        let isRead = exchange.head.method == .get || exchange.head.method == .head
        guard !field.isEmpty, isRead, originHead.status >= 200, originHead.fields.count > 0,
            let canonical = exchange.primary?.canonical ?? exchange.targetKeys().first,
            !keepsTags(raw, exchange, field)
        else { return raw }
        let reading = store?.invalidations.reading ?? .standard
        let start = Int(originHead.fields[0].name.start)
        // A 304 need not say again what the page said that it shows.
        let isWhole = originHead.status != 304
        let fields = unsafe isWhole ? raw.span.bytes.extracting(droppingFirst: start) : nil
        let tags = unsafe ScopeTags.tags(of: canonical.span.bytes, fields: fields, reading)
        if tags.isEmpty { return raw }
        let line = field + Array(": \(tags.joined(separator: ", "))\r\n".utf8)
        let next = Array(raw[..<start] + line + raw[start...])
        // What has no room for its tags must not be kept where no write finds it.
        return reread(next, exchange) ? next : untagged(raw, exchange)
    }

    /// Whether a 304 leaves what is stored its tags: one line more would take the place of the
    /// origin's own.
    private func keepsTags(_ raw: [UInt8], _ exchange: Exchange, _ field: [UInt8]) -> Bool {
        guard originHead.status == 304, let stored = exchange.entry?.headers else { return false }
        let start = Int(originHead.fields[0].name.start)
        return !Self.hasField(field, in: Array(raw[start...]), beginning: "")
            && Self.hasField(field, in: stored, beginning: ScopeTags.firstWord)
    }

    private static func hasField(
        _ name: [UInt8], in block: [UInt8], beginning word: String
    ) -> Bool {
        let bytes = unsafe block.span.bytes
        var lines = FieldLines()
        while let line = lines.next(in: bytes) {
            if unsafe equalsIgnoringCase(bytes.extracting(line.name), name.span.bytes),
                block[line.value].starts(with: word.utf8)
            {
                return true
            }
        }
        return false
    }

    private mutating func untagged(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        let start = Int(originHead.fields[0].name.start)
        let fields = HeaderBlob.withoutCaching(Array(raw[start...].dropLast(2)))
        let next = Array(raw[..<start] + fields + [13, 10])
        return reread(next, exchange) ? next : raw
    }
}

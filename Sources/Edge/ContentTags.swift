import Caching
import HTTP

/// What one member of a pool has said of what it drew or wrote for itself: for that member alone.
/// GeoServers and GeoWebCaches do not agree on either of them, and compare what they get byte by
/// byte.
struct MemberValidators: Sendable {
    /// The member's name; its place in the list may be another's after a reload.
    var member: [UInt8]
    /// As it was sent, be it in quotes or not; empty: there was none.
    var etag: [UInt8] = []
    var lastModified: [UInt8] = []

    /// The lines that ask the member whether it has anything else.
    var lines: [UInt8] {
        var lines: [UInt8] = []
        if !etag.isEmpty { lines += Array("If-None-Match: ".utf8) + etag + [13, 10] }
        if !lastModified.isEmpty {
            lines += Array("If-Modified-Since: ".utf8) + lastModified + [13, 10]
        }
        return lines
    }
}

/// Map images, legends and capabilities have one entity tag for viewers, whichever member they are
/// of: made of their bytes.
///
/// A stored block is `shown` and, behind the line with that tag, `hidden`: whose validators were
/// replaced, and what they were. The tag's line is the last that is shown, so that a record says by
/// the place of the tag where its shown part ends, and a hit sends it as it lies there.
enum ContentTag {
    private static let memberField: StaticString = "x-edge-member"
    /// Blocks are not longer: the place of a tag is 16 bits.
    private static let blockLimit = 60_000

    /// The tag of a body.
    static func tag(_ segments: [StoreSegment]) -> [UInt8] {
        var hash = ContentHash()
        for segment in segments { unsafe hash.update(segment.bytes.bytes) }
        return hash.entityTag
    }

    /// A block without validators, and with the tag, if there is one.
    static func shown(_ block: [UInt8], tag: [UInt8]) -> [UInt8] {
        var shown = block
        for name: StaticString in ["etag", "last-modified", memberField] {
            while let line = HeaderBlob.line(name, in: shown) { shown.removeSubrange(line) }
        }
        return tag.isEmpty ? shown : shown + Array("ETag: ".utf8) + tag + [13, 10]
    }

    /// Takes the validators that `header` and `block` have from the member for its own, and puts
    /// the tag in their place.
    ///
    /// - Parameter member: who gave them; empty: they are of no use.
    static func replace(
        _ header: inout EntryHeader, _ block: [UInt8], tag: [UInt8], member: [UInt8]
    ) -> (shown: [UInt8], hidden: [UInt8]) {
        var hidden: [UInt8] = []
        if header.flags.contains(.hasETag) {
            hidden += Array("ETag: ".utf8) + block[header.etag.range] + [13, 10]
        }
        if header.lastModified != EntryHeader.noDate,
            let line = HeaderBlob.line("last-modified", in: block)
        {
            hidden += block[line]
        }
        header.flags.subtract([.hasETag, .weakETag, .strongDate, .contentTag, .memberValidators])
        (header.etag, header.lastModified) = (ByteSlice(), EntryHeader.noDate)
        let rest = shown(block, tag: [])
        guard rest.count < blockLimit, !tag.isEmpty else { return (rest, []) }
        let start = rest.count + "ETag: ".utf8.count
        header.etag = ByteSlice(start..<start + tag.count)
        header.flags.formUnion([.hasETag, .contentTag])
        let shown = shown(rest, tag: tag)
        guard !hidden.isEmpty, !member.isEmpty else { return (shown, []) }
        header.flags.insert(.memberValidators)
        return (shown, Array("\(memberField): ".utf8) + member + [13, 10] + hidden)
    }

    /// What the stored response's member is to be asked with; nil: it said nothing, or is unknown.
    static func validators(of entry: StoredCopy) -> MemberValidators? {
        guard entry.header.flags.contains(.memberValidators) else { return nil }
        func value(_ name: StaticString) -> [UInt8] {
            unsafe entry.hidden.withUnsafeBytes { bytes in
                unsafe HeaderBlob.value(name, in: bytes).map { unsafe [UInt8](bytes[$0]) } ?? []
            }
        }
        return MemberValidators(
            member: value(memberField), etag: value("etag"), lastModified: value("last-modified"))
    }

    /// The stored response as its member sees it.
    static func original(_ entry: StoredCopy, now: Milliseconds) -> StoredCopy {
        var header = entry.header
        var block = shown(entry.headers, tag: [])
        if let said = validators(of: entry) {
            if !said.etag.isEmpty { block += Array("ETag: ".utf8) + said.etag + [13, 10] }
            if !said.lastModified.isEmpty {
                block += Array("Last-Modified: ".utf8) + said.lastModified + [13, 10]
            }
        }
        let facts = HeaderBlob.facts(block, status: Int(header.status), now: now)
        header.flags.subtract([.hasETag, .weakETag, .strongDate, .contentTag, .memberValidators])
        if facts.hasETag { header.flags.insert(.hasETag) }
        if facts.hasWeakETag { header.flags.insert(.weakETag) }
        header.etag = facts.etag
        header.lastModified = facts.lastModified ?? EntryHeader.noDate
        return StoredCopy(entry, header: header, headers: block)
    }
}

/// What an exchange knows of its answer's entity tag and coding beside its request.
struct TagAsk {
    /// What the member that drew what is stored said of it; nil: nothing is asked about.
    var validators: MemberValidators?
    /// The answer's entity tag came without quotes.
    var isBare = false
    /// That the answer is selected by Accept-Encoding is the edge's own word.
    var isCodedHere = false
}

extension EntryHeader {
    /// Bytes of a stored block of so many that viewers get.
    @inline(__always)
    func shownBytes(of count: Int) -> Int {
        flags.contains(.contentTag) ? min(count, etag.range.upperBound + 2) : count
    }
}

extension Exchange {
    /// Its answer is held until it is whole, and has the edge's own tag: a map image, a legend or
    /// capabilities.
    var tagsContent: Bool {
        if map?.isImage == true { return true }
        return policy.mapClass.isMapServers && (head.method == .get || head.method == .head)
            && (isLegend || isCapabilities)
    }
}

extension Fetch {
    /// What its present member is asked with beyond the request, since it said so itself.
    func ownConditions(of member: MemberSettings) -> [UInt8] {
        guard let said = exchange.tagging.validators, said.member == Array(member.name.utf8) else {
            return []
        }
        return said.lines
    }

    /// The member whose validators are stored, and which alone can confirm what is.
    var memberToConfirm: Int? {
        guard let said = exchange.tagging.validators else { return nil }
        return pool.settings.members.firstIndex { said.member == Array($0.name.utf8) }
    }
}

extension LoopState where N: ~Copyable {
    /// The head of what was held back, of which all is here or, being too long, not: without what
    /// its member says for itself alone.
    func tagged(_ head: FetchedHead, _ fetch: Fetch) -> FetchedHead {
        guard fetch.exchange.tagsContent, head.status == 200, !head.isRejectedContent else {
            return head
        }
        var tag: [UInt8] = []
        // Of a metatile nobody sees more than its tiles.
        let isSeen = fetch.exchange.head.method == .get && !fetch.exchange.asksForMetatile
        if fetch.body.isComplete, isSeen {
            tag = ContentTag.tag(fetch.shared.wholeBody())
        }
        return FetchedHead(head, contentTag: tag)
    }

    /// The block to store with it.
    func taggedBlock(
        _ header: inout EntryHeader, _ block: [UInt8], _ segments: [StoreSegment], _ fetch: Fetch,
        _ head: FetchedHead
    ) -> [UInt8] {
        guard fetch.exchange.tagsContent, head.status == 200, !head.completes else {
            return block
        }
        let tag = head.contentTag.isEmpty ? ContentTag.tag(segments) : head.contentTag
        let parts = ContentTag.replace(
            &header, block, tag: tag, member: fetch.evidence.memberName)
        return parts.shown + parts.hidden
    }
}

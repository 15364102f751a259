import Caching
import HTTP

/// Entity tags without quotes, as GeoServer and GeoWebCache send them, and compare them byte by
/// byte. To viewers only what has quotes is one (RFC 9110 §8.8.3), and to CloudFront.
enum BareTag {
    /// The tag in quotes; nil: it has bytes that no tag has.
    static func quoted(_ value: [UInt8]) -> [UInt8]? {
        let fits = value.allSatisfy { $0 == 0x21 || $0 >= 0x23 && $0 != 0x7F }
        return fits && !value.isEmpty ? [34] + value + [34] : nil
    }

    /// A tag of `quoted` as it came, be it weak since its body was compressed here.
    static func bare(_ tag: [UInt8]) -> [UInt8] {
        guard let start = tag.firstIndex(of: 34), tag.last == 34 else { return tag }
        return Array(tag[(start + 1)...].dropLast())
    }

    fileprivate static func isQuoted(_ value: [UInt8]) -> Bool {
        value.first == 34 || value.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/"), 34])
    }
}

extension StoredCopy {
    /// Its entity tag as its origin understands it.
    var askedTag: [UInt8] {
        let tag = Array(headers[header.etag.range])
        return header.flags.contains(.bareTag) ? BareTag.bare(tag) : tag
    }
}

extension LoopState where N: ~Copyable {
    /// The head with its entity tag in quotes, read anew into `originHead`, or without it where it
    /// cannot have them, or is for nobody to ask with: what is not for the store goes from viewer
    /// to origin and back, which knows no quotes. Any other head as it is, and all of a behavior
    /// without a class: CloudFront passes on what it gets.
    mutating func quoted(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        exchange.tagging.isBare = false
        guard exchange.policy.mapClass != .none, let index = originHead.fields.first(.etag) else {
            return raw
        }
        // These have another tag for viewers, and their member's is its own word.
        if exchange.tagsContent, [200, 304].contains(originHead.status) { return raw }
        let (name, value) = (originHead.fields[index].name, originHead.fields[index].value)
        let tag = [UInt8](raw[value.range])
        guard !BareTag.isQuoted(tag), let end = raw[value.range.upperBound...].firstIndex(of: 10)
        else { return raw }
        let quoted = exchange.key == nil ? nil : BareTag.quoted(tag)
        let line = quoted.map { Array("ETag: ".utf8) + $0 + [13, 10] } ?? []
        let next = Array(raw[..<Int(name.start)] + line + raw[(end + 1)...])
        guard reread(next, exchange) else { return raw }
        exchange.tagging.isBare = quoted != nil
        return next
    }
}

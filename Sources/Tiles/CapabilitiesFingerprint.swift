import HTTP

/// Hashes capabilities as a tree: an element's hash is made of its name, its attributes and what
/// stands in it, so that layers can be added up in any order.
struct CapabilitiesFingerprint: Sendable {
    private struct Node {
        var ordered = FNV()
        /// The sum of the children whose order says nothing.
        var unordered: UInt64 = 0

        var value: UInt64 {
            var hash = ordered
            hash.add(unordered)
            return hash.value
        }
    }

    private var open: [Node] = []
    /// The root's, when it has ended.
    private(set) var value: UInt64 = 0

    mutating func begin(_ element: XMLElement) {
        var node = Node()
        node.ordered.add(element.name.local)
        // A sum, as the order of attributes says nothing either (XML 1.0 §3.1).
        var attributes: UInt64 = 0
        for attribute in element.attributes where Self.counts(attribute.name) {
            var hash = FNV()
            hash.add(attribute.name.local)
            hash.add(UInt8(0x3D))
            hash.addWithoutHosts(attribute.value)
            attributes &+= hash.value
        }
        node.ordered.add(attributes)
        open.append(node)
    }

    /// The text between two tags, which stands in the element of this name.
    mutating func text(_ text: String, in element: String?) {
        guard !open.isEmpty, let element else { return }
        guard !Self.isMoment(element) else { return }
        let words = text.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard !words.isEmpty else { return }
        let isExtent = Self.extents.contains(element)
        if words.count == 1, !isExtent, Self.isDateTime(words[0]) { return }
        for word in words {
            open[open.count - 1].ordered.add(UInt8(0x20))
            open[open.count - 1].ordered.addWithoutHosts(String(word) ?? "")
        }
    }

    mutating func end(isUnordered: Bool) {
        guard let node = open.popLast() else { return }
        guard !open.isEmpty else {
            value = node.value
            return
        }
        if isUnordered {
            open[open.count - 1].unordered &+= node.value
        } else {
            open[open.count - 1].ordered.add(node.value)
        }
    }

    /// Where a schema lies and which prefix a namespace has is no matter of the layers.
    private static func counts(_ name: XMLName) -> Bool {
        name.prefix != "xmlns" && name.qualified != "xmlns" && name.local != "schemaLocation"
            && name.local != "updateSequence" && !isMoment(name.local)
    }

    /// The name of an element or attribute that tells when something was written.
    private static func isMoment(_ name: String) -> Bool {
        switch name.lowercased() {
        case "timestamp", "datestamp", "lastmodified", "lastupdated", "lastupdate", "generated",
            "generatedat":
            true
        default: false
        }
    }

    /// Elements in which a moment is data: what may be asked for by TIME.
    private static let extents: Set<String> = [
        "Dimension", "Extent", "Value", "Default", "TimePosition", "timePosition", "BeginPosition",
        "beginPosition", "EndPosition", "endPosition",
    ]

    /// `2014-06-01T00:00` and what may follow it.
    private static func isDateTime(_ text: Substring.UTF8View) -> Bool {
        let pattern = "dddd-dd-ddTdd:dd".utf8
        guard text.count >= pattern.count else { return false }
        return zip(text, pattern).allSatisfy { byte, wanted in
            wanted == UInt8(ascii: "d") ? isDigit(byte) : byte == wanted
        }
    }
}

/// FNV-1a of 64 bits. Source: Fowler, Noll, Vo; draft-eastlake-fnv.
struct FNV: Sendable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            add(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// Text, and that it ends here: no byte of UTF-8 is 0xFF.
    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(UInt8(0xFF))
    }

    /// Text in which `scheme://host:port` is left out wherever it stands.
    mutating func addWithoutHosts(_ text: String) {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            let isAddress =
                bytes[at] == UInt8(ascii: ":") && at + 2 < bytes.count
                && bytes[at + 1] == UInt8(ascii: "/") && bytes[at + 2] == UInt8(ascii: "/")
            guard isAddress else {
                kept.append(bytes[at])
                at += 1
                continue
            }
            while let last = kept.last, Self.isScheme(last) { kept.removeLast() }
            at += 3
            while at < bytes.count, !Self.endsHost(bytes[at]) { at += 1 }
        }
        for byte in kept { add(byte) }
        add(UInt8(0xFF))
    }

    /// RFC 3986 §3.1.
    private static func isScheme(_ byte: UInt8) -> Bool {
        lowercased(byte) &- 0x61 < 26 || isDigit(byte) || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// RFC 3986 §3.2, and what ends an address within text.
    private static func endsHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ","), 0...0x20:
            true
        default: false
        }
    }
}

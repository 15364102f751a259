/// What the edge knows of a layer, or of a group of layers, from the pool's catalogue.
public struct LayerFacts: Equatable, Sendable {
    /// `workspace:name`; without a workspace for a global group.
    public var name: String
    /// The style that an empty STYLES means; empty where it is not known.
    public var defaultStyle: String

    public init(name: String, defaultStyle: String = "") {
        (self.name, self.defaultStyle) = (name, defaultStyle)
    }
}

/// Layers by name, in a form that is searched without following a reference.
struct LayerTable: Sendable {
    private struct Record {
        var name: Range<Int>
        var style: Range<Int>
    }

    private var records: [Record] = []
    private var bytes: [UInt8] = []
    /// Where a name's hash points: an index in `records`, -1 for none. A power of two long, and
    /// at least half empty, so that a search ends.
    private var slots: [Int32] = []
    /// There are layers without a workspace.
    private(set) var hasBareNames = false

    init(_ layers: [LayerFacts]) {
        var size = 2
        while size < 2 * layers.count { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        for layer in layers {
            let name = Self.canonical(layer.name)
            var slot = Int(truncatingIfNeeded: Self.hash(name)) & (size - 1)
            while slots[slot] >= 0, Array(bytes[records[Int(slots[slot])].name]) != name {
                slot = (slot + 1) & (size - 1)
            }
            // Of two layers with one name, the first.
            guard slots[slot] < 0 else { continue }
            slots[slot] = Int32(records.count)
            if !name.contains(UInt8(ascii: ":")) { hasBareNames = true }
            let style = Self.bare(Array(layer.defaultStyle.utf8), of: Array(layer.name.utf8))
            records.append(Record(name: keep(name), style: keep(style)))
        }
    }

    /// FNV-1a. Names come from the pool's own catalogue, so that nobody can aim at it.
    private static func hash(_ name: [UInt8]) -> UInt64 {
        var hash = hashStart
        for byte in name { hash = (hash ^ UInt64(byte)) &* hashPrime }
        return hash ^ (hash >> 32)
    }

    private static var hashStart: UInt64 { 0xCBF2_9CE4_8422_2325 }
    private static var hashPrime: UInt64 { 0x0000_0100_0000_01B3 }

    private mutating func keep(_ text: [UInt8]) -> Range<Int> {
        let start = bytes.count
        bytes += text
        return start..<bytes.count
    }

    /// As `KeyWriter` writes it.
    private static func canonical(_ name: String) -> [UInt8] {
        var text: [UInt8] = []
        for byte in name.utf8 {
            if isVerbatim(byte) {
                text.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return text
    }

    /// A style's name without the workspace of its layer.
    private static func bare(_ style: [UInt8], of layer: [UInt8]) -> [UInt8] {
        guard let colon = layer.firstIndex(of: UInt8(ascii: ":")) else { return style }
        let prefix = layer[...colon]
        return style.starts(with: prefix) ? Array(style.dropFirst(prefix.count)) : style
    }

    /// The layer whose canonical name has just been written; nil if it is not known.
    func index(of range: Range<Int>, in writer: KeyWriter) -> Int? {
        let (slots, records, bytes) = (slots.span, records.span, bytes.span)
        guard records.count > 0 else { return nil }
        var hash = Self.hashStart
        for place in range { hash = (hash ^ UInt64(writer[place])) &* Self.hashPrime }
        var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            let name = records[index].name
            if name.count == range.count {
                var offset = 0
                while offset < name.count,
                    bytes[name.lowerBound + offset] == writer[range.lowerBound + offset]
                {
                    offset += 1
                }
                if offset == name.count { return index }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Whether a style is the layer's default one, with or without the layer's workspace.
    func isDefault(_ style: QueryText, of index: Int, in query: RawSpan) -> Bool {
        let record = records[index]
        guard !record.style.isEmpty else { return false }
        if spells(style, from: style.start, record.style, in: query) { return true }
        // The same behind the layer's workspace and its colon.
        var at = style.start
        for place in record.name {
            guard at < style.end else { return false }
            let (value, width) = style.byte(at: at, in: query)
            guard value == bytes[place] else { return false }
            at += width
            if value == UInt8(ascii: ":") {
                return spells(style, from: at, record.style, in: query)
            }
        }
        return false
    }

    private func spells(
        _ text: QueryText, from start: Int, _ range: Range<Int>, in query: RawSpan
    ) -> Bool {
        var at = start
        for place in range {
            guard at < text.end else { return false }
            let (value, width) = text.byte(at: at, in: query)
            guard value == bytes[place] else { return false }
            at += width
        }
        return at >= text.end
    }
}

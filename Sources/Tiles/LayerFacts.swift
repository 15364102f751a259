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

    init(_ layers: [LayerFacts]) {
        var last: [UInt8]?
        let sorted = layers.map { (Self.canonical($0.name), $0) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        for (name, layer) in sorted where name != last {
            last = name
            let style = Self.bare(Array(layer.defaultStyle.utf8), of: Array(layer.name.utf8))
            records.append(Record(name: keep(name), style: keep(style)))
        }
    }

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
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            let order = compare(records[middle].name, range, writer)
            if order == 0 { return middle }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    private func compare(_ name: Range<Int>, _ range: Range<Int>, _ writer: KeyWriter) -> Int {
        for offset in 0..<min(name.count, range.count) {
            let (mine, theirs) = (
                bytes[name.lowerBound + offset], writer[range.lowerBound + offset]
            )
            if mine != theirs { return mine < theirs ? -1 : 1 }
        }
        return name.count - range.count
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

/// What the edge knows of a layer, or of a group of layers, from the pool's catalogue.
public struct LayerFacts: Equatable, Sendable {
    /// `workspace:name`; without a workspace for a global group.
    public var name: String
    /// The style that an empty STYLES means, with its workspace if it is a workspace's; empty where
    /// it is not known.
    public var defaultStyle: String
    /// The same style as the virtual service of the layer's workspace names it; empty where that
    /// was not asked.
    public var virtualStyle: String
    /// What the pool's capabilities say of it beside that; nil where nobody has read them.
    public var description: ServiceLayer?

    public init(
        name: String, defaultStyle: String = "", virtualStyle: String = "",
        description: ServiceLayer? = nil
    ) {
        (self.name, self.defaultStyle) = (name, defaultStyle)
        (self.virtualStyle, self.description) = (virtualStyle, description)
    }

    /// The same, but for what its styles mean: of a style that is asked for by its name nobody can
    /// say then that it is the layer's default one.
    public var withoutStyles: LayerFacts { LayerFacts(name: name, description: description) }
}

/// Layers by name, in a form that is searched without following a reference.
struct LayerTable: Sendable {
    private struct Record {
        var name: Range<Int>
        /// Of the default style, without the layer's workspace.
        var style: Range<Int>
        /// Of the default style in the virtual service of the layer's workspace.
        var virtualStyle: Range<Int>
        /// The default style is of the layer's workspace.
        var isOwn = false
        /// The bare name of the default style means it when the global services are asked, and
        /// when the virtual one of the layer's workspace is.
        var isGlobalDefault = false
        var isVirtualDefault = false
        /// The pool lists it without any style.
        var hasNoStyles = false
    }

    private var records: [Record] = []
    private var bytes: [UInt8] = []
    /// Where a name's hash points: an index in `records`, -1 for none. A power of two long, and
    /// at least half empty, so that a search ends.
    private var slots: [Int32] = []
    /// There are layers without a workspace.
    private(set) var hasBareNames = false

    /// There is none, so that nothing is known.
    var isEmpty: Bool { records.isEmpty }

    /// - Parameters:
    ///   - styles: all styles of the catalogue by their qualified names; empty: not known.
    ///   - workspaces: further ones, beside those of the layers.
    init(_ layers: [LayerFacts], styles: [String] = [], workspaces: [String] = []) {
        // A workspace has a record as well, by its name with the colon.
        var size = 2
        while size < 4 * layers.count + 2 * workspaces.count { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        let names = StyleNames(styles)
        for layer in layers {
            let name = Self.canonical(layer.name)
            let isBare = !name.contains(UInt8(ascii: ":"))
            guard let slot = freeSlot(for: name) else { continue }
            slots[slot] = Int32(records.count)
            if isBare { hasBareNames = true }
            let style = Self.bare(Array(layer.defaultStyle.utf8), of: Array(layer.name.utf8))
            var record = Record(
                name: keep(name), style: keep(style),
                virtualStyle: keep(Array(layer.virtualStyle.utf8)))
            record.hasNoStyles = layer.description?.styles.isEmpty == true
            names.judge(layer, &record.isOwn, &record.isGlobalDefault, &record.isVirtualDefault)
            records.append(record)
        }
        guard !layers.isEmpty else { return }
        for layer in layers {
            let parts = layer.name.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { append(workspace: String(parts[0])) }
        }
        for workspace in workspaces where !workspace.isEmpty { append(workspace: workspace) }
    }

    private mutating func append(workspace: String) {
        let name = Self.canonical(workspace + ":")
        guard let slot = freeSlot(for: name) else { return }
        slots[slot] = Int32(records.count)
        records.append(Record(name: keep(name), style: keep([]), virtualStyle: keep([])))
    }

    /// Where a name goes; nil where it is there already: of two layers with one name, the first.
    private func freeSlot(for name: [UInt8]) -> Int? {
        var slot = Int(truncatingIfNeeded: Self.hash(name)) & (slots.count - 1)
        while slots[slot] >= 0 {
            if Array(bytes[records[Int(slots[slot])].name]) == name { return nil }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
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
    static func canonical(_ name: String) -> [UInt8] {
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

    /// Whether a style is the layer's default one, with or without its workspace.
    ///
    /// - Parameter isVirtual: the virtual service of the layer's workspace is asked, where the
    ///   workspace's own style of a name goes before the global one.
    func isDefault(
        _ style: QueryText, of index: Int, isVirtual: Bool, in query: RawSpan
    ) -> Bool {
        let record = records[index]
        if isVirtual, !record.virtualStyle.isEmpty,
            spells(style, from: style.start, record.virtualStyle, in: query)
        {
            return true
        }
        guard !record.style.isEmpty else { return false }
        if spells(style, from: style.start, record.style, in: query) {
            return isVirtual ? record.isVirtualDefault : record.isGlobalDefault
        }
        // The same behind the layer's workspace and its colon.
        guard record.isOwn else { return false }
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

    /// Whether a style is what the edge's own capabilities call the one of a layer for which the
    /// pool lists none: WMTS has no style without a name that clients get along with.
    func isStandIn(_ style: QueryText, of index: Int, in query: RawSpan) -> Bool {
        records[index].hasNoStyles && style.spells("default", in: query)
    }

    /// Only the virtual service of the layer's workspace has said what its styles are called.
    func isKnownVirtually(_ index: Int) -> Bool {
        records[index].style.isEmpty && !records[index].virtualStyle.isEmpty
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

/// The names of a catalogue's styles, to find those that mean the same wherever they are asked for.
private struct StyleNames {
    private let qualified: Set<String>
    /// How many styles have a name, their workspaces left out.
    private var counts: [String: Int] = [:]

    init(_ styles: [String]) {
        qualified = Set(styles)
        for style in qualified {
            let parts = style.split(separator: ":", maxSplits: 1)
            counts[String(parts.last ?? ""), default: 0] += 1
        }
    }

    /// What the name of a layer's default style, without the layer's workspace, means.
    func judge(
        _ layer: LayerFacts, _ isOwn: inout Bool, _ isGlobal: inout Bool, _ isVirtual: inout Bool
    ) {
        let parts = layer.defaultStyle.split(separator: ":", maxSplits: 1)
        guard let bare = parts.last.map({ String($0) }) else { return }
        let place = layer.name.split(separator: ":", maxSplits: 1)
        let workspace = place.count == 2 ? String(place[0]) : nil
        if parts.count == 2 {
            isOwn = workspace == String(parts[0])
            // Where nothing global has the name, GeoServer looks into all workspaces.
            isGlobal = !isOwn || counts[bare] == 1
            isVirtual = true
        } else {
            isGlobal = true
            if let workspace {
                isVirtual = !qualified.isEmpty && !qualified.contains("\(workspace):\(bare)")
            } else {
                isVirtual = counts[bare] == 1
            }
        }
    }
}

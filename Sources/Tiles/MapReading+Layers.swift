import HTTP

/// What is known of the layers that a request names, in their order.
struct NamedLayers {
    static let styledMax = 16

    /// Index in the `LayerTable`, or -1.
    fileprivate var facts = [16 of Int32](repeating: -1)
    fileprivate(set) var count = 0

    fileprivate mutating func append(_ index: Int?) {
        if count < Self.styledMax { facts[count] = Int32(clamping: index ?? -1) }
        count += 1
    }
}

/// Whose names the styles of a request are, as far as that decides what they mean: a virtual
/// service looks into its workspace before it looks among the global ones (GeoServer's
/// `LocalWorkspaceCatalog`).
enum StyleScope {
    /// They mean the same in the global service and in the virtual one.
    case any
    case virtual, global
}

// Layers and styles under the names that they have everywhere.
extension MapReading {
    /// Whether the viewer's path is only another spelling of its context's one WMS.
    ///
    /// A virtual service knows its own layers alone; asked for others it answers an error, which
    /// the one WMS would not.
    ///
    /// - Parameter scratch: left as it was.
    func isFolded(
        path: RawSpan, query: RawSpan, _ services: MapServices, scratch: inout KeyWriter
    ) -> Bool {
        guard service.service != .unknown else { return false }
        guard !service.workspace.isEmpty else { return true }
        // A global layer group has such a service, too, whose layers are of any workspace.
        guard !services.knowsAllLayers || isWorkspaceKnown(path, services, &scratch) else {
            return false
        }
        let bytes = layers.isInPath ? path : query
        var rest = layers
        while var item = rest.cut(before: UInt8(ascii: ","), in: bytes) {
            if item.hasColon(in: bytes) {
                guard let workspace = item.cut(before: UInt8(ascii: ":"), in: bytes),
                    isSame(workspace, in: bytes, service.workspace, in: path)
                else { return false }
            }
            guard service.layer.isEmpty || isSame(item, in: bytes, service.layer, in: path) else {
                return false
            }
        }
        return true
    }

    private func isWorkspaceKnown(
        _ path: RawSpan, _ services: MapServices, _ scratch: inout KeyWriter
    ) -> Bool {
        let start = scratch.count
        defer { scratch.rewind(to: start) }
        scratch.text(service.workspace, in: path)
        scratch.byte(UInt8(ascii: ":"))
        return known(start, services, scratch) != nil
    }

    /// Writes the list of layers, each with its workspace where that is known.
    func writeLayers(
        _ isFolded: Bool, path: RawSpan, query: RawSpan, _ services: MapServices,
        to writer: inout KeyWriter
    ) -> NamedLayers {
        var names = NamedLayers()
        let bytes = layers.isInPath ? path : query
        guard isFolded else {
            writer.text(layers, in: bytes)
            return names
        }
        var rest = layers
        while let item = rest.cut(before: UInt8(ascii: ","), in: bytes) {
            if names.count > 0 { writer.byte(UInt8(ascii: ",")) }
            names.append(write(item, in: bytes, path: path, services, to: &writer))
        }
        return names
    }

    private func write(
        _ item: QueryText, in bytes: RawSpan, path: RawSpan, _ services: MapServices,
        to writer: inout KeyWriter
    ) -> Int? {
        let start = writer.count
        writer.text(item, in: bytes)
        if item.hasColon(in: bytes) { return known(start, services, writer) }
        let bare = services.layers.hasBareNames ? known(start, services, writer) : nil
        let preset = services.contexts[service.context].workspace
        if service.workspace.isEmpty {
            // A global group's own name, or nowhere to look.
            if bare != nil || preset.isEmpty { return bare }
        }
        writer.rewind(to: start)
        if service.workspace.isEmpty {
            for index in preset { writer.encoded(services.byte(index)) }
        } else {
            writer.text(service.workspace, in: path)
        }
        writer.byte(UInt8(ascii: ":"))
        writer.text(item, in: bytes)
        let qualified = known(start, services, writer)
        guard qualified == nil, bare != nil else { return qualified }
        // A virtual service shows global groups, too.
        writer.rewind(to: start)
        writer.text(item, in: bytes)
        return bare
    }

    private func known(_ start: Int, _ services: MapServices, _ writer: KeyWriter) -> Int? {
        services.layers.index(of: start..<writer.count, in: writer)
    }

    /// Writes STYLES, a layer's default style as the empty one.
    ///
    /// - Parameter layers: where they have been written.
    func writeStyles(
        _ names: NamedLayers, _ layers: Range<Int>, path: RawSpan, query: RawSpan,
        _ services: MapServices, to writer: inout KeyWriter
    ) -> StyleScope {
        writer.name("STYLES")
        guard !styles.isEmpty else { return .any }
        let isVirtual =
            !service.workspace.isEmpty || isOfOneWorkspace(names, layers, services, writer)
        let asked: StyleScope = isVirtual ? .virtual : .global
        let bytes = styles.isInPath ? path : query
        guard 1...NamedLayers.styledMax ~= names.count,
            styles.items(in: bytes) == names.count
        else {
            writer.text(styles, in: bytes)
            return asked
        }
        let start = writer.count
        var isDefault = true
        var scope = StyleScope.any
        var rest = styles
        for index in 0..<names.count {
            if index > 0 { writer.byte(UInt8(ascii: ",")) }
            // A last empty style is nothing that is left.
            guard let style = rest.cut(before: UInt8(ascii: ","), in: bytes), !style.isEmpty else {
                continue
            }
            let facts = Int(names.facts[index])
            if facts >= 0,
                services.layers.isDefault(style, of: facts, isVirtual: isVirtual, in: bytes)
                    || service.service.isCached && services.writesTileCapabilities
                        && services.layers.isStandIn(style, of: facts, in: bytes)
            {
                continue
            }
            isDefault = false
            let name = writer.count
            writer.text(style, in: bytes)
            if scope == .any, !style.hasColon(in: bytes),
                !isSameEverywhere(name, layers, path: path, services, &writer)
            {
                scope = asked
            }
        }
        if isDefault { writer.rewind(to: start) }
        return scope
    }

    /// Whether a tile service is asked for a layer of which only its workspace's virtual service
    /// has said what its styles are called: a tile service names styles as WMS does.
    private func isOfOneWorkspace(
        _ names: NamedLayers, _ layers: Range<Int>, _ services: MapServices, _ writer: KeyWriter
    ) -> Bool {
        guard service.service.isCached, names.count == 1, names.facts[0] >= 0 else { return false }
        return services.layers.isKnownVirtually(Int(names.facts[0]))
            && commonWorkspace(layers, services, writer) != nil
    }

    /// Whether the catalogue says that the bare style that was just written is a global one, and
    /// that the workspace in question has none of that name.
    private func isSameEverywhere(
        _ start: Int, _ layers: Range<Int>, path: RawSpan, _ services: MapServices,
        _ writer: inout KeyWriter
    ) -> Bool {
        let style = start..<writer.count
        guard services.styles.index(of: style, in: writer) != nil else { return false }
        defer { writer.rewind(to: style.upperBound) }
        if !service.workspace.isEmpty {
            writer.text(service.workspace, in: path)
        } else if let workspace = commonWorkspace(layers, services, writer) {
            writer.copy(workspace)
        } else {
            // The global service is asked in any case.
            return true
        }
        writer.byte(UInt8(ascii: ":"))
        writer.copy(style)
        return services.styles.index(of: style.upperBound..<writer.count, in: writer) == nil
    }

    /// The workspace that all written layers are of, as the range of its first mention; nil if
    /// there is none, or none that may stand in a path and has a virtual service, as far as known.
    func commonWorkspace(
        _ layers: Range<Int>, _ services: MapServices, _ writer: KeyWriter
    ) -> Range<Int>? {
        var end = layers.lowerBound
        var hasName = false
        while end < layers.upperBound, writer[end] != UInt8(ascii: ":") {
            let byte = writer[end]
            // Neither a slash, nor what is encoded, nor dots alone.
            guard isUnreserved(byte) else { return nil }
            if byte != UInt8(ascii: ".") { hasName = true }
            end += 1
        }
        guard end < layers.upperBound, hasName else { return nil }
        guard
            !services.knowsAllLayers
                || services.layers.index(of: layers.lowerBound..<(end + 1), in: writer) != nil
        else { return nil }
        let length = end + 1 - layers.lowerBound
        var at = layers.lowerBound
        while at < layers.upperBound {
            guard at + length <= layers.upperBound else { return nil }
            for offset in 0..<length where writer[at + offset] != writer[layers.lowerBound + offset]
            {
                return nil
            }
            at += length
            let name = at
            while at < layers.upperBound, writer[at] != UInt8(ascii: ",") {
                // What is left would be read as a workspace's.
                if writer[at] == UInt8(ascii: ":") { return nil }
                at += 1
            }
            // A blank that a value begins with is no part of it, and another layer would be drawn.
            guard at > name, !isBlank(name, writer) else { return nil }
            at += 1
        }
        return layers.lowerBound..<end
    }

    /// Whether a byte of at most 0x20 was written at a place: as `%XX`.
    private func isBlank(_ at: Int, _ writer: KeyWriter) -> Bool {
        guard at + 2 < writer.count, writer[at] == UInt8(ascii: "%"),
            let high = hexadecimalDigit(writer[at + 1]), let low = hexadecimalDigit(writer[at + 2])
        else { return false }
        return high << 4 | low <= 0x20
    }

    private func isSame(
        _ left: QueryText, in leftBytes: RawSpan, _ right: QueryText, in rightBytes: RawSpan
    ) -> Bool {
        var (one, two) = (left.start, right.start)
        while one < left.end, two < right.end {
            let (mine, width) = left.byte(at: one, in: leftBytes)
            let (theirs, otherWidth) = right.byte(at: two, in: rightBytes)
            guard mine == theirs else { return false }
            one += width
            two += otherWidth
        }
        return one >= left.end && two >= right.end
    }
}

extension KeyWriter {
    /// Writes a list of layers once more, each without `workspace` and its colon.
    mutating func copy(_ layers: Range<Int>, without workspace: Range<Int>?) {
        guard let workspace else { return copy(layers) }
        var at = layers.lowerBound
        while at < layers.upperBound {
            at += workspace.count + 1
            while at < layers.upperBound {
                byte(self[at])
                at += 1
                if self[at - 1] == UInt8(ascii: ",") { break }
            }
        }
    }
}

extension QueryText {
    fileprivate func hasColon(in bytes: RawSpan) -> Bool {
        var at = start
        while at < end {
            let (value, width) = byte(at: at, in: bytes)
            if value == UInt8(ascii: ":") { return true }
            at += width
        }
        return false
    }

    /// Items of a list; a comma at the end has an empty one behind it.
    fileprivate func items(in bytes: RawSpan) -> Int {
        var count = 1
        var at = start
        while at < end {
            let (value, width) = byte(at: at, in: bytes)
            if value == UInt8(ascii: ",") { count += 1 }
            at += width
        }
        return count
    }
}

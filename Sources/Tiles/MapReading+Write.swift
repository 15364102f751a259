// The canonical text of a map request. Key and target are made of the same parts, so that equal
// keys have equal targets.
extension MapReading {
    /// Writes the key.
    ///
    /// - Parameters:
    ///   - address: the tile that the key is for, which may be another one than was asked for; nil
    ///     for a map that is no tile.
    ///   - block: what the key is for instead.
    /// - Returns: whether the picture moves with the clock.
    func writeKey(
        _ address: TileAddress?, or block: TileBlock? = nil, path: RawSpan, query: RawSpan,
        _ services: MapServices, to writer: inout KeyWriter
    ) -> Bool {
        guard form == .getMap else {
            writePath(path, to: &writer)
            // No GetMap of the same path can have this key.
            writer.byte(UInt8(ascii: "#"))
            return writeRest(query: query, to: &writer)
        }
        let isFolded = isFolded(path: path, query: query, services, scratch: &writer)
        if isFolded {
            writeContext(services, to: &writer)
            writer.word("/wms")
        } else {
            writePath(path, to: &writer)
        }
        writer.byte(UInt8(ascii: "?"))
        writer.name("LAYERS")
        let start = writer.count
        let names = writeLayers(isFolded, path: path, query: query, services, to: &writer)
        let layers = start..<writer.count
        let scope = writeStyles(names, layers, path: path, query: query, services, to: &writer)
        if isFolded, scope != .any { writeScope(scope, layers, path: path, services, to: &writer) }
        writePicture(path: path, query: query, to: &writer)
        if let address {
            writeTile(address, services, to: &writer)
            if let block { write(block, to: &writer) }
        } else {
            writePlace(query: query, to: &writer)
        }
        return writeRest(query: query, to: &writer)
    }

    /// Writes path and query for the origin.
    ///
    /// - Parameter block: asked for in place of the tile, which lies in it.
    func writeTarget(
        _ block: TileBlock? = nil, path: RawSpan, query: RawSpan, _ services: MapServices,
        to writer: inout KeyWriter
    ) {
        guard form == .getMap else {
            writePath(path, to: &writer)
            let mark = writer.count
            writer.byte(UInt8(ascii: "?"))
            _ = writeRest(query: query, to: &writer)
            if writer.count == mark + 1 { writer.rewind(to: mark) }
            return
        }
        let isFolded = isFolded(path: path, query: query, services, scratch: &writer)
        // The layers say which workspace's service is asked, which stands before them.
        let names = writeLayers(isFolded, path: path, query: query, services, to: &writer)
        let layers = 0..<writer.count
        let scope = writeStyles(names, layers, path: path, query: query, services, to: &writer)
        writer.rewind(to: layers.upperBound)
        let workspace =
            isFolded && scope != .global ? commonWorkspace(layers, services, writer) : nil
        if isFolded {
            writeContext(services, to: &writer)
            if let workspace {
                writer.byte(UInt8(ascii: "/"))
                writer.copy(workspace)
            } else if scope == .virtual {
                writer.byte(UInt8(ascii: "/"))
                writeWorkspace(path, to: &writer)
            }
            writer.word("/wms")
        } else {
            writePath(path, to: &writer)
        }
        writer.word("?SERVICE=WMS")
        // Else it is written with the place, which means nothing without it.
        if address != nil || wms.order != .unknown { writer.word("&VERSION=1.1.1") }
        writer.word("&REQUEST=GetMap&LAYERS=")
        writer.copy(layers, without: workspace)
        _ = writeStyles(names, layers, path: path, query: query, services, to: &writer)
        writePicture(path: path, query: query, to: &writer)
        if let address {
            writeBox(of: address, or: block, services, to: &writer)
        } else {
            writePlace(query: query, to: &writer)
        }
        _ = writeRest(query: query, to: &writer)
        if isFolded, address != nil, block == nil,
            services.contexts[service.context].hasIntegratedCache
        {
            writer.word("&TILED=TRUE")
        }
        writer.remove(layers)
    }

    /// Marks a key whose styles mean something else in the service that its layers would be asked
    /// of by themselves: `GLOBAL#`, or `VIRTUAL#` and the workspace; no parameter that a viewer
    /// names can look like it.
    private func writeScope(
        _ scope: StyleScope, _ layers: Range<Int>, path: RawSpan, _ services: MapServices,
        to writer: inout KeyWriter
    ) {
        let isVirtual = commonWorkspace(layers, services, writer) != nil
        if isVirtual, scope == .global { writer.word("&GLOBAL#") }
        if !isVirtual, scope == .virtual {
            writer.word("&VIRTUAL#")
            writeWorkspace(path, to: &writer)
        }
    }

    // MARK: Path

    /// The workspace as a segment of the path.
    private func writeWorkspace(_ path: RawSpan, to writer: inout KeyWriter) {
        var at = service.workspace.start
        while at < service.workspace.end {
            at += writer.pathByte(
                QueryText(start: at, end: service.workspace.end, isInPath: true), path)
        }
    }

    /// The path as it came, in one spelling, without sessions.
    private func writePath(_ path: RawSpan, to writer: inout KeyWriter) {
        var at = 0
        var session = service.hasSession ? self.session(in: path, from: 0) : 0..<0
        while at < path.byteCount {
            if at == session.lowerBound, !session.isEmpty {
                at = session.upperBound
                session = self.session(in: path, from: at)
                continue
            }
            at += writer.pathByte(QueryText(start: at, end: path.byteCount, isInPath: true), path)
        }
    }

    private func session(in path: RawSpan, from start: Int) -> Range<Int> {
        ServicePath.session(in: path, within: start..<path.byteCount)
    }

    private func writeContext(_ services: MapServices, to writer: inout KeyWriter) {
        for index in services.contexts[service.context].path { writer.byte(services.byte(index)) }
    }

    // MARK: Place

    /// `TILE#set/level/column/row`; no parameter that a viewer names can look like it.
    private func writeTile(
        _ address: TileAddress, _ services: borrowing MapServices, to writer: inout KeyWriter
    ) {
        writer.word("&TILE#")
        for index in services.gridSets.records[Int(address.gridSet)].name {
            writer.encoded(services.gridSets.nameByte(index))
        }
        writer.byte(UInt8(ascii: "/"))
        writer.number(Int(address.level))
        writer.byte(UInt8(ascii: "/"))
        writer.number(Int(address.column))
        writer.byte(UInt8(ascii: "/"))
        writer.number(Int(address.row))
    }

    /// `+columnsxrows+gutter` behind its first tile, which no tile's key goes on with.
    private func write(_ block: TileBlock, to writer: inout KeyWriter) {
        writer.byte(UInt8(ascii: "+"))
        writer.number(block.columns)
        writer.byte(UInt8(ascii: "x"))
        writer.number(block.rows)
        writer.byte(UInt8(ascii: "+"))
        writer.number(block.gutter)
    }

    private func writeBox(
        of address: TileAddress, or block: TileBlock?, _ services: borrowing MapServices,
        to writer: inout KeyWriter
    ) {
        let sets = services.gridSets
        guard let box = block.map({ sets.box(of: $0) }) ?? sets.box(of: address) else { return }
        let tile = sets.tileSize(ofSet: Int(address.gridSet))
        let size = block?.pictureSize(ofTiles: tile) ?? tile
        writer.name("SRS")
        write(sets.system(ofSet: Int(address.gridSet)), to: &writer)
        writer.name("BBOX")
        let sides: [4 of Double] = [box.west, box.south, box.east, box.north]
        for index in 0..<4 {
            if index > 0 { writer.byte(UInt8(ascii: ",")) }
            if let number = WrittenDecimal(rounding: sides[index]) { writer.decimal(number) }
        }
        writer.name("WIDTH")
        writer.number(size.width)
        writer.name("HEIGHT")
        writer.number(size.height)
    }

    private func write(_ system: ReferenceSystem, to writer: inout KeyWriter) {
        guard case .epsg(let code) = system else { return }
        writer.word("EPSG:")
        writer.number(Int(code))
    }

    /// System, box and size of a map that is no tile: as numbers, where all is understood, else
    /// as they are written, with the version that gives them their meaning.
    private func writePlace(query: RawSpan, to writer: inout KeyWriter) {
        if wms.order != .unknown, wms.system != .unknown {
            writer.name("SRS")
            write(wms.system, to: &writer)
        } else {
            if wms.order == .unknown, wms.version != .unstated {
                let isNew = wms.version == .from130
                let version = table[.version].isEmpty ? table[.wmtVersion] : table[.version]
                writer.name("VERSION")
                if isNew { writer.word("1.3.0") } else { writer.text(version, in: query) }
            }
            writeRaw(wms.systemParameter, query: query, to: &writer)
        }
        if let numbers = wms.numbers {
            writer.name("BBOX")
            for index in 0..<4 {
                if index > 0 { writer.byte(UInt8(ascii: ",")) }
                writer.decimal(numbers[index])
            }
        } else {
            writeRaw(.bbox, query: query, to: &writer)
        }
        writeSide(.width, wms.width, query: query, to: &writer)
        writeSide(.height, wms.height, query: query, to: &writer)
    }

    private func writeSide(
        _ parameter: MapParameter, _ value: Int?, query: RawSpan, to writer: inout KeyWriter
    ) {
        guard let value else { return writeRaw(parameter, query: query, to: &writer) }
        writer.name(parameter.name)
        writer.number(value)
    }

    func writeRaw(_ parameter: MapParameter, query: RawSpan, to writer: inout KeyWriter) {
        guard table.has(parameter) else { return }
        writer.name(parameter.name)
        writer.text(table[parameter], in: query)
    }
}

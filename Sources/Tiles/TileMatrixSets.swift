/// The grid sets in which tile services offer layers, and the documents that tell of them.
///
/// Where a host's name would stand, documents have `TileDocuments.base`.
struct TileMatrixSets: Sendable {
    /// A format of every map server, and the extension by which TMS asks for it.
    static let formats = [
        (type: "image/png", extension: "png"), (type: "image/jpeg", extension: "jpeg"),
    ]

    let sets: GridSets
    /// Those of GeoWebCache's first configuration, and whatever the operator has added: of the
    /// others that OGC defines a client would have to choose one without need.
    let offered: [Int]

    init(_ sets: GridSets) {
        self.sets = sets
        let names = GridSet.wellKnown.dropFirst(2).map(\.name)
        offered = sets.records.indices.filter {
            !sets.records[$0].isForeign && !names.contains(sets.name(ofSet: $0) ?? "")
        }
    }

    private func name(_ set: Int) -> String { escapedXML(sets.identifier(ofSet: set) ?? "") }

    func code(_ set: Int) -> Int32 {
        guard case .epsg(let code) = sets.system(ofSet: set) else { return 0 }
        return code
    }

    /// The sets that a layer can be drawn in.
    func sets(of layer: ServiceLayer) -> [Int] {
        offered.filter { layer.systems.contains(sets.system(ofSet: $0)) }
    }

    // MARK: WMTS

    /// Source: OGC 07-057r7 §7.1.1.2, and its schema for the order of elements.
    func wmts(_ service: TileDocuments.Service) -> [UInt8] {
        let path = "\0\(escapedXML(service.path))/wmts"
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Capabilities xmlns="http://www.opengis.net/wmts/1.0" \
            xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" \
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
            xsi:schemaLocation="http://www.opengis.net/wmts/1.0 \
            http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd" version="1.0.0">
            <ows:ServiceIdentification><ows:Title>Web Map Tile Service</ows:Title>\
            <ows:ServiceType>OGC WMTS</ows:ServiceType>\
            <ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion></ows:ServiceIdentification>
            <ows:OperationsMetadata>

            """
        for operation in ["GetCapabilities", "GetTile"] {
            text += """
                <ows:Operation name="\(operation)"><ows:DCP><ows:HTTP>\
                <ows:Get xlink:href="\(path)?"><ows:Constraint name="GetEncoding">\
                <ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues>\
                </ows:Constraint></ows:Get></ows:HTTP></ows:DCP></ows:Operation>

                """
        }
        text += "</ows:OperationsMetadata>\n<Contents>\n"
        var used: Set<Int> = []
        for layer in service.layers {
            let sets = sets(of: layer.description)
            // One that no grid fits has no tiles.
            guard !sets.isEmpty else { continue }
            used.formUnion(sets)
            text += wmts(layer, sets, path)
        }
        for set in offered where used.contains(set) { text += tileMatrixSet(set) }
        text += """
            </Contents>
            <ServiceMetadataURL xlink:href="\(path)/rest/WMTSCapabilities.xml"/>
            </Capabilities>

            """
        return Array(text.utf8)
    }

    private func wmts(_ layer: TileDocuments.Layer, _ sets: [Int], _ path: String) -> String {
        let told = layer.description
        let name = escapedXML(layer.name)
        var text = "<Layer><ows:Title>\(escapedXML(told.title))</ows:Title>"
        let box = told.box?.inWorld
        if let box { text += Self.element("WGS84BoundingBox", box) }
        text += "<ows:Identifier>\(name)</ows:Identifier>"
        if let box, told.systems.contains(.webMercator) {
            // GDAL takes its picture's size from it, and would find the poles infinitely far away.
            let crs = " crs=\"urn:ogc:def:crs:EPSG::3857\""
            text += Self.element("BoundingBox", box.inWebMercator, crs)
        }
        text += "\n" + styles(told)
        for format in Self.formats { text += "<Format>\(format.type)</Format>" }
        let times: String = told.times.flatMap(Self.dimension) ?? ""
        text += times + "\n"
        for set in sets {
            text += """
                <TileMatrixSetLink><TileMatrixSet>\(self.name(set))</TileMatrixSet>\
                </TileMatrixSetLink>
                """
        }
        let segment = escapedXML(TileDocuments.segment(layer.name))
        for format in Self.formats {
            text += """

                <ResourceURL format="\(format.type)" resourceType="tile" \
                template="\(path)/rest/\(segment)/{style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/\
                {TileCol}?format=\(format.type)\(times.isEmpty ? "" : "&amp;time={TIME}")"/>
                """
        }
        return text + "</Layer>\n"
    }

    private static func element(
        _ name: String, _ box: BoundingBox, _ attributes: String = ""
    ) -> String {
        """
        <ows:\(name)\(attributes)><ows:LowerCorner>\(box.west) \(box.south)</ows:LowerCorner>\
        <ows:UpperCorner>\(box.east) \(box.north)</ows:UpperCorner></ows:\(name)>
        """
    }

    /// A layer of which none is known has one that means it: see `LayerTable.isStandIn`.
    private func styles(_ layer: ServiceLayer) -> String {
        if layer.styles.isEmpty {
            return "<Style isDefault=\"true\"><ows:Identifier>default</ows:Identifier></Style>\n"
        }
        return layer.styles.enumerated().map { index, style in
            let title = "<ows:Title>\(escapedXML(style.title))</ows:Title>"
            return "<Style\(index == 0 ? " isDefault=\"true\"" : "")>"
                + (style.title.isEmpty ? "" : title)
                + "<ows:Identifier>\(escapedXML(style.name))</ows:Identifier></Style>\n"
        }.joined()
    }

    /// nil: nothing is known that could be asked for.
    private static func dimension(_ times: ServiceLayer.Times) -> String? {
        // Of an interval its end, without its period.
        let latest = times.extent.last.map { $0.split(separator: "/") } ?? []
        let end = latest.count > 1 ? latest[1] : latest.first
        let standard = times.standard.isEmpty ? end.map { String($0) } : times.standard
        guard let standard else { return nil }
        let values = times.extent.isEmpty ? [standard] : times.extent
        return "<Dimension><ows:Identifier>TIME</ows:Identifier><ows:UOM>ISO8601</ows:UOM><Default>"
            + "\(escapedXML(standard))</Default>"
            + values.map { "<Value>\(escapedXML($0))</Value>" }.joined() + "</Dimension>"
    }

    private func tileMatrixSet(_ set: Int) -> String {
        let record = sets.records[set]
        var text = """
            <TileMatrixSet><ows:Identifier>\(name(set))</ows:Identifier>\
            <ows:SupportedCRS>urn:ogc:def:crs:EPSG::\(code(set))</ows:SupportedCRS>

            """
        for level in 0..<sets.levelCount(ofSet: set) {
            guard let matrix = sets.matrix(set, level) else { continue }
            // A pixel has 0.28 mm (OGC 07-057r7 §6.1).
            let scale = matrix.resolution * record.metersPerUnit / 0.000_28
            let corner =
                record.isNorthingFirst == true
                ? "\(matrix.north) \(matrix.west)" : "\(matrix.west) \(matrix.north)"
            let level = escapedXML(String(decoding: sets.name(matrix.name), as: UTF8.self))
            text += """
                <TileMatrix><ows:Identifier>\(name(set)):\(level)</ows:Identifier>\
                <ScaleDenominator>\(scale)</ScaleDenominator>\
                <TopLeftCorner>\(corner)</TopLeftCorner>\
                <TileWidth>\(record.tileWidth)</TileWidth>\
                <TileHeight>\(record.tileHeight)</TileHeight>\
                <MatrixWidth>\(matrix.columns)</MatrixWidth>\
                <MatrixHeight>\(matrix.rows)</MatrixHeight></TileMatrix>

                """
        }
        return text + "</TileMatrixSet>\n"
    }

    // MARK: TMS

    /// Source: OSGeo Tile Map Service 1.0.0, root resource.
    func tmsRoot(_ service: TileDocuments.Service) -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Services><TileMapService title="Tile Map Service" version="1.0.0" \
            href="\0\(escapedXML(service.path))/tms/1.0.0"/></Services>

            """.utf8)
    }

    /// Rows count from the south there, which has to be the same for all levels.
    func isTMS(_ set: Int) -> Bool {
        guard let south = south(set, 0) else { return false }
        return (1..<sets.levelCount(ofSet: set)).allSatisfy { level in
            guard let other = self.south(set, level), let matrix = sets.matrix(set, level) else {
                return false
            }
            return (other - south).magnitude < matrix.resolution / 100
        }
    }

    func south(_ set: Int, _ level: Int) -> Double? {
        sets.matrix(set, level).map { $0.north - Double($0.rows) * $0.tileSpan.height }
    }

    private func profile(_ set: Int) -> String {
        switch sets.name(ofSet: set) {
        case GridSet.webMercator.name: "global-mercator"
        case GridSet.degrees.name: "global-geodetic"
        default: "local"
        }
    }

    /// Source: OSGeo Tile Map Service 1.0.0, TileMapService resource.
    func tms(_ service: TileDocuments.Service) -> [UInt8] {
        let path = "\0\(escapedXML(service.path))/tms/1.0.0"
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <TileMapService version="1.0.0" services="\(path)">
            <Title>Tile Map Service</Title><Abstract/>
            <TileMaps>

            """
        for layer in service.layers {
            for set in sets(of: layer.description) where isTMS(set) {
                for format in Self.formats {
                    let address = Self.address(layer, name(set), format.extension)
                    text += """
                        <TileMap title="\(escapedXML(layer.description.title))" \
                        srs="EPSG:\(code(set))" profile="\(profile(set))" \
                        href="\(path)/\(address)"/>

                        """
                }
            }
        }
        return Array((text + "</TileMaps>\n</TileMapService>\n").utf8)
    }

    private static func address(
        _ layer: TileDocuments.Layer, _ set: String, _ format: String
    ) -> String {
        escapedXML(TileDocuments.segment(layer.name)) + "@\(set)@\(format)"
    }

    /// Source: the same, TileMap resource.
    ///
    /// - Parameter name: `LAYER@GRIDSET@FORMAT`.
    /// - Returns: nil where there is none of that name.
    func tileMap(_ name: String, _ service: TileDocuments.Service) -> [UInt8]? {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 3,
            let layer = service.layers.first(where: { $0.name == parts[0] }),
            let set = sets.set(named: String(parts[1])), isTMS(set),
            sets(of: layer.description).contains(set),
            let format = Self.formats.first(where: { $0.extension == parts[2] }),
            let top = sets.matrix(set, 0), let south = south(set, 0)
        else { return nil }
        let path = "\0\(escapedXML(service.path))/tms/1.0.0"
        let record = sets.records[set]
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <TileMap version="1.0.0" tilemapservice="\(path)">
            <Title>\(escapedXML(layer.description.title))</Title><Abstract/>
            <SRS>EPSG:\(code(set))</SRS>
            <BoundingBox minx="\(top.west)" miny="\(south)" \
            maxx="\(top.west + Double(top.columns) * top.tileSpan.width)" maxy="\(top.north)"/>
            <Origin x="\(top.west)" y="\(south)"/>
            <TileFormat width="\(record.tileWidth)" height="\(record.tileHeight)" \
            mime-type="\(format.type)" extension="\(format.extension)"/>
            <TileSets profile="\(profile(set))">

            """
        let address = Self.address(layer, self.name(set), format.extension)
        for level in 0..<sets.levelCount(ofSet: set) {
            guard let matrix = sets.matrix(set, level) else { continue }
            text += """
                <TileSet href="\(path)/\(address)/\(level)" \
                units-per-pixel="\(matrix.resolution)" order="\(level)"/>

                """
        }
        return Array((text + "</TileSets>\n</TileMap>\n").utf8)
    }
}

extension BoundingBox {
    /// What of a box in degrees is on the Earth; nil: nothing.
    var inWorld: BoundingBox? {
        let box = BoundingBox(
            west: max(west, -180), south: max(south, -90), east: min(east, 180),
            north: min(north, 90))
        return box.isProper ? box : nil
    }

    /// The same part of the Earth, as far as the square world of Web Mercator has it.
    var inWebMercator: BoundingBox {
        let degree = GridSet.mercatorEdge / 180
        return BoundingBox(
            west: west * degree, south: Mercator.northing(south), east: east * degree,
            north: Mercator.northing(north))
    }
}

// Capabilities of GeoWebCache's WMS.
extension TileMatrixSets {
    /// Source: OGC 01-068r3 annex A.1 (WMS 1.1.1) for the order of elements; OSGeo "WMS Tiling
    /// Client Recommendation" (WMS-C) for TileSet; GeoWebCache's `WMSGetCapabilities`.
    ///
    /// - Parameter isTiled: each grid is told, for clients that keep to it.
    func wms(_ service: TileDocuments.Service, isTiled: Bool) -> [UInt8] {
        let address =
            "<OnlineResource xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
            + "xlink:type=\"simple\" xlink:href=\"\0\(escapedXML(service.path))/wms?\"/>"
        let get = "<DCPType><HTTP><Get>\(address)</Get></HTTP></DCPType>"
        let formats = Self.formats.map { "<Format>\($0.type)</Format>" }.joined()
        // One that no grid fits has no tiles.
        let layers = service.layers.filter { !sets(of: $0.description).isEmpty }
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <WMT_MS_Capabilities version="1.1.1">
            <Service><Name>OGC:WMS</Name><Title>Tiles by WMS</Title>\(address)</Service>
            <Capability>
            <Request><GetCapabilities><Format>application/vnd.ogc.wms_xml</Format>\(get)\
            </GetCapabilities><GetMap>\(formats)\(get)</GetMap></Request>
            <Exception><Format>application/vnd.ogc.se_xml</Format></Exception>

            """
        if isTiled {
            text += "<VendorSpecificCapabilities>\n"
            for layer in layers {
                for set in sets(of: layer.description) where isTMS(set) {
                    for format in Self.formats { text += tileSet(layer, set, format.type) }
                }
            }
            text += "</VendorSpecificCapabilities>\n"
        }
        text += """
            <Layer><Title>Tiles</Title>\(Self.systems(offered.map(code)))\
            <LatLonBoundingBox minx="-180" miny="-90" maxx="180" maxy="90"/>

            """
        for layer in layers { text += wms(layer) }
        return Array((text + "</Layer>\n</Capability>\n</WMT_MS_Capabilities>\n").utf8)
    }

    private static func systems(_ codes: [Int32]) -> String {
        Set(codes).sorted().map { "<SRS>EPSG:\($0)</SRS>" }.joined()
    }

    private func wms(_ layer: TileDocuments.Layer) -> String {
        let told = layer.description
        let name = escapedXML(layer.name)
        // A title there has to be.
        let title = told.title.isEmpty ? name : escapedXML(told.title)
        var text = "<Layer><Name>\(name)</Name><Title>\(title)</Title>"
        text += Self.systems(sets(of: told).map(code))
        if let box = told.box?.inWorld {
            text += "<LatLonBoundingBox\(Self.sides(box))/>"
            if told.systems.contains(.webMercator) {
                text += "<BoundingBox SRS=\"EPSG:3857\"\(Self.sides(box.inWebMercator))/>"
            }
        }
        if let times = told.times, !times.extent.isEmpty || !times.standard.isEmpty {
            let standard =
                times.standard.isEmpty ? "" : " default=\"\(escapedXML(times.standard))\""
            let extent = times.extent.isEmpty ? [times.standard] : times.extent
            text +=
                "<Dimension name=\"time\" units=\"ISO8601\"/><Extent name=\"time\"\(standard)>"
                + escapedXML(extent.joined(separator: ",")) + "</Extent>"
        }
        for style in told.styles {
            let name = escapedXML(style.name)
            let title = style.title.isEmpty ? name : escapedXML(style.title)
            text += "<Style><Name>\(name)</Name><Title>\(title)</Title></Style>"
        }
        return text + "</Layer>\n"
    }

    private static func sides(_ box: BoundingBox) -> String {
        " minx=\"\(box.west)\" miny=\"\(box.south)\" maxx=\"\(box.east)\" maxy=\"\(box.north)\""
    }

    /// A client counts tiles from the box's lower left corner, at each of the resolutions.
    private func tileSet(_ layer: TileDocuments.Layer, _ set: Int, _ format: String) -> String {
        guard let top = sets.matrix(set, 0), let south = south(set, 0) else { return "" }
        let box = BoundingBox(
            west: top.west, south: south,
            east: top.west + Double(top.columns) * top.tileSpan.width, north: top.north)
        let resolutions = (0..<sets.levelCount(ofSet: set)).compactMap { level in
            sets.matrix(set, level).map { "\($0.resolution)" }
        }
        let record = sets.records[set]
        return """
            <TileSet><SRS>EPSG:\(code(set))</SRS>\
            <BoundingBox SRS="EPSG:\(code(set))"\(Self.sides(box))/>\
            <Resolutions>\(resolutions.joined(separator: " "))</Resolutions>\
            <Width>\(record.tileWidth)</Width><Height>\(record.tileHeight)</Height>\
            <Format>\(format)</Format><Layers>\(escapedXML(layer.name))</Layers><Styles/></TileSet>

            """
    }
}

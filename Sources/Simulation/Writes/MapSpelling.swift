import Tiles

/// Ways to ask for a view, of which there are many for a tile.
enum MapSpelling {
    static func target(_ view: MapView, _ dice: Dice) -> String {
        switch view.kind {
        case .tile: return tile(view, dice)
        case .picture: return getMap(view, dice)
        case .legend:
            return "/geoserver/wms?REQUEST=GetLegendGraphic&VERSION=1.0.0&FORMAT=image/png"
                + "&WIDTH=\(SimulatedGrids.side)&HEIGHT=\(SimulatedGrids.side)"
                + "&LAYER=w:\(view.layers[0])" + (view.style.map { "&STYLE=\($0)" } ?? "")
        case .features:
            return "/geoserver/wfs?service=WFS&version=1.1.0&request=GetFeature"
                + "&typename=w:\(view.layers[0])&outputFormat=application/json"
        case .info:
            return getMap(
                view, dice,
                more: [
                    ("QUERY_LAYERS", names(view)), ("INFO_FORMAT", "application/json"), ("X", "3"),
                    ("Y", "3"),
                ])
        case .capabilities:
            return "/geoserver/ows?service=WMS&version=1.3.0&request=GetCapabilities"
        }
    }

    /// Groups are in no workspace.
    private static func names(_ view: MapView) -> String {
        view.layers.map { $0.hasPrefix("g") ? $0 : "w:\($0)" }.joined(separator: ",")
    }

    private static func tile(_ view: MapView, _ dice: Dice) -> String {
        guard let address = view.address else { return "" }
        let set = SimulatedGrids.names[Int(address.gridSet)]
        let (level, column, row) = (address.level, address.column, address.row)
        let south = SimulatedGrids.rows(Int(address.gridSet), Int(level)) - 1 - Int(row)
        let (name, style) = (names(view), view.style ?? "")
        let time = view.time.map { "&time=\($0)" } ?? ""
        let service = "/geoserver/gwc/service/"
        switch dice.below(6) {
        case 0 where style.isEmpty:
            return service + "tms/1.0.0/\(name)@\(set)@png/\(level)/\(column)/\(south).png"
                + (time.isEmpty ? "" : "?" + time.dropFirst())
        case 1:
            return service + "wmts/rest/\(name)/\(style)/\(set)/\(set):\(level)/\(row)/\(column)"
                + "?format=image/png" + time
        case 2:
            return service + "wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=\(name)"
                + "&STYLE=\(style)&TILEMATRIXSET=\(set)&TILEMATRIX=\(set):\(level)"
                + "&TILEROW=\(row)&TILECOL=\(column)&FORMAT=image/png" + time
        default: return getMap(view, dice)
        }
    }

    private static func getMap(
        _ view: MapView, _ dice: Dice, more: [(String, String)] = []
    ) -> String {
        guard let box = view.box else { return "" }
        let isMercator = view.kind == .tile && view.address?.gridSet == 0
        let isNew = more.isEmpty && dice.chance(50)
        var edges = [box.west, box.south, box.east, box.north]
        if isNew, !isMercator { edges = [edges[1], edges[0], edges[3], edges[2]] }
        let size =
            view.kind == .tile
            ? (width: SimulatedGrids.side, height: SimulatedGrids.side) : MapView.pictureSize
        let isVirtual =
            more.isEmpty && view.layers.allSatisfy { !$0.hasPrefix("g") }
            && dice.chance(40)
        let names =
            isVirtual && dice.chance(50) ? view.layers.joined(separator: ",") : names(view)
        let system =
            isMercator ? dice.pick(["EPSG:3857", "EPSG:900913", "EPSG:3785"]) : "EPSG:4326"
        var parameters = [
            ("SERVICE", "WMS"), ("REQUEST", more.isEmpty ? "GetMap" : "GetFeatureInfo"),
            ("VERSION", isNew ? "1.3.0" : "1.1.1"), ("LAYERS", names),
            ("STYLES", view.style ?? ""), ("FORMAT", "image/png"), ("TRANSPARENT", "TRUE"),
            (isNew ? "CRS" : "SRS", system),
            ("BBOX", edges.map { "\($0)" }.joined(separator: ",")),
            ("WIDTH", "\(size.width)"), ("HEIGHT", "\(size.height)"),
        ]
        if let time = view.time { parameters.append(("TIME", time)) }
        if more.isEmpty, dice.chance(20) { parameters.append(("tiled", "true")) }
        for index in parameters.indices.dropFirst() where more.isEmpty {
            parameters.swapAt(index, dice.below(index + 1))
        }
        let isSmall = more.isEmpty && dice.chance(40)
        let query = (parameters + more).map { name, value in
            (isSmall ? name.lowercased() : name) + "=" + value
        }
        // What is no picture is kept by its path.
        let word = more.isEmpty ? dice.pick(["wms", "ows"]) : "wms"
        let path = isVirtual ? "w/\(word)" : word
        return "/geoserver/\(path)?" + query.joined(separator: "&")
    }
}

/// Edits as clients write them down.
enum EditText {
    static let namespace = "http://w.test/"

    /// Gives a transaction its body, in one of WFS's versions and in one spelling of many.
    static func write(_ edit: MapEdit, _ dice: Dice, hiding count: Int = 0) {
        let version = dice.pick(["1.0.0", "1.1.0"])
        edit.version = version
        var parts = edit.operations.map { text($0, dice, hiding: count) }
        // What only asks whether it might write.
        if dice.chance(10) {
            parts.append(
                "<wfs:Update typeName=\"w:l3\"><ogc:Filter><ogc:FeatureId fid=\"garbage_id\"/>"
                    + "</ogc:Filter></wfs:Update>")
        }
        let body =
            "<wfs:Transaction service=\"WFS\" version=\"\(version)\""
            + " xmlns:wfs=\"http://www.opengis.net/wfs\" xmlns:gml=\"http://www.opengis.net/gml\""
            + " xmlns:ogc=\"http://www.opengis.net/ogc\" xmlns:f=\"\(namespace)\">"
        // Longer than what is held before it is forwarded.
        let padding =
            dice.chance(5) ? "<!--\(String(repeating: "long ", count: 15_000))-->" : ""
        edit.body = body + padding + parts.joined() + "</wfs:Transaction>"
        edit.path =
            "/geoserver/"
            + dice.pick(["wfs", "ows", "w/wfs", "w/ows", "w/\(layer(edit))/wfs/WfsDispatcher"])
        edit.type = dice.pick(["text/xml", "application/xml", "text/xml; charset=UTF-8"])
    }

    private static func layer(_ edit: MapEdit) -> String {
        edit.operations.lazy.compactMap(\.layer).first ?? "l0"
    }

    private static func text(
        _ operation: MapEdit.Operation, _ dice: Dice, hiding count: Int
    ) -> String {
        func by(_ id: Int, _ layer: String) -> String {
            "<ogc:Filter><ogc:FeatureId fid=\"\(layer).\(id)\"/></ogc:Filter>"
        }
        switch operation {
        case .insert(let layer, let features):
            let told = features.dropLast(count)
            return "<wfs:Insert>" + told.map { feature($0, layer, dice) }.joined()
                + "</wfs:Insert>"
        case .update(let layer, let id, let place):
            return "<wfs:Update typeName=\"w:\(layer)\">" + property(place, dice)
                + by(id, layer) + "</wfs:Update>"
        case .updateWithin(let layer, let box, let place):
            return "<wfs:Update typeName=\"w:\(layer)\">" + property(place, dice)
                + within(box, dice) + "</wfs:Update>"
        case .delete(let layer, let id):
            return "<wfs:Delete typeName=\"f:\(layer)\">\(by(id, layer))</wfs:Delete>"
        case .deleteWithin(let layer, let box):
            return "<wfs:Delete typeName=\"f:\(layer)\">\(within(box, dice))</wfs:Delete>"
        case .restyle, .redress, .configure, .permit, .truncate: return ""
        }
    }

    private static func feature(
        _ feature: MapModel.Feature, _ layer: String, _ dice: Dice
    ) -> String {
        "<f:\(layer)><f:day>\(feature.day)</f:day><f:the_geom>"
            + geometry(feature.place, dice) + "</f:the_geom></f:\(layer)>"
    }

    private static func property(_ place: MapPlace?, _ dice: Dice) -> String {
        guard let place else {
            return "<wfs:Property><wfs:Name>name</wfs:Name><wfs:Value>x</wfs:Value></wfs:Property>"
        }
        return "<wfs:Property><wfs:Name>the_geom</wfs:Name><wfs:Value>\(geometry(place, dice))"
            + "</wfs:Value></wfs:Property>"
    }

    private static func within(_ box: MapPlace, _ dice: Dice) -> String {
        let (system, first, second) = corners(box, dice)
        return "<ogc:Filter><ogc:BBOX><ogc:PropertyName>the_geom</ogc:PropertyName>"
            + "<gml:Envelope srsName=\"\(system)\"><gml:lowerCorner>\(first)</gml:lowerCorner>"
            + "<gml:upperCorner>\(second)</gml:upperCorner></gml:Envelope></ogc:BBOX></ogc:Filter>"
    }

    private static func geometry(_ place: MapPlace, _ dice: Dice) -> String {
        let (system, first, second) = corners(place, dice)
        guard place.isPoint else {
            return "<gml:LineString srsName=\"\(system)\"><gml:posList>\(first) \(second)"
                + "</gml:posList></gml:LineString>"
        }
        let comma = first.split(separator: " ").joined(separator: ",")
        let isOld = !system.hasPrefix("urn") && dice.chance(50)
        return "<gml:Point srsName=\"\(system)\">"
            + (isOld
                ? "<gml:coordinates>\(comma)</gml:coordinates>" : "<gml:pos>\(first)</gml:pos>")
            + "</gml:Point>"
    }

    /// South-west and north-east in a system and in its order of axes.
    private static func corners(
        _ place: MapPlace, _ dice: Dice
    ) -> (system: String, first: String, second: String) {
        switch dice.below(4) {
        case 0:
            return (
                "urn:ogc:def:crs:EPSG::4326", "\(place.south) \(place.west)",
                "\(place.north) \(place.east)"
            )
        case 1:
            let (west, east) = (
                SimulatedMercator.easting(place.west), SimulatedMercator.easting(place.east)
            )
            let (south, north) = (
                SimulatedMercator.northing(place.south), SimulatedMercator.northing(place.north)
            )
            return (
                dice.pick(["EPSG:3857", "EPSG:900913"]), "\(west) \(south)", "\(east) \(north)"
            )
        case 2:
            return (
                "http://www.opengis.net/gml/srs/epsg.xml#4326", "\(place.west) \(place.south)",
                "\(place.east) \(place.north)"
            )
        default:
            return (
                "EPSG:4326", "\(place.west) \(place.south)", "\(place.east) \(place.north)"
            )
        }
    }

    // MARK: REST

    /// Gives an edit of the configuration or of the tile cache its request.
    static func writeREST(_ edit: MapEdit, _ operation: MapEdit.Operation, _ dice: Dice) {
        (edit.method, edit.type) = ("PUT", "application/xml")
        switch operation {
        case .restyle(let style):
            edit.path = dice.pick([
                "/geoserver/rest/styles/\(style).xml", "/geoserver/rest/styles/\(style)",
                "/gs/rest/styles/\(style).xml",
            ])
            edit.type = "application/vnd.ogc.sld+xml"
            edit.body = "<StyledLayerDescriptor/>"
        case .redress(let layer, let style):
            edit.path = dice.pick([
                "/geoserver/rest/layers/w:\(layer).xml", "/geoserver/rest/layers/w:\(layer)",
                "/gs/rest/workspaces/w/layers/\(layer)",
            ])
            edit.body = "<layer><defaultStyle><name>\(style)</name></defaultStyle></layer>"
        case .configure(let layer):
            edit.path = dice.pick([
                "/geoserver/rest/layers/w:\(layer).xml", "/geoserver/rest/layers/w:\(layer)",
                "/geoserver/rest/workspaces/w/datastores/d/featuretypes/\(layer).xml",
            ])
            edit.body = "<layer><name>\(layer)</name></layer>"
        case .permit(let layer, _):
            edit.path = "/geoserver/rest/security/acl/layers/w.\(layer).r"
            edit.body = "<rules/>"
        case .truncate(let layer):
            (edit.method, edit.type, edit.isDeferred) = ("POST", "text/xml", true)
            edit.path = "/geoserver/gwc/rest/masstruncate"
            edit.body = "<truncateLayer><layerName>w:\(layer)</layerName></truncateLayer>"
        default: break
        }
    }
}

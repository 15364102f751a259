import WireTesting

/// A site of pages and maps behind an edge; its maps can be taken away.
struct OutageSite {
    let origin: Origin
    let maps: Origin
    let room: Room
    let edge: Edge

    /// - Parameters:
    ///   - sections: further lines of the file.
    ///   - notices: what stands under `notices`.
    init(sections: [String] = [], notices: String = "delivery: inject") throws {
        origin = try Origin()
        maps = try Origin()
        room = origin.room("site")
        let text = """
            role: tier
            origins:
              pages: { members: ["\(origin.url)"] }
              maps:
                members: ["\(maps.url)"]
                maps: { services: [{ path: \(room.path("geoserver")) }] }
            behaviors:
              - { path: "*/geoserver/*", origin: maps, class: tiles }
              - { path: "*", origin: pages, class: pages }
            fallbacks: { outageBegins: 1, outageEnds: 1, pictureJobs: 16 }
            notices: { \(notices) }
            \(sections.joined(separator: "\n"))

            """
        edge = try Edge(origin: nil, mode: "cloudfront", configuration: text)
    }

    var tile: String {
        room.path(
            "geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=x&STYLES=&SRS=EPSG:3857"
                + "&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png")
    }

    /// The map server is gone, and the edge has noticed.
    func takeMapsAway() throws -> Response {
        maps.stop()
        return try edge.get(tile)
    }

    /// A page whose answer comes with its bytes.
    static func reply(_ type: String, _ body: [UInt8], _ fields: String...) -> Reply {
        let lines =
            ["HTTP/1.1 200 OK", "Content-Type: \(type)", "Content-Length: \(body.count)"] + fields
        let head = lines.joined(separator: "\r\n") + "\r\n\r\n"
        return Reply([.send(Array(head.utf8) + body)], status: 200)
    }
}

import Tiles
import WireTesting

/// An edge in CloudFront's manner before one map server, whose GeoServer has a path of its own.
struct TileSite {
    let room: Room
    let edge: Edge
    let path: String
    private let origin: Origin

    /// - Parameter service: further keys of the map service.
    init(_ name: String, service: String = "") throws {
        origin = try Origin()
        room = origin.room(name)
        path = room.path("geoserver")
        let text = """
            origins:
              default:
                members: ["\(origin.url)"]
                maps: { services: [{ path: \(path)\(service) }] }

            """
        edge = try Edge(origin: nil, mode: "cloudfront", configuration: text)
    }

    static func tile(_ field: String) -> Reply {
        OutageSite.reply("image/png", BlankTile.png(width: 256, height: 256), field)
    }
}

import HTTP
import Tiles

/// A map as simulated viewers ask for it, and the picture that a member in order answers.
enum SimulatedMap {
    private static let side: UInt16 = 16

    static let target =
        "/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:4326"
        + "&BBOX=0,0,1,1&WIDTH=\(side)&HEIGHT=\(side)&FORMAT=image/png"

    static let picture: [UInt8] = {
        var request = MapRequest(service: .wms, kind: .map)
        (request.format, request.width, request.height) = (.png, side, side)
        return BlankTile.picture(for: request).bytes
    }()
}

/// A viewer that asks once, and says how that went and how long it took.
final class OneTimeViewer: Peer {
    let startedAt: UInt64
    private let world: World
    private let request: String
    private var reader = MessageReader()
    private var done: ((Int, [UInt8], UInt64) -> Void)?

    /// - Parameters:
    ///   - fields: lines of the head beside Host, each with its end.
    ///   - done: told the status (0: none), the body and the nanoseconds that it took.
    init(
        _ world: World, _ target: String, fields: String = "",
        _ done: @escaping (Int, [UInt8], UInt64) -> Void
    ) {
        self.world = world
        request = "GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\(fields)\r\n"
        self.done = done
        startedAt = world.now
    }

    func opened(_ link: Link) {
        link.peerSend(Array(request.utf8))
    }

    func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        if case .whole(let message) = reader.next(answering: "GET") {
            finish(message.head.status, message.body)
            link.peerClose()
        }
    }

    func ended(_ link: Link) {
        finish(0, [])
        link.peerClose()
    }

    func broke(_ link: Link) { finish(0, []) }

    private func finish(_ status: Int, _ body: [UInt8]) {
        let told = done
        done = nil
        told?(status, body, world.now - startedAt)
    }
}

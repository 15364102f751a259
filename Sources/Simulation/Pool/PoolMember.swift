import HTTP
import Tiles

/// A member of a simulated pool: one mood at a time, and who has been well for how long.
final class PoolMember {
    let number: Int
    private let world: World
    private(set) var mood = Mood.well
    private(set) var since: UInt64
    /// It changes its mood all the time.
    var isFlapping = false

    init(_ number: Int, _ world: World) {
        self.number = number
        self.world = world
        since = world.now
    }

    func turn(_ mood: Mood) {
        guard mood != self.mood else { return }
        self.mood = mood
        since = world.now
        world.note("member \(number) is \(mood)", number * 100 + mood.rawValue.utf8.count)
    }

    static let side: UInt16 = 16
    static let target =
        "/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:4326"
        + "&BBOX=0,0,1,1&WIDTH=\(side)&HEIGHT=\(side)&FORMAT=image/png"

    static let picture: [UInt8] = {
        var request = MapRequest(service: .wms, kind: .map)
        (request.format, request.width, request.height) = (.png, side, side)
        return BlankTile.picture(for: request).bytes
    }()
}

/// A member's end of one connection.
final class PoolMemberPeer: Peer {
    private let member: PoolMember
    private let world: World
    private var reader = MessageReader()

    init(_ member: PoolMember, _ world: World) {
        self.member = member
        self.world = world
    }

    func opened(_ link: Link) {}
    func ended(_ link: Link) { link.peerClose() }
    func broke(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        while case .whole = reader.next(answering: nil) {
            world.after(world.dice.delay(500...20_000)) { [self] in answer(link) }
        }
    }

    private func answer(_ link: Link) {
        guard !link.isOver else { return }
        let picture = PoolMember.picture
        switch member.mood {
        case .hung: return
        case .gone: link.peerReset()
        case .well: send(link, 200, "image/png", picture, whole: picture.count)
        case .cut:
            send(link, 200, "image/png", Array(picture.prefix(40)), whole: picture.count)
            link.peerReset()
        case .unavailable: send(link, 503, "text/plain", Array("busy".utf8), whole: 4)
        case .exceptions:
            let text = Array(
                ("<ServiceExceptionReport><ServiceException>no database</ServiceException>"
                    + "</ServiceExceptionReport>").utf8)
            send(link, 200, "application/vnd.ogc.se_xml", text, whole: text.count)
        }
    }

    private func send(
        _ link: Link, _ status: Int, _ type: String, _ body: [UInt8], whole: Int
    ) {
        let head =
            "HTTP/1.1 \(status) X\r\nCache-Control: no-store\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(whole)\r\n\r\n"
        link.peerSend(Array(head.utf8) + body)
    }
}

/// A viewer that asks once, and says how that went and how long it took.
final class PoolViewer: Peer {
    let startedAt: UInt64
    private let world: World
    private let target: String
    private var reader = MessageReader()
    private var done: ((Int, [UInt8], UInt64) -> Void)?

    /// - Parameter done: told the status (0: none), the body and the nanoseconds that it took.
    init(_ world: World, _ target: String, _ done: @escaping (Int, [UInt8], UInt64) -> Void) {
        self.world = world
        self.target = target
        self.done = done
        startedAt = world.now
    }

    func opened(_ link: Link) {
        link.peerSend(Array("GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n".utf8))
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

import HTTP
import Tiles

/// A renderer that draws so many pictures at once, and refuses more for a time it names.
final class FairMember {
    let number: Int
    private let world: World
    /// How many pictures it should get at once.
    let limit: Int
    private(set) var drawing = 0
    private(set) var most = 0
    private(set) var refusals = 0
    /// What is being drawn, by target.
    private(set) var inFlight: [String: Int] = [:]
    /// From when to when it wants no requests, in nanoseconds.
    private(set) var quiet: (from: UInt64, until: UInt64)?
    /// Requests that came in that time.
    private(set) var disturbances = 0
    /// In percent; from outside.
    var refusing = 0

    init(_ number: Int, limit: Int, _ world: World) {
        self.number = number
        self.limit = limit
        self.world = world
    }

    /// What was on its way when it refused is no disturbance.
    private static let grace: UInt64 = 100_000_000

    func begin(_ target: String) -> Reply {
        if let quiet, world.now > quiet.from + Self.grace, world.now < quiet.until {
            disturbances += 1
        }
        if world.dice.chance(refusing) {
            refusals += 1
            let seconds = world.dice.pick(1...3)
            let until = world.now + UInt64(seconds) * 1_000_000_000
            if quiet.map({ $0.until < until }) ?? true { quiet = (world.now, until) }
            return .refuse(world.dice.chance(50) ? 429 : 503, seconds)
        }
        drawing += 1
        most = max(most, drawing)
        inFlight[target, default: 0] += 1
        return .draw
    }

    enum Reply { case draw, refuse(Int, Int) }

    func end(_ target: String) {
        drawing -= 1
        let rest = (inFlight[target] ?? 1) - 1
        inFlight[target] = rest == 0 ? nil : rest
    }

    static let side: UInt16 = 16
    static func target(_ time: Int) -> String {
        "/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:4326"
            + "&BBOX=0,0,1,1&WIDTH=\(side)&HEIGHT=\(side)&FORMAT=image/png&TIME=\(time)"
    }

    static let picture: [UInt8] = {
        var request = MapRequest(service: .wms, kind: .map)
        (request.format, request.width, request.height) = (.png, side, side)
        return BlankTile.picture(for: request).bytes
    }()
}

/// A member's end of one connection.
final class FairMemberPeer: Peer {
    private let member: FairMember
    private let world: World
    private let began: (String) -> Void
    private var reader = MessageReader()

    init(_ member: FairMember, _ world: World, _ began: @escaping (String) -> Void) {
        self.member = member
        self.world = world
        self.began = began
    }

    func opened(_ link: Link) {}
    func ended(_ link: Link) { link.peerClose() }
    func broke(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        while case .whole(let message) = reader.next(answering: nil) {
            let target = message.head.start[1]
            switch member.begin(target) {
            case .refuse(let status, let seconds):
                send(link, status, "Retry-After: \(seconds)\r\nContent-Type: text/plain", [])
            case .draw:
                began(target)
                world.after(world.dice.delay(100_000...400_000)) { [self] in
                    member.end(target)
                    guard !link.isOver else { return }
                    send(link, 200, "Content-Type: image/png", FairMember.picture)
                }
            }
        }
    }

    private func send(_ link: Link, _ status: Int, _ fields: String, _ body: [UInt8]) {
        let head =
            "HTTP/1.1 \(status) X\r\nCache-Control: max-age=1\r\n\(fields)\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        link.peerSend(Array(head.utf8) + body)
    }
}

/// A viewer's one request, and how long its answer took.
final class FairViewer: Peer {
    private let world: World
    private let request: String
    private let startedAt: UInt64
    private var reader = MessageReader()
    private var done: ((Int, UInt64) -> Void)?

    /// - Parameter done: told the status (0: none) and the nanoseconds that it took.
    init(
        _ world: World, _ target: String, from address: String,
        _ done: @escaping (Int, UInt64) -> Void
    ) {
        self.world = world
        self.done = done
        request =
            "GET \(target) HTTP/1.1\r\nHost: edge.test\r\nX-Forwarded-For: \(address)\r\n\r\n"
        startedAt = world.now
    }

    func opened(_ link: Link) { link.peerSend(Array(request.utf8)) }

    func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        if case .whole(let message) = reader.next(answering: "GET") {
            finish(message.head.status)
            link.peerClose()
        }
    }

    func ended(_ link: Link) {
        finish(0)
        link.peerClose()
    }

    func broke(_ link: Link) { finish(0) }

    private func finish(_ status: Int) {
        let told = done
        done = nil
        told?(status, world.now - startedAt)
    }
}

/// How a member behaves, for a while.
enum Mood: String, CaseIterable {
    case well
    /// Takes connections and says nothing.
    case hung
    /// Refuses connections.
    case gone
    /// An exception with status 200, whatever is asked.
    case exceptions
    /// The picture, called something else.
    case wrongType
    /// Breaks off in the middle of a body.
    case cut
    case unavailable
}

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
        let picture = SimulatedMap.picture
        switch member.mood {
        case .hung: return
        case .gone: link.peerReset()
        case .well: send(link, 200, "image/png", picture, whole: picture.count)
        case .cut:
            send(link, 200, "image/png", Array(picture.prefix(40)), whole: picture.count)
            link.peerReset()
        case .wrongType: send(link, 200, "text/html", picture, whole: picture.count)
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

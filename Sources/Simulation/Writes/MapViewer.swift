/// A viewer of maps: asks for one thing after the other, in some spelling.
final class MapViewer: Peer {
    private let number: Int
    private let site: MapSite
    private let fabric: Fabric
    private let loops: Int
    private let favourites: Int
    /// Microseconds between an answer and the next request, at most.
    private let thinking: Int
    private var link: Link?
    private var reader = MessageReader()
    private var ask: (view: Int, sentAt: UInt64)?
    private var left: Int
    private(set) var isDone = false

    init(
        _ number: Int, _ site: MapSite, _ fabric: Fabric, loops: Int, requests: Int,
        thinking: Int
    ) {
        (self.number, self.site, self.fabric, self.loops) = (number, site, fabric, loops)
        favourites = max(1, site.views.count / 2)
        left = requests
        self.thinking = thinking
    }

    private var world: World { site.world }

    var state: String {
        guard let ask else { return "viewer \(number) waits for nothing, \(left) to ask" }
        return "viewer \(number) waits for \(site.views[ask.view].name)"
    }

    func start() { world.after(world.dice.delay(0...500_000)) { [self] in proceed() } }

    private func proceed() {
        guard ask == nil, !isDone else { return }
        guard left > 0 else {
            isDone = true
            link?.peerClose()
            link = nil
            return
        }
        if link == nil {
            reader = MessageReader()
            var style = LinkStyle()
            style.segment = 500...1_460
            link = fabric.dial(world.dice.below(loops), style, self)
        }
        left -= 1
        let dice = world.dice
        let view = dice.chance(70) ? dice.below(favourites) : dice.below(site.views.count)
        let target = MapSpelling.target(site.views[view], dice)
        ask = (view, world.now)
        world.note("viewer \(number) asks \(target)", number)
        link?.peerSend(Array("GET \(target) HTTP/1.1\r\nHost: maps.test\r\n\r\n".utf8))
    }

    func opened(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        guard link === self.link else { return }
        reader.append(bytes)
        while let made = ask {
            switch reader.next(answering: "GET") {
            case .needMore: return
            case .malformed(let reason): return site.violate("viewer \(number) has \(reason)")
            case .whole(let message):
                if message.head.status < 200 { continue }
                ask = nil
                world.note("viewer \(number) has \(message.head.status) \(message.head.fields)", 3)
                site.judge(message, made.view, sentAt: made.sentAt)
            }
        }
        goOn(within: thinking)
    }

    private func goOn(within most: Int) {
        let here = link
        world.after(world.dice.delay(0...most)) { [self] in
            if here === link { proceed() }
        }
    }

    func ended(_ link: Link) {
        link.peerClose()
        broke(link)
    }

    func broke(_ link: Link) {
        guard link === self.link else { return }
        (self.link, ask) = (nil, nil)
        goOn(within: 300_000)
    }
}

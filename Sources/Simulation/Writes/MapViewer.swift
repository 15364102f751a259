/// A viewer of maps: asks for one thing after the other, in some spelling.
final class MapViewer: MapCaller {
    private let favourites: Int
    private var asked: (view: Int, sentAt: UInt64, isNamed: Bool)?

    /// - Parameter thinking: microseconds between an answer and the next request, at most.
    init(
        _ number: Int, _ site: MapSite, _ fabric: Fabric, loops: Int, requests: Int,
        thinking: Int
    ) {
        favourites = max(1, site.views.count / 2)
        super.init(
            "viewer", number, site, fabric, loops: loops, requests: requests,
            CallerPace(start: 0...500_000, thinking: thinking, absence: 300_000))
    }

    var state: String {
        guard let asked else { return "\(name) waits for nothing, \(left) to ask" }
        return "\(name) waits for \(site.views[asked.view].name)"
    }

    override var pending: String? { asked == nil ? nil : "GET" }

    override func ask() {
        let dice = world.dice
        let view = dice.chance(70) ? dice.below(favourites) : dice.below(site.views.count)
        var target = MapSpelling.target(site.views[view], dice)
        let isNamed = dice.chance(25)
        var fields = ""
        if isNamed {
            switch dice.below(3) {
            case 0: fields = "Authorization: Bearer t\(number)\r\n"
            case 1: fields = "Cookie: sessionid=t\(number)\r\n"
            default: target += (target.contains("?") ? "&" : "?") + "access_token=t\(number)"
            }
        }
        asked = (view, world.now, isNamed)
        world.note("\(name) asks \(target)", number)
        link?.peerSend(Array("GET \(target) HTTP/1.1\r\nHost: maps.test\r\n\(fields)\r\n".utf8))
    }

    override func took(_ message: MessageReader.Message) {
        guard let made = asked else { return }
        asked = nil
        world.note("\(name) has \(message.head.status) \(message.head.fields)", 3)
        site.judge(message, made.view, sentAt: made.sentAt, isNamed: made.isNamed)
    }

    override func lost() { asked = nil }
}

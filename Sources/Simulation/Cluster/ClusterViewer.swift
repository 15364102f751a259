/// A viewer of a cluster: asks for maps, reads and writes the catalog, one request at a time.
final class ClusterViewer: Caller, Peer {
    private let number: Int
    private let site: ClusterSite
    private let layers: Int
    private let next: NextWrite
    /// Whose pool it is just now.
    private let members: () -> Set<Int>
    private var ask: ClusterAskMade?
    private var waiting: Waiting

    /// Numbers for writes, no two of them alike.
    final class NextWrite { var number = 0 }

    init(
        _ number: Int, _ site: ClusterSite, _ fabric: Fabric, loops: Int, layers: Int,
        requests: Int, _ next: NextWrite, _ longestWait: LongestWait,
        members: @escaping () -> Set<Int>
    ) {
        self.number = number
        self.site = site
        self.layers = layers
        self.next = next
        self.members = members
        waiting = Waiting(longestWait)
        super.init(fabric, loops: loops, requests: requests)
    }

    private var world: World { site.world }

    var state: String {
        guard let ask else { return "viewer \(number) waits for nothing, \(left) to ask" }
        let sent = world.milliseconds(at: ask.sentAt)
        return "viewer \(number) waits for \(ask.method) \(ask.path) of \(sent) ms, \(left) to ask"
    }

    func start() { world.after(world.dice.delay(0...3_000_000)) { [self] in proceed() } }

    private func proceed() {
        guard connects(self, LinkStyle()) else { return }
        left -= 1
        send()
    }

    private func send() {
        let layer = "k\(min(world.dice.below(layers), world.dice.below(layers)))"
        var fields = "Host: maps.test\r\n"
        var (method, path, isAffected) = ("GET", "", true)
        switch world.dice.below(100) {
        case 0..<12:
            method = world.dice.pick(["PUT", "POST"])
            path = "/geoserver/rest/styles/\(layer)"
            if site.sabotage == .writesAside { path = "/geoserver/wfs" }
            if site.sabotage == .writesAside { method = "POST" }
            next.number += 1
            fields += "X-Post: \(next.number)\r\nContent-Length: 0\r\n"
            // Without credentials a lost answer would count as a refusal.
            fields += "Authorization: Basic YTpi\r\n"
        case 12..<20: path = "/geoserver/rest/layers/\(layer).json"
        case 20..<25: (path, isAffected) = ("/geoserver/schemas/\(layer).xsd", false)
        default: path = "/geoserver/ows?request=GetLegendGraphic&layer=\(layer)"
        }
        ask = ClusterAskMade(
            viewer: number, method: method, path: path, isAffected: isAffected, sentAt: world.now,
            post: method == "GET" ? nil : next.number, members: members())
        // On a new connection it waits from when the edge has taken it.
        if link?.state == .open { waiting.begin(at: world.now) }
        world.note("viewer \(number) asks \(method) \(path)", number)
        link?.peerSend(Array("\(method) \(path) HTTP/1.1\r\n\(fields)\r\n".utf8))
    }

    func opened(_ link: Link) {
        if link === self.link, ask != nil { waiting.begin(at: world.now) }
    }

    /// Something came, or will not come any more.
    private func hear() {
        guard let ask, let complaint = waiting.hear(at: world.now) else { return }
        let sent = world.milliseconds(at: ask.sentAt)
        site.violate("viewer \(number) \(complaint): \(ask.method) \(ask.path), sent at \(sent) ms")
    }

    func received(_ link: Link, _ bytes: [UInt8]) {
        guard link === self.link else { return }
        hear()
        reader.append(bytes)
        while var made = ask {
            switch reader.next(answering: made.method) {
            case .needMore: return
            case .malformed(let reason): return site.violate("viewer \(number) has \(reason)")
            case .whole(let message):
                if message.head.status < 200 {
                    waiting.begin(at: world.now)
                    continue
                }
                waiting.end()
                ask = nil
                made.members.formIntersection(members())
                take(message, made)
            }
        }
        let here = self.link
        world.after(world.dice.delay(0...1_500_000)) { [self] in
            if here === self.link, ask == nil, !isDone { proceed() }
        }
    }

    private func take(_ message: MessageReader.Message, _ made: ClusterAskMade) {
        world.note("viewer \(number) has \(message.head.status) \(message.head.fields)", 3)
        site.judge(message, of: made)
        if let post = made.post { site.told(of: post) }
        guard made.method != "GET", message.head.status == 200,
            let version = message.head["x-catalog"].flatMap({ Int($0) })
        else { return }
        site.acknowledge(version)
    }

    func ended(_ link: Link) {
        link.peerClose()
        broke(link)
    }

    func broke(_ link: Link) {
        guard link === self.link else { return }
        hear()
        waiting.end()
        (self.link, ask) = (nil, nil)
        world.after(world.dice.delay(0...500_000)) { [self] in
            if self.link == nil, !isDone { proceed() }
        }
    }
}

/// A GeoServer's end of one connection.
final class SimulatedGeoServer: Peer {
    private let site: ClusterSite
    private let node: ClusterSite.Node
    private let life: Int
    private var reader = MessageReader()
    private var isBusy = false
    private var hasEnded = false

    init(_ site: ClusterSite, _ node: ClusterSite.Node) {
        self.site = site
        self.node = node
        life = node.life
    }

    func opened(_ link: Link) {
        guard node.life == life, node.isUp else { return link.peerReset() }
        node.links.removeAll { $0.isOver }
        node.links.append(link)
    }

    func received(_ link: Link, _ bytes: [UInt8]) {
        reader.append(bytes)
        if !isBusy { readNext(link) }
    }

    func ended(_ link: Link) {
        hasEnded = true
        if !isBusy { link.peerClose() }
    }

    func broke(_ link: Link) { isBusy = true }

    private func readNext(_ link: Link) {
        switch reader.next(answering: nil) {
        case .needMore: if hasEnded { link.peerClose() }
        case .malformed(let reason): site.violate("a node was sent \(reason)")
        case .whole(let request):
            isBusy = true
            guard !node.isHung else { return }
            // What it answers is made of what it has when it is asked.
            let made = answer(request)
            site.world.note("node \(node.place) has \(request.head.start), \(node.memory)", 20)
            site.world.after(site.world.dice.delay(100...40_000)) { [self] in
                guard !link.isOver, node.life == life, !node.isHung else { return }
                link.peerSend(made)
                isBusy = false
                readNext(link)
            }
        }
    }

    private func answer(_ request: MessageReader.Message) -> [UInt8] {
        var version = node.memory
        var status = "200 OK"
        if let number = request.head["x-post"].flatMap({ Int($0) }) {
            if site.world.dice.chance(10) {
                status = "400 Bad Request"
            } else {
                version = site.wrote(number, node)
                if site.sabotage == .countsTwice { _ = site.wrote(number, node) }
            }
        }
        let body = "catalog \(version)\n"
        let head =
            "HTTP/1.1 \(status)\r\nX-Catalog: \(version)\r\nCache-Control: max-age=600\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        let hasBody = request.head.start[0] != "HEAD"
        return Array((head + (hasBody ? body : "")).utf8)
    }
}

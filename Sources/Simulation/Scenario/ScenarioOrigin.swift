/// A scripted origin's end of one connection.
final class ScenarioOrigin: Peer {
    private let site: ScenarioSite
    private let name: String
    private var reader = MessageReader()
    private var isBusy = false
    private var hasEnded = false

    init(_ site: ScenarioSite, _ name: String) {
        self.site = site
        self.name = name
    }

    func opened(_ link: Link) { site.opened(name, link) }

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
        case .malformed: link.peerReset()
        case .whole(let request):
            isBusy = true
            guard let (script, count) = site.find(name, request) else {
                var nothing = OriginScript()
                nothing.status = 404
                nothing.body = ScenarioText("no step says what \(name) answers to this")
                answer(link, request, nothing, 0)
                return
            }
            // At once without a delay: a step must not end between a request and its answer.
            site.world.after(UInt64(script.delay) * 1_000_000) { [self] in
                answer(link, request, script, count)
            }
        }
    }

    private func answer(
        _ link: Link, _ request: MessageReader.Message, _ script: OriginScript, _ count: Int
    ) {
        guard !link.isOver else { return }
        switch script.manner {
        case .hangs: return
        case .resets: link.peerReset()
        case .closes: link.peerClose()
        case .answers, .cuts:
            let reply = ScriptedReply(
                script, request.head, now: site.world.clock.wall, count: count)
            link.peerSend(script.manner == .cuts ? reply.half : reply.bytes)
            if script.manner == .cuts || reply.ends {
                link.peerClose()
            } else {
                isBusy = false
                readNext(link)
            }
        }
    }
}

/// A scripted origin's end of one connection.
final class ScenarioOrigin: RequestPeer {
    private let site: ScenarioSite
    private let name: String

    init(_ site: ScenarioSite, _ name: String) {
        self.site = site
        self.name = name
    }

    override func opened(_ link: Link) { site.opened(name, link) }

    override func misunderstood(_ link: Link, _ reason: String) { link.peerReset() }

    override func asked(_ link: Link, _ request: MessageReader.Message) {
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

    private func answer(
        _ link: Link, _ request: MessageReader.Message, _ script: OriginScript, _ count: Int
    ) {
        guard !link.isOver else { return }
        switch script.manner {
        case .hangs: return
        case .resets: link.peerReset()
        case .closes: link.peerClose()
        case .answers, .cuts, .stalls, .garbles:
            let reply = ScriptedReply(
                script, request.head, now: site.world.clock.wall, count: count)
            if script.manner == .garbles {
                link.peerSend(reply.content)
                return link.peerClose()
            }
            link.peerSend(script.manner == .answers ? reply.bytes : reply.half)
            if script.manner == .cuts || reply.ends && script.manner == .answers {
                link.peerClose()
            } else if script.manner == .answers {
                readOn(link)
            }
        }
    }
}

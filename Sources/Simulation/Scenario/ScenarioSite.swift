import Caching
import HTTP
import Reactor

/// What all origins of a scenario have in common: scripts, who is reachable, what they have seen.
final class ScenarioSite {
    struct Seen {
        var origin: String
        var request: MessageReader.Message
        /// What became of it, for people.
        var answer: String
    }

    let world: World
    private(set) var seen: [Seen] = []
    private var scripts: [OriginScript] = []
    private var manners: [String: ConnectManner] = [:]
    private var counts: [String: Int] = [:]
    private var links: [(origin: String, link: Link)] = []

    init(_ world: World) { self.world = world }

    func add(_ script: OriginScript) { scripts.append(script) }

    /// Connections that stand are broken, so that the next request meets what is new.
    func set(_ manner: ConnectManner, of origins: [String]) {
        for origin in origins { manners[origin] = manner }
        guard manner != .works else { return }
        for (origin, link) in links where origins.contains(origin) && !link.isOver {
            link.peerReset()
        }
        links.removeAll { origins.contains($0.origin) }
    }

    func route(_ origin: String) -> Fabric.Route {
        switch manners[origin] ?? .works {
        case .works: .server(ScenarioOrigin(self, origin), .scripted)
        case .refused: .refused(late: false)
        case .silent: .silent
        }
    }

    func opened(_ origin: String, _ link: Link) {
        links.removeAll { $0.link.isOver }
        links.append((origin, link))
    }

    /// Takes note of a request and finds what is to be answered; nil: nobody wrote anything.
    func find(
        _ origin: String, _ request: MessageReader.Message
    ) -> (script: OriginScript, count: Int)? {
        counts[origin, default: 0] += 1
        let index = scripts.lastIndex { $0.concerns(origin, request.head) }
        seen.append(Seen(origin: origin, request: request, answer: ""))
        guard let index else {
            seen[seen.count - 1].answer = "with 404, since no step says what it answers"
            return nil
        }
        let script = scripts[index]
        if script.isOnce { scripts.remove(at: index) }
        seen[seen.count - 1].answer = script.summary
        return (script, counts[origin] ?? 0)
    }
}

extension LinkStyle {
    /// Quick and orderly: what a scenario tells is not about the network.
    static var scripted: LinkStyle {
        var style = LinkStyle()
        style.latency = 20...200
        style.segment = 1_460...16_384
        style.capacity = 262_144
        return style
    }
}

extension OriginScript {
    fileprivate func concerns(_ origin: String, _ head: PlainHead) -> Bool {
        if let name = self.origin, name != origin { return false }
        if let method, method != head.start[0] { return false }
        let target = head.start[1]
        let bare = String(target.prefix { $0 != "?" })
        let pattern = Array(path.utf8)
        return [target, bare].contains {
            unsafe PathPattern.matches(pattern.span.bytes, path: Array($0.utf8).span.bytes)
        }
    }

    fileprivate var summary: String {
        switch manner {
        case .answers: "with \(status)"
        case .cuts: "with half of a \(status)"
        case .stalls: "with half of a \(status), and no end"
        case .hangs: "with nothing"
        case .resets: "with a reset"
        case .closes: "by closing"
        case .garbles: "with what is no answer"
        }
    }
}

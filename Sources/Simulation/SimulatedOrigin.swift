/// How origins behave, in percent of the requests.
struct OriginHabits {
    var fails = 0
    /// Waits before an answer and within a body, microseconds.
    var thinking = 0...50_000
    var sabotage: Sabotage?
    /// Cleared when faults stop.
    var mayFail: Bool { fails > 0 }
}

/// All that one world's origins have in common.
final class OriginSite {
    let world: World
    let ledger: Ledger
    let resources: [Resource]
    var habits: OriginHabits
    var lastSerial: [String: Int] = [:]

    init(_ world: World, _ ledger: Ledger, _ resources: [Resource], _ habits: OriginHabits) {
        self.world = world
        self.ledger = ledger
        self.resources = resources
        self.habits = habits
    }

    /// Of a distribution any query may stand behind a path.
    func find(_ target: String) -> Resource? {
        let name = ledger.distribution == nil ? target : String(target.prefix { $0 != "?" })
        return resources.first { $0.target == name }
    }
}

/// An origin's end of one connection: reads a request, answers it in its own way, reads the next.
final class SimulatedOrigin: RequestPeer {
    private let site: OriginSite

    init(_ site: OriginSite) { self.site = site }

    override func misunderstood(_ link: Link, _ reason: String) {
        site.ledger.violate("an origin was sent \(reason)")
    }

    override func asked(_ link: Link, _ request: MessageReader.Message) {
        site.world.note("origin has \(request.head.start) on \(link.fd)", 7)
        site.world.after(site.world.dice.delay(site.habits.thinking)) { [self] in
            if !link.isOver { answer(link, request) }
        }
        begin(link, request)
    }

    private func begin(_ link: Link, _ request: MessageReader.Message) {
        guard let resource = site.find(request.head.start[1]) else {
            site.ledger.violate("an origin was asked for \(request.head.start)")
            return
        }
        guard ["GET", "HEAD"].contains(request.head.start[0]), request.head["x-alone"] == nil
        else { return }
        let (key, target) = OriginAnswer.key(of: request.head, resource, ledger.distribution)
        let part = Self.part(of: request.head)
        if part.isEmpty { site.ledger.judgeNeed(of: key, for: target) }
        let collapses = ledger.distribution?.collapses(request.head.start[1]) ?? true
        // A part that is not there is nobody's to share.
        guard resource.isSteady, collapses,
            !OriginAnswer.isUnsatisfiable(request.head, resource, ledger.distribution)
        else { return }
        let fetch = RunningFetch(link)
        running = fetch
        site.ledger.began(fetch, of: key + part, for: target)
    }

    /// What is asked for where that is not the whole: by one fetch at a time, too.
    private static func part(of head: PlainHead) -> String {
        if head.start[0] == "HEAD" { return " by HEAD" }
        return head["range"].map { " \($0) \(head["if-range"] ?? "")" } ?? ""
    }

    private var ledger: Ledger { site.ledger }

    private var running: RunningFetch?

    private func answer(_ link: Link, _ request: MessageReader.Message) {
        guard let resource = site.find(request.head.start[1]) else { return }
        let answer = OriginAnswer(site, resource, request)
        switch answer.manner {
        case .silent: return
        case .resets:
            link.peerReset()
        case .closes:
            link.peerClose()
        case .inPieces(let pieces, let ends):
            send(link, pieces[...], ends)
        }
    }

    /// One piece after the other, with pauses between them.
    private func send(_ link: Link, _ pieces: ArraySlice<[UInt8]>, _ ending: OriginAnswer.Ending) {
        guard !link.isOver else { return }
        guard let piece = pieces.first else {
            finish(link, ending)
            return
        }
        link.peerSend(piece)
        if pieces.count == 1 {
            finish(link, ending)
        } else {
            site.world.after(site.world.dice.delay(site.habits.thinking)) { [self] in
                send(link, pieces.dropFirst(), ending)
            }
        }
    }

    private func finish(_ link: Link, _ ending: OriginAnswer.Ending) {
        switch ending {
        case .stalls: return
        case .resets: link.peerReset()
        case .closes: link.peerClose()
        case .keeps:
            running?.end = link.peerSent
            running = nil
            readOn(link)
        }
    }
}

/// How origins behave, in percent of the requests.
struct OriginHabits {
    var fails = 0
    /// Waits before an answer and within a body, microseconds.
    var thinking = 0...50_000
    var sabotage: Sabotage?
    /// Cleared when faults stop.
    var mayFail: Bool { fails > 0 }
}

/// An invariant broken on purpose, to see that it is noticed.
public enum Sabotage: String, CaseIterable, Sendable {
    /// Another resource's body under this one's name.
    case mixesKeys
    /// Half of one version's body and half of the next one's.
    case mixesVersions
    /// A write is acknowledged, and the former version served on.
    case forgetsWrites
    /// A response's number is used again for a fresh copy, whose Age begins anew.
    case rejuvenates
    /// The edge is told to wait for ever, and the origin never answers.
    case neverAnswers
    /// The edge is told not to collapse.
    case fetchesTwice
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

    func find(_ target: String) -> Resource? { resources.first { $0.target == target } }
}

/// An origin's end of one connection: reads a request, answers it in its own way, reads the next.
final class SimulatedOrigin: Peer {
    private let site: OriginSite
    private var reader = MessageReader()
    private var isBusy = false
    private var hasEnded = false

    init(_ site: OriginSite) { self.site = site }

    func opened(_ link: Link) {}

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
        case .malformed(let reason): site.ledger.violate("an origin was sent \(reason)")
        case .whole(let request):
            isBusy = true
            site.world.note("origin has \(request.head.start) on \(link.fd)", 7)
            site.world.after(site.world.dice.delay(site.habits.thinking)) { [self] in
                if !link.isOver { answer(link, request) }
            }
            begin(link, request)
        }
    }

    private func begin(_ link: Link, _ request: MessageReader.Message) {
        guard let resource = site.find(request.head.start[1]) else {
            site.ledger.violate("an origin was asked for \(request.head.start)")
            return
        }
        guard request.head.start[0] == "GET", resource.isSteady, request.head["x-alone"] == nil,
            request.head["range"] == nil
        else { return }
        let fetch = RunningFetch(link)
        running = fetch
        site.ledger.began(fetch, of: resource)
    }

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
            isBusy = false
            readNext(link)
        }
    }
}

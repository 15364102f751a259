/// How one who asks passes the time, in microseconds.
struct CallerPace {
    /// Until the first request.
    var start: ClosedRange<Int>
    /// Between an answer and the next request, at most.
    var thinking: Int
    /// Until it comes again when its connection broke, at most.
    var absence: Int
}

/// One who asks the edge before maps for one thing after the other, each when the one before it
/// was answered or is lost.
class MapCaller: Caller, Peer {
    /// What it is called, with its number.
    let name: String
    let number: Int
    let site: MapSite
    private let pace: CallerPace

    init(
        _ kind: String, _ number: Int, _ site: MapSite, _ fabric: Fabric, loops: Int,
        requests: Int, _ pace: CallerPace
    ) {
        name = "\(kind) \(number)"
        (self.number, self.site, self.pace) = (number, site, pace)
        super.init(fabric, loops: loops, requests: requests)
    }

    final var world: World { site.world }

    // MARK: what each kind has of its own

    /// The method of the request that waits for its answer; nil: none does.
    var pending: String? { nil }

    /// Sends the next request, which is pending from then on.
    func ask() {}

    /// The pending request's answer is here.
    func took(_ message: MessageReader.Message) {}

    /// The pending request, if any, has no answer any more.
    func lost() {}

    // MARK: the course

    final func start() { world.after(world.dice.delay(pace.start)) { [self] in proceed() } }

    private func proceed() {
        guard pending == nil, !isDone else { return }
        var style = LinkStyle()
        style.segment = 500...1_460
        guard connects(self, style) else { return }
        left -= 1
        ask()
    }

    private func goOn(within most: Int) {
        let here = link
        world.after(world.dice.delay(0...most)) { [self] in
            if here === link { proceed() }
        }
    }

    /// The connection is no more; another one follows.
    final func drop() {
        link = nil
        lost()
        goOn(within: pace.absence)
    }

    // MARK: the connection

    final func opened(_ link: Link) {}

    final func received(_ link: Link, _ bytes: [UInt8]) {
        guard link === self.link else { return }
        reader.append(bytes)
        while let method = pending {
            switch reader.next(answering: method) {
            case .needMore: return
            case .malformed(let reason): return site.violate("\(name) has \(reason)")
            case .whole(let message):
                if message.head.status >= 200 { took(message) }
            }
        }
        goOn(within: pace.thinking)
    }

    final func ended(_ link: Link) {
        link.peerClose()
        broke(link)
    }

    final func broke(_ link: Link) {
        if link === self.link { drop() }
    }
}

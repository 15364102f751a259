/// How one viewer behaves.
struct ViewerHabits {
    /// Requests that it sends in all.
    var requests = 8
    /// Requests sent before the first is answered.
    var pipelines = 1
    /// Of a hundred batches, how many it leaves before they are answered.
    var leaves = 0
    /// Of a hundred batches, how many it ends with its half of the connection.
    var halfCloses = 0
    /// Microseconds between an answer and the next request.
    var thinking = 0...500_000
    var style = LinkStyle()
    /// Nothing fails, so that every request has an answer.
    var isCalm = false
}

/// A viewer: connects, asks, judges what it gets, comes again when it was cut off.
final class SimulatedViewer: Caller, Peer {
    let number: Int
    private let world: World
    private let ledger: Ledger
    private let habits: ViewerHabits
    private let asks: AskMaker
    private var pending: [Ask] = []
    private var waiting: Waiting
    /// The last answer said that it is the last.
    private var sawClose = false
    private var hasHalfClosed = false

    init(
        _ number: Int, fabric: Fabric, ledger: Ledger, loops: Int, habits: ViewerHabits,
        asks: AskMaker, longestWait: LongestWait
    ) {
        self.number = number
        world = fabric.world
        self.ledger = ledger
        self.habits = habits
        self.asks = asks
        waiting = Waiting(longestWait)
        super.init(fabric, loops: loops, requests: habits.requests)
    }

    /// What it waits for, in words.
    var state: String {
        let waits = pending.map {
            "\($0.method) \($0.resource.name) of \(world.milliseconds(at: $0.sentAt)) ms"
        }.joined(separator: ", ")
        return "viewer \(number) on \(link?.fd ?? -1) waits for [\(waits)], \(left) to ask"
    }

    /// Begins after a while.
    func start() { world.after(world.dice.delay(habits.thinking)) { [self] in proceed() } }

    /// Asks the next, on the connection there is or a new one; or goes.
    private func proceed() {
        if link == nil { sawClose = false }
        if connects(self, habits.style) { ask() }
    }

    private func ask() {
        guard let link else { return }
        let halfCloses = world.dice.chance(habits.halfCloses)
        let count = halfCloses ? 1 : min(left, world.dice.pick(1...habits.pipelines))
        var bytes: [UInt8] = []
        // On a new connection it waits from when the edge has taken it.
        if link.state == .open { waiting.begin(at: world.now) }
        for index in 0..<count {
            let ask = asks.make(viewer: number, isCalm: habits.isCalm, isLast: index == count - 1)
            pending.append(ask)
            bytes += ask.bytes
            left -= 1
        }
        world.note("\(state), just asked", number)
        link.peerSend(bytes)
        hasHalfClosed = halfCloses
        if halfCloses { link.peerEnd() }
        if world.dice.chance(habits.leaves) {
            world.after(world.dice.delay(0...80_000)) { [self] in leave(link) }
        }
    }

    /// Goes without waiting for an answer.
    private func leave(_ old: Link) {
        guard old === link, !pending.isEmpty else { return }
        world.note("viewer \(number) leaves \(old.fd)", number)
        if world.dice.chance(50) { old.peerReset() } else { old.peerClose() }
        drop(isCut: false)
    }

    // MARK: answers

    func opened(_ link: Link) {
        if link === self.link, !pending.isEmpty { waiting.begin(at: world.now) }
    }

    /// Something came, or will not come any more.
    private func hear() {
        guard let ask = pending.first, let complaint = waiting.hear(at: world.now) else { return }
        ledger.violate(
            "viewer \(number) \(complaint): \(ask.method) \(ask.resource.name), "
                + "sent at \(world.milliseconds(at: ask.sentAt)) ms")
    }

    func received(_ link: Link, _ bytes: [UInt8]) {
        guard link === self.link else { return }
        hear()
        reader.append(bytes)
        while let ask = pending.first {
            switch reader.next(answering: ask.method) {
            case .needMore:
                if reader.hasRest { hear() }
                return
            case .malformed(let reason):
                ledger.violate("viewer \(number) was sent \(reason)")
                link.peerReset()
                drop(isCut: false)
                return
            case .whole(let message):
                waiting.begin(at: world.now)
                if message.head.status < 200 { continue }
                pending.removeFirst()
                take(message, ask)
            }
        }
        waiting.end()
        if reader.hasRest { ledger.violate("viewer \(number) was sent bytes it did not ask for") }
        if !sawClose, !hasHalfClosed { pause() }
    }

    private func take(_ message: MessageReader.Message, _ ask: Ask) {
        world.note("viewer \(number) has \(message.head.status) \(message.head.fields)", 3)
        if message.head["connection"] == "close" { sawClose = true }
        ledger.judge(message, of: ask, isCut: false)
        asks.learn(message.head, ask.resource)
        guard ask.method == "POST", (200..<400).contains(message.head.status),
            let version = message.head["x-version"].flatMap({ Int($0) })
        else { return }
        ledger.acknowledged(ask.resource.name, version)
    }

    private func pause() {
        let here = link
        world.after(world.dice.delay(habits.thinking)) { [self] in
            if here === link, pending.isEmpty, !isDone { proceed() }
        }
    }

    // MARK: the end of a connection

    func ended(_ link: Link) {
        guard link === self.link else { return }
        hear()
        if let ask = pending.first, let message = reader.end() {
            pending.removeFirst()
            take(message, ask)
        }
        link.peerClose()
        drop(isCut: true)
    }

    func broke(_ link: Link) {
        guard link === self.link else { return }
        hear()
        drop(isCut: true)
    }

    /// The connection is no more: what was not answered is lost, and what came of it is looked at.
    private func drop(isCut: Bool) {
        link = nil
        waiting.end()
        if let ask = pending.first {
            if let part = reader.part { ledger.judge(part, of: ask, isCut: true) }
            if isCut {
                ledger.noteCut()
                if ask.mustSucceed, !sawClose {
                    ledger.violate("\(ask.method) \(ask.resource.name) of viewer \(number) was cut")
                }
            }
        }
        pending = []
        world.after(world.dice.delay(habits.thinking)) { [self] in
            if link == nil, !isDone { proceed() }
        }
    }
}

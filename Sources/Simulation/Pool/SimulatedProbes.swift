import Edge
import Reactor
import Synchronization

/// The real checks on the simulated network, turned by hand.
@safe  // owns its events
final class SimulatedProbes {
    private var loop: ProbeLoop<SimulatedNetwork>
    private let fabric: Fabric
    private let index: Int
    private let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 64)

    init(
        _ fabric: Fabric, loop index: Int, _ mailboxes: [Mailbox<LoopMessage>],
        _ observer: any EventObserver
    ) {
        self.fabric = fabric
        self.index = index
        let nobody = Token(slot: 0, generation: 0, kind: TokenKind.mailbox)
        loop = ProbeLoop(
            network: SimulatedNetwork(fabric, loop: index, wake: WakeFlag(), mailbox: nobody),
            events: observer, mailboxes: mailboxes)
    }

    deinit { unsafe events.deallocate() }

    func watch(_ pools: [OriginPool]) { loop.watch(pools) }

    func end() { loop.abandonAll() }

    var nextDeadline: UInt64? { loop.nextDeadline }

    var isRunnable: Bool {
        fabric.hasReady(index) || loop.nextDeadline.map { $0 <= fabric.world.now } ?? false
    }

    func tick() {
        let count = unsafe loop.network.wait(until: 0, into: events)
        unsafe loop.tick(UnsafeBufferPointer(start: events.baseAddress, count: count))
    }
}

/// Counts what an operator would be told.
final class CountingObserver: EventObserver {
    private let texts = Mutex<[String]>([])

    func note(_ event: EdgeEvent) { texts.withLock { $0.append(event.text) } }

    func count(of words: String) -> Int {
        texts.withLock { $0.count { $0.contains(words) } }
    }

    /// Times a member was taken out.
    var outs: Int { count(of: "is ejected") + count(of: "fails its checks") }
}

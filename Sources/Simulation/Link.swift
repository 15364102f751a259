import Glibc
import Reactor

/// The far side of a simulated connection: an origin or a viewer.
protocol Peer: AnyObject {
    /// The connection stands.
    func opened(_ link: Link)
    func received(_ link: Link, _ bytes: [UInt8])
    /// The edge sends no more.
    func ended(_ link: Link)
    /// The connection is broken; for the one who opened it, perhaps before it stood.
    func broke(_ link: Link)
}

/// How the bytes of one connection travel.
struct LinkStyle {
    /// Time under way, in microseconds.
    var latency = 20...2_000
    /// Size of the segments in which bytes arrive.
    var segment = 1...1_460
    /// Bytes that fit into the connection in each direction.
    var capacity = 65_536
    /// The edge is told of room when there is so much of it.
    var leastRoom = 1
    /// Of a hundred sends, how many take less than there is room for, or nothing.
    var shortSends = 0
    /// A slow reader takes so many bytes at a time; nil: whatever comes, at once.
    var bite: ClosedRange<Int>?
    /// Microseconds between two bites.
    var pause = 1_000...100_000
}

/// One connection between a descriptor of the edge and a peer.
///
/// The edge's calls are in `Link+Edge`, the peer's in `Link+Peer`.
final class Link {
    enum State: Equatable { case waiting, connecting, open, broken(Int32) }

    let world: World
    let fabric: Fabric
    let style: LinkStyle
    let loop: Int
    var peer: (any Peer)?
    var state: State
    var toEdge: Pipe
    var toPeer: Pipe
    /// Where its viewer is; nil: wherever the network has it.
    var address: SocketAddress?
    /// The edge's descriptor; negative while it has none.
    var fd: Int32 = -1
    var isClosedByEdge = false
    var isClosedByPeer = false
    /// A send was cut short or refused: the next room is an edge.
    var wantsRoom = false
    /// What the edge offered last and the socket did not take; its first bytes.
    var refused: [UInt8] = []
    /// What the peer sent and the pipe has no room for yet.
    var outbox: [UInt8] = []
    var outboxStart = 0
    var isReading = false

    init(_ fabric: Fabric, loop: Int, style: LinkStyle, peer: any Peer, state: State) {
        self.fabric = fabric
        world = fabric.world
        self.loop = loop
        self.style = style
        self.peer = peer
        self.state = state
        toEdge = Pipe(capacity: style.capacity)
        toPeer = Pipe(capacity: style.capacity)
    }

    /// Whether nothing will move any more.
    var isOver: Bool {
        if case .broken = state { return true }
        return isClosedByEdge || isClosedByPeer
    }

    var latency: UInt64 { world.dice.delay(style.latency) }

    /// What the kernel would say of the descriptor now.
    var readiness: Readiness {
        switch state {
        case .waiting, .connecting: return []
        case .broken: return [.readable, .writable, .hangup, .error]
        case .open:
            var readiness: Readiness = []
            if toEdge.unread > 0 || toEdge.hasEnded { readiness.insert(.readable) }
            if toEdge.hasEnded { readiness.insert(.hangup) }
            if toPeer.room > 0 { readiness.insert(.writable) }
            return readiness
        }
    }

    /// When something sent now arrives: behind all that was sent before.
    func arrival(in pipe: inout Pipe) -> UInt64 {
        pipe.lastArrival = max(pipe.lastArrival, world.now + latency)
        return pipe.lastArrival
    }

    /// The edge learns that the connection is broken.
    func breakOff(_ code: Int32) {
        if case .broken = state { return }
        guard !isClosedByEdge else { return }
        state = .broken(code)
        world.note("link \(fd) broke: \(code)", Int(code))
        fabric.mark(self)
    }

    /// The peer learns that the connection is broken, after what was sent before.
    func tellBroken() {
        let time = arrival(in: &toPeer)
        world.at(time) { [self] in
            guard let peer else { return }
            self.peer = nil
            isClosedByPeer = true
            peer.broke(self)
        }
    }
}

import Glibc
import Reactor

/// The simulated kernel and the wires: descriptors, listeners, who is connected to whom.
///
/// One for all loops of an edge, which share its limit of descriptors.
final class Fabric {
    let world: World
    /// Descriptors that may be open at once, beside the listeners.
    var descriptorLimit = Int.max
    /// Decides how a connect to an endpoint goes.
    var route: ((Endpoint, _ loop: Int) -> Route)?
    private(set) var openDescriptors = 0
    private var tables: [Table]

    /// How a connect goes.
    enum Route {
        case server(any Peer, LinkStyle)
        /// Refused at once, or after a while.
        case refused(late: Bool)
        /// Nothing ever answers.
        case silent
    }

    private enum Socket {
        case listener
        case stream(Link)
    }

    /// One loop's descriptors, and what its poller has to say.
    private struct Table {
        var sockets: [Int32: Socket] = [:]
        var tokens: [Int32: Token] = [:]
        /// Who waits to be accepted, by listener; the listeners in their order.
        var backlogs: [Int32: [Link]] = [:]
        var listeners: [Int32] = []
        var ready: [Int32] = []
        var next: Int32
    }

    init(_ world: World, loops: Int) {
        self.world = world
        // Each loop's descriptors have their own thousands, so that a mix-up is noticed.
        tables = (0..<loops).map { Table(next: Int32(10_000 * ($0 + 1))) }
    }

    // MARK: readiness

    func hasReady(_ loop: Int) -> Bool { !tables[loop].ready.isEmpty }

    /// An edge at this descriptor.
    func mark(_ link: Link) { mark(link.fd, link.loop) }

    private func mark(_ fd: Int32, _ loop: Int) {
        guard tables[loop].tokens[fd] != nil, !tables[loop].ready.contains(fd) else { return }
        tables[loop].ready.append(fd)
    }

    /// Takes one event; nil when no descriptor has any.
    func takeEvent(_ loop: Int) -> ReadyEvent? {
        while !tables[loop].ready.isEmpty {
            let fd = tables[loop].ready.remove(at: world.dice.below(tables[loop].ready.count))
            guard let token = tables[loop].tokens[fd] else { continue }
            switch tables[loop].sockets[fd] {
            case .stream(let link):
                let readiness = link.readiness
                if !readiness.isEmpty { return ReadyEvent(token: token, readiness: readiness) }
            case .listener: return ReadyEvent(token: token, readiness: .readable)
            case nil: continue
            }
        }
        return nil
    }

    /// An edge that has nothing to say: the kernel makes them too.
    func markAtRandom(_ loop: Int) {
        let watched = tables[loop].tokens.keys.sorted()
        if !watched.isEmpty { mark(world.dice.pick(watched), loop) }
    }

    func watch(_ loop: Int, _ fd: Int32, _ token: Token) {
        precondition(tables[loop].sockets[fd] != nil, "descriptor \(fd) is not open on this loop")
        tables[loop].tokens[fd] = token
        mark(fd, loop)
    }

    func unwatch(_ loop: Int, _ fd: Int32) {
        precondition(tables[loop].tokens[fd] != nil, "descriptor \(fd) is not watched")
        tables[loop].tokens[fd] = nil
        tables[loop].ready.removeAll { $0 == fd }
    }

    // MARK: descriptors

    func link(_ loop: Int, _ fd: Int32) -> Link {
        guard case .stream(let link) = tables[loop].sockets[fd] else {
            preconditionFailure("descriptor \(fd) is no open connection of loop \(loop)")
        }
        return link
    }

    private func open(_ link: Link) -> Int32 {
        let fd = tables[link.loop].next
        tables[link.loop].next += 1
        tables[link.loop].sockets[fd] = .stream(link)
        link.fd = fd
        openDescriptors += 1
        return fd
    }

    /// The edge closes; the number is not used again, so that a later use of it is found out.
    func close(_ loop: Int, _ fd: Int32, reset: Bool) {
        switch tables[loop].sockets.removeValue(forKey: fd) {
        case nil: preconditionFailure("descriptor \(fd) was closed twice")
        case .listener:
            for link in tables[loop].backlogs[fd] ?? [] { link.closeByEdge(reset: true) }
            tables[loop].backlogs[fd] = nil
            tables[loop].listeners.removeAll { $0 == fd }
        case .stream(let link):
            openDescriptors -= 1
            link.closeByEdge(reset: reset)
        }
        tables[loop].tokens[fd] = nil
        tables[loop].ready.removeAll { $0 == fd }
    }

    /// The machine is gone: nobody hears of its connections any more but that they are broken.
    func cutAll() {
        for loop in tables.indices {
            let open = tables[loop].sockets.keys.sorted().compactMap { tables[loop].sockets[$0] }
            for case .stream(let link) in open {
                link.breakOff(ECONNRESET)
                link.tellBroken()
            }
        }
    }

    // MARK: viewers

    func listen(_ loop: Int) -> Int32 {
        let fd = tables[loop].next
        tables[loop].next += 1
        tables[loop].sockets[fd] = .listener
        tables[loop].listeners.append(fd)
        return fd
    }

    /// A viewer connects to one of a loop's listeners; the kernel takes it before the edge does.
    func dial(
        _ loop: Int, _ style: LinkStyle, _ viewer: any Peer, listener number: Int = 0
    ) -> Link {
        let link = Link(self, loop: loop, style: style, peer: viewer, state: .waiting)
        world.after(link.latency) { [self] in
            guard number < tables[loop].listeners.count else {
                link.tellBroken()
                return
            }
            let listener = tables[loop].listeners[number]
            tables[loop].backlogs[listener, default: []].append(link)
            mark(listener, loop)
        }
        return link
    }

    func accept(_ loop: Int, _ listener: Int32) -> AcceptResult {
        guard tables[loop].backlogs[listener]?.isEmpty == false else { return .wouldBlock }
        guard openDescriptors < descriptorLimit else { return .outOfDescriptors }
        guard let link = tables[loop].backlogs[listener]?.removeFirst() else { return .wouldBlock }
        if link.isClosedByPeer { return .failed(ECONNABORTED) }
        let fd = open(link)
        link.state = .open
        link.peer?.opened(link)
        link.pump()
        return .connection(fd)
    }

    // MARK: origins

    func connect(_ loop: Int, _ endpoint: Endpoint) -> ConnectResult {
        guard openDescriptors < descriptorLimit else { return .failed(EMFILE) }
        switch route?(endpoint, loop) ?? .refused(late: false) {
        case .refused(late: false): return .failed(ECONNREFUSED)
        case .refused(late: true):
            let link = Link(
                self, loop: loop, style: LinkStyle(), peer: Nobody(), state: .connecting)
            let fd = open(link)
            world.after(link.latency) { link.breakOff(ECONNREFUSED) }
            return .pending(fd)
        case .silent:
            let link = Link(
                self, loop: loop, style: LinkStyle(), peer: Nobody(), state: .connecting)
            return .pending(open(link))
        case .server(let peer, let style):
            let link = Link(self, loop: loop, style: style, peer: peer, state: .connecting)
            let fd = open(link)
            if world.dice.chance(20) {
                link.state = .open
                peer.opened(link)
                return .connected(fd)
            }
            world.after(link.latency) { [self] in
                guard !link.isClosedByEdge else { return }
                link.state = .open
                peer.opened(link)
                mark(link)
            }
            return .pending(fd)
        }
    }
}

/// At the far end of a connection that never stood.
private final class Nobody: Peer {
    func opened(_ link: Link) {}
    func received(_ link: Link, _ bytes: [UInt8]) {}
    func ended(_ link: Link) {}
    func broke(_ link: Link) {}
}

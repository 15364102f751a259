/// An HTTP server that does what it is told, path by path, and remembers what it was asked.
///
/// Tests that share one do not meet: each has a room, the first segment of its paths.
public final class Origin: Sendable {
    public let port: UInt16
    public var url: String { "http://127.0.0.1:\(port)" }

    private let listener: Socket
    private let rooms = Monitor<[String: Room]>([:])
    private struct Connections {
        var count = 0
        var open: [Int: Socket] = [:]
        var isStopped = false
    }
    private let connections = Monitor(Connections())
    private let broken = Monitor<[String]>([])
    /// Requests for a path that no room has.
    private let lost = Monitor<[Request]>([])

    public init() throws {
        (listener, port) = try Socket.listen()
        let listener = listener
        background { [weak self] in
            while let socket = listener.accept() {
                guard let self else { return }
                self.converse(on: socket)
            }
        }
    }

    deinit { listener.shutDown() }

    private func converse(on socket: Socket) {
        let number: Int? = connections.with { connections in
            guard !connections.isStopped else { return nil }
            connections.count += 1
            connections.open[connections.count - 1] = socket
            return connections.count - 1
        }
        guard let number else { return socket.reset() }
        background {
            Conversation(origin: self, socket: socket, number: number).run()
            self.connections.with { _ = $0.open.removeValue(forKey: number) }
        }
    }

    /// Ends every connection and refuses new ones, as a server that is gone.
    public func stop() {
        listener.shutDown()
        let open = connections.with { connections in
            connections.isStopped = true
            return connections.open.values
        }
        for socket in open { socket.shutDown() }
    }

    /// A room of its own for a test. Its paths begin with `/NAME/`.
    public func room(_ name: String = "room") -> Room {
        let room = Room(name: "\(name)-\(Serial.next())")
        rooms.with { $0[room.name] = room }
        return room
    }

    /// A room of the same name as another origin's, for a member of its pool.
    public func room(named name: String) -> Room {
        let room = Room(name: name)
        rooms.with { $0[room.name] = room }
        return room
    }

    /// How many connections were ever opened to it.
    public var connectionCount: Int { connections.with { $0.count } }

    /// Waits until a connection is over; false if it stays.
    public func awaitEnd(of connection: Int) -> Bool {
        connections.wait { $0.open[connection] == nil ? true : nil } ?? false
    }

    /// Requests that belong to no room: what was smuggled past every script.
    public var strays: [Request] { lost.with { $0 } }

    func room(for target: String) -> Room? {
        var path = target[...]
        if let scheme = path.range(of: "://") {
            path = path[scheme...].drop { $0 != "/" }
        }
        let name = path.dropFirst().prefix { $0 != "/" && $0 != "?" }
        return rooms.with { $0[String(name)] }
    }

    func note(stray request: Request) { lost.with { $0.append(request) } }

    /// Heads that were none, as an origin saw them.
    public var malformed: [String] { broken.with { $0 } }

    func note(malformed text: String) { broken.with { $0.append(text) } }
}

/// One test's part of an origin.
public final class Room: Sendable {
    public let name: String
    private struct State {
        var replies: [Reply] = []
        var standing: (@Sendable (Request) -> Reply)?
        var whole: (@Sendable (Request) -> Reply)?
        var requests: [Request] = []
    }
    private let state = Monitor(State())

    init(name: String) { self.name = name }

    /// A path in this room.
    public func path(_ rest: String = "") -> String { "/\(name)/\(rest)" }

    /// Answers the next request that finds no earlier reply.
    public func reply(_ replies: Reply...) { state.with { $0.replies += replies } }

    /// Answers every request for which no other reply is left.
    public func always(_ reply: Reply) { answers { _ in reply } }

    /// The same, by what is asked.
    public func answers(_ make: @escaping @Sendable (Request) -> Reply) {
        state.with { $0.standing = make }
    }

    /// The same, by the whole request, its body too; every other reply is of no account then.
    public func answersWhole(_ make: @escaping @Sendable (Request) -> Reply) {
        state.with { $0.whole = make }
    }

    var wholeAnswer: (@Sendable (Request) -> Reply)? { state.with { $0.whole } }

    /// What was asked so far, in the order of arrival.
    public var requests: [Request] { state.with { $0.requests } }

    public var count: Int { state.with { $0.requests.count } }

    /// Waits for the `count`-th request; nil if it never comes.
    public func request(_ count: Int) -> Request? {
        state.wait { $0.requests.count >= count ? $0.requests[count - 1] : nil }
    }

    /// Takes back replies that nobody asked for, and says how many.
    public func clearReplies() -> Int {
        state.with { state in
            defer { state.replies = [] }
            return state.replies.count
        }
    }

    func takeReply(for request: Request) -> Reply {
        let (next, standing) = state.with { state in
            (state.replies.isEmpty ? nil : state.replies.removeFirst(), state.standing)
        }
        return next ?? standing?(request) ?? .response(599, body: "unscripted")
    }

    /// Notes a request once its head is here, and gives its place.
    func note(_ request: Request) -> Int {
        state.with { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
    }

}

extension Substring {
    /// The index behind the first occurrence of a text.
    fileprivate func range(of text: String) -> Index? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}

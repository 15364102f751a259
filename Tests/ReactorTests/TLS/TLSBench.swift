import Glibc
import Reactor
import Testing

/// A secured viewer and server on one network, with a wire between them that the test moves.
final class TLSBench {
    var bench: Bench
    private let viewerSide: SocketPair
    private let serverSide: SocketPair
    /// Bytes carried so far, towards the server and towards the viewer.
    private(set) var carried = (up: 0, down: 0)

    static var viewerToken: Token { Token(slot: 1, generation: 1, kind: 1) }
    static var serverToken: Token { Token(slot: 2, generation: 1, kind: 1) }

    var viewer: Int32 { viewerSide.left }
    var server: Int32 { serverSide.left }
    /// The far end of the server's socket: what is written here, the server receives.
    var wire: Int32 { serverSide.right }

    /// The same for the viewer.
    var viewerWire: Int32 { viewerSide.right }

    init(
        _ server: TLSContext, _ viewer: TLSContext, host: String = "edge.test",
        or other: String? = nil, early: [UInt8] = []
    ) throws {
        bench = try Bench()
        viewerSide = try SocketPair()
        serverSide = try SocketPair()
        let watched = bench.network.watch(serverSide.left, Self.serverToken)
        try #require(watched)
        let isViewer = bench.network.secure(
            self.viewer, viewer, token: Self.viewerToken, host: host, or: other,
            early: UnsafeRawBufferPointer(start: nil, count: 0))
        let isServer = early.withUnsafeBytes {
            bench.network.secure(
                self.server, server, token: Self.serverToken, host: nil, early: $0)
        }
        try #require(isViewer && isServer)
    }

    /// Moves at most so many bytes in each direction; returns whether any moved.
    @discardableResult
    func carry(up: Int = .max, down: Int = .max) -> Bool {
        let moved = (
            Self.move(viewerSide.right, serverSide.right, up),
            Self.move(serverSide.right, viewerSide.right, down)
        )
        carried.up += moved.0
        carried.down += moved.1
        return moved.0 + moved.1 > 0
    }

    /// Moves in one call what one receive gives.
    private static func move(_ from: Int32, _ to: Int32, _ limit: Int) -> Int {
        var bytes = [UInt8](repeating: 0, count: min(limit, 65_536))
        guard !bytes.isEmpty else { return 0 }
        // What the other side cannot take stays where it is.
        let seen = recv(from, &bytes, bytes.count, Int32(MSG_PEEK))
        guard seen > 0 else { return 0 }
        let sent = Glibc.send(to, bytes, seen, Int32(MSG_NOSIGNAL))
        guard sent > 0 else { return 0 }
        return recv(from, &bytes, sent, 0)
    }

    /// Drives both sides until nothing moves any more; returns how their last receives ended.
    @discardableResult
    func shakeHands() -> (viewer: IOResult, server: IOResult) {
        while true {
            let viewer = bench.result(ofReceiveFrom: self.viewer)
            var isMoving = carry()
            let server = bench.result(ofReceiveFrom: self.server)
            isMoving = carry() || isMoving
            if !isMoving { return (viewer, server) }
        }
    }

    /// Puts bytes that are no TLS into a socket until it takes no more; how many.
    func fillSocket(of fd: Int32) -> Int {
        let block = [UInt8](repeating: 0, count: 1_024)
        var sum = 0
        for size in [1_024, 1] {
            while true {
                let count = Glibc.send(fd, block, size, Int32(MSG_NOSIGNAL))
                guard count > 0 else { break }
                sum += count
            }
        }
        return sum
    }

    var viewerState: TLSDescription? { bench.network.describeTLS(viewer) }
    var serverState: TLSDescription? { bench.network.describeTLS(server) }
    var viewerFailure: TLSFailure? { bench.network.failureOfTLS(viewer) }
    var serverFailure: TLSFailure? { bench.network.failureOfTLS(server) }

    /// Sends from one side and receives on the other until all has come; the bytes.
    func transfer(_ bytes: [UInt8], from: Int32, to: Int32, room: Int = 65_536) -> [UInt8] {
        var received: [UInt8] = []
        var sent = 0
        for _ in 0..<1_000_000 where received.count < bytes.count {
            if sent < bytes.count {
                let rest = Array(bytes[sent...])
                if case .bytes(let count) = bench.send(from, [rest]) { sent += count }
            }
            carry()
            received += bench.receive(to, room)
        }
        return received
    }
}

/// The two ends of one TCP connection, both secured; the test closes the server's.
final class SecuredEnds {
    var bench: Bench
    let viewer: Int32
    let server: Int32

    init(_ server: TLSContext, _ viewer: TLSContext) throws {
        bench = try Bench()
        let listener = try listen(
            on: .ip(.loopback(port: 0)), backlog: 1, reusePort: false)
        defer { close(listener) }
        let (near, far, _) = try bench.connection(through: listener)
        (self.viewer, self.server) = (near, far)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let isViewer = bench.network.secure(
            near, viewer, token: TLSBench.viewerToken, host: "edge.test", early: nothing)
        let isServer = bench.network.secure(
            far, server, token: TLSBench.serverToken, host: nil, early: nothing)
        try #require(isViewer && isServer)
        while bench.network.describeTLS(far)?.isEstablished == false {
            _ = bench.result(ofReceiveFrom: near)
            _ = bench.result(ofReceiveFrom: far)
        }
    }

    deinit { close(viewer) }
}

extension TLSContext {
    static func server(
        _ names: String..., change: (inout TLSServerSettings) -> Void = { _ in },
        keys: TLSTicketKeys? = nil
    ) throws -> TLSContext {
        let certificates = try Certificates.get()
        var settings = TLSServerSettings(
            identities: names.map { TLSIdentity(keyPair: certificates.pair($0)) })
        change(&settings)
        return try TLSContext(server: settings, ticketKeys: keys)
    }

    static func viewer(
        _ change: (inout TLSClientSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        var settings = TLSClientSettings()
        settings.trust = .file(try Certificates.get().path("root.pem"))
        change(&settings)
        return try TLSContext(client: settings)
    }
}

import Edge
import Testing

@testable import Simulation

/// A viewer who writes and takes bytes when it is told to.
private final class Hand: Peer {
    private let world: World
    private(set) var link: Link?
    private(set) var text = ""
    private(set) var bytes = 0
    /// When the edge sent its last byte, or broke the connection, in milliseconds from the start.
    private(set) var endedAt: Int?
    private let start: UInt64

    init(_ edge: HandTurnedEdge, _ style: LinkStyle = .scripted) {
        world = edge.world
        start = edge.world.now
        link = edge.fabric.dial(0, style, self)
        edge.pass(milliseconds: 0)
    }

    func say(_ text: String) { link?.peerSend(Array(text.utf8)) }

    func opened(_ link: Link) {}

    func received(_ link: Link, _ bytes: [UInt8]) {
        self.bytes += bytes.count
        if text.utf8.count < 2_000 { text += String(decoding: bytes.prefix(2_000), as: UTF8.self) }
    }

    func ended(_ link: Link) { end() }
    func broke(_ link: Link) { end() }

    private func end() {
        if endedAt == nil { endedAt = Int((world.now - start) / 1_000_000) }
    }

    var isOver: Bool { endedAt != nil }
    var statuses: [String] {
        text.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst()
            .map { String($0.prefix(3)) }
    }
}

/// Each limit of time at both of its sides, with the values that nobody has changed: a clock that
/// is moved by hand makes a hundred milliseconds exact.
@Suite("Viewers' time-outs, at both sides")
struct ViewerPatienceTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: edge.test\r\n\r\n"
    private let hand: HandTurnedEdge

    init() throws { hand = try Self.hand() }

    private static func hand(_ change: (inout Settings) -> Void = { _ in }) throws -> HandTurnedEdge
    {
        let hand = try HandTurnedEdge(
            """
            config:
              mode: rfc9111
              behaviors: [{ path: "*", class: none }]
            steps:
              - origin: { body: done }
              - origin: { body: "\(String(repeating: "x", count: 2_000_000))" }
            """, change)
        try hand.script(0)
        return hand
    }

    @Test(
        "a head has ten seconds from its first byte, however it drips", arguments: [9_900, 10_100])
    func head(_ time: Int) throws {
        let viewer = Hand(hand)
        hand.pass(milliseconds: 5_000)
        let bytes = Array(Self.get.utf8.dropLast(2))
        for byte in bytes {
            viewer.say(String(decoding: [byte], as: UTF8.self))
            hand.pass(milliseconds: time / bytes.count)
        }
        hand.pass(milliseconds: time % bytes.count)
        viewer.say("\r\n")
        hand.pass(milliseconds: 1_500)
        if time < 10_000 {
            #expect(viewer.statuses == ["200"] && !viewer.isOver)
        } else {
            #expect(viewer.statuses == ["408"])
            #expect(15_000...15_050 ~= viewer.endedAt ?? 0)
        }
        hand.close()
    }

    @Test(
        "a new connection may say nothing for ten seconds, and is closed without a word",
        arguments: [9_900, 10_100])
    func silence(_ time: Int) throws {
        let viewer = Hand(hand)
        hand.pass(milliseconds: time)
        #expect(viewer.isOver == (time > 10_000))
        #expect(hand.edge.total(.timeoutsIdle) == (time > 10_000 ? 1 : 0))
        viewer.say(Self.get)
        hand.pass(milliseconds: 100)
        #expect(viewer.statuses == (time > 10_000 ? [] : ["200"]))
        hand.close()
    }

    @Test("between two requests there are 125 seconds", arguments: [124_900, 125_100])
    func idle(_ time: Int) throws {
        let viewer = Hand(hand)
        viewer.say(Self.get)
        hand.pass(milliseconds: 100)
        #expect(viewer.statuses == ["200"])
        hand.pass(milliseconds: time - 100)
        #expect(viewer.isOver == (time > 125_000))
        viewer.say(Self.get)
        hand.pass(milliseconds: 100)
        #expect(viewer.statuses == (time > 125_000 ? ["200"] : ["200", "200"]))
        hand.close()
    }

    @Test(
        "one that has been idle for a second makes room where there is no more",
        arguments: [(3, 900), (3, 1_100), (4, 1_100)])
    func room(_ limit: Int, _ time: Int) throws {
        let hand = try Self.hand { $0.limits.connectionsPerLoop = limit }
        // Who has begun a request is not idle.
        let busy = Hand(hand)
        busy.say(String(Self.get.dropLast()))
        let idle = (0..<2).map { _ in
            let viewer = Hand(hand)
            viewer.say(Self.get)
            hand.pass(milliseconds: 10)
            return viewer
        }
        hand.pass(milliseconds: time)
        let late = Hand(hand)
        late.say(Self.get)
        hand.pass(milliseconds: 10)
        let (isFull, isLong) = (limit == 3, time > 1_000)
        #expect(idle.map(\.isOver) == [isFull && isLong, false])
        #expect(late.statuses == (isFull && !isLong ? [] : ["200"]))
        #expect(hand.edge.total(.idleClosed) == (isFull && isLong ? 1 : 0))
        #expect(hand.edge.total(.connectionsRefused) == (isFull && !isLong ? 1 : 0))
        busy.say("\r\n")
        hand.pass(milliseconds: 10)
        #expect(busy.statuses == ["200"])
        hand.close()
    }

    @Test(
        "who ends its side while it waits for a member keeps its place only if it did so at once",
        arguments: [0, 40, 60])
    func queued(_ time: Int) throws {
        let hand = try HandTurnedEdge(
            """
            config:
              mode: rfc9111
              behaviors: [{ path: "*", class: none }]
            steps:
              - origin: { body: done, delay: 2s }
            """
        ) { ($0.origins[0].memberConcurrency, $0.origins[0].queueLength) = (1, 1) }
        try hand.script(0)
        func ask(_ path: String) -> Hand {
            let viewer = Hand(hand)
            viewer.say("GET /\(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            return viewer
        }
        let first = ask("first")
        hand.pass(milliseconds: 10)
        let second = ask("second")
        hand.pass(milliseconds: time)
        second.link?.peerEnd()
        hand.pass(milliseconds: 10)
        // Nobody can tell that it has not left: it is answered all the same.
        let keeps = time < 50
        #expect(second.statuses == (keeps ? [] : ["503"]))
        let third = ask("third")
        hand.pass(milliseconds: 10_000)
        #expect(first.statuses == ["200"])
        #expect(second.statuses == (keeps ? ["200"] : ["503"]))
        #expect(third.statuses == (keeps ? ["503"] : ["200"]))
        hand.close()
    }

    @Test("a body may pause for 30 seconds, if it is fast enough", arguments: [29_900, 30_100])
    func body(_ time: Int) throws {
        let viewer = Hand(hand)
        // So much at once is worth 40 seconds at the least rate.
        let part = String(repeating: "b", count: 20_000)
        viewer.say("POST /a HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 20001\r\n\r\n" + part)
        hand.pass(milliseconds: time)
        viewer.say("b")
        hand.pass(milliseconds: 100)
        // What a write makes stale is to be on disk before it is answered.
        hand.write()
        hand.pass(milliseconds: 1_400)
        #expect(viewer.statuses == (time < 30_000 ? ["200"] : ["408"]))
        #expect(viewer.isOver == (time > 30_000))
        hand.close()
    }

    @Test(
        "from ten seconds on a body comes with 500 bytes a second", arguments: [460, 540])
    func rate(_ bytesPerSecond: Int) throws {
        let viewer = Hand(hand)
        viewer.say("POST /a HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 100000\r\n\r\n")
        let part = String(repeating: "b", count: bytesPerSecond)
        for second in 1...20 {
            #expect(!viewer.isOver || second > 10, "within the grace nobody is too slow")
            viewer.say(part)
            hand.pass(milliseconds: 1_000)
        }
        #expect(viewer.isOver == (bytesPerSecond < 500))
        // RFC 9110 §15.5.9.
        #expect(viewer.statuses == (bytesPerSecond < 500 ? ["408"] : []))
        #expect(hand.edge.total(.slowPeers) == (bytesPerSecond < 500 ? 1 : 0))
        hand.close()
    }

    /// A viewer of the large body who takes so many bytes after each pause.
    private func read(
        _ hand: HandTurnedEdge, _ bite: Int, each pause: Int, for time: Int,
        _ change: (inout LinkStyle) -> Void
    ) throws -> Hand {
        try hand.script(1)
        var style = LinkStyle.scripted
        (style.bite, style.pause) = (bite...bite, (pause * 1_000)...(pause * 1_000))
        change(&style)
        let viewer = Hand(hand, style)
        viewer.say(Self.get)
        hand.pass(milliseconds: time)
        return viewer
    }

    private func expect(_ viewer: Hand, on hand: HandTurnedEdge, toBeTooSlowIf isSlow: Bool) {
        #expect(viewer.isOver == isSlow)
        #expect(hand.edge.total(.slowPeers) == (isSlow ? 1 : 0))
        hand.close()
    }

    @Test("a reader may take nothing for thirty seconds", arguments: [29_900, 30_100])
    func write(_ pause: Int) throws {
        let hand = try Self.hand { $0.limits.minimumRate = 0 }
        let viewer = try read(hand, 65_536, each: pause, for: 200_000) { _ in }
        #expect(viewer.isOver == (pause > 30_000))
        #expect(hand.edge.total(.timeoutsWrite) == (pause > 30_000 ? 1 : 0))
        hand.close()
    }

    @Test(
        "who does not take all at once takes 50 bytes in each tenth of a second",
        arguments: [46, 54])
    func drips(_ bite: Int) throws {
        let viewer = try read(hand, bite, each: 100, for: 60_000) { $0.capacity = 4_096 }
        expect(viewer, on: hand, toBeTooSlowIf: bite < 50)
    }

    @Test(
        "what the kernel holds for a slow reader is taken, though it says nothing",
        arguments: [(46, true), (54, true), (60, true), (60, false)])
    func drains(_ bite: Int, _ hasMinimum: Bool) throws {
        let hand = try Self.hand { if !hasMinimum { $0.limits.minimumRate = 0 } }
        // The first room comes after a minute.
        let viewer = try read(hand, bite, each: 100, for: 120_000) { $0.leastRoom = 32_768 }
        expect(viewer, on: hand, toBeTooSlowIf: bite < 50)
    }

    @Test("who is refused may go on sending for a second, or 64 KiB")
    func lingering() throws {
        let viewers = [0, 60_000, 70_000].map { count -> (count: Int, viewer: Hand) in
            let viewer = Hand(hand)
            viewer.say("GET /a HTTP/1.1\r\nHost: edge.test\r\n bad\r\n\r\n")
            hand.pass(milliseconds: 100)
            viewer.say(String(repeating: "x", count: count))
            hand.pass(milliseconds: 500)
            return (count, viewer)
        }
        for (count, viewer) in viewers {
            #expect(viewer.statuses == ["400"], "\(count)")
        }
        hand.pass(milliseconds: 1_000)
        #expect(hand.edge.total(.connectionsClosed) == 3)
        hand.close()
    }
}

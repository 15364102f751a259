import Edge
import Testing
import Tiles

@testable import Simulation

/// An origin that draws slowly: the head of a picture at once, then its parts in equal pauses.
private final class Painter: RequestPeer {
    static let picture: [UInt8] = {
        let blank = BlankTile.png(width: 256, height: 256)
        return blank.dropLast(12) + [UInt8](repeating: 0, count: 8_000) + blank.suffix(12)
    }()

    /// How it draws, and how often it was asked to.
    final class Habits {
        var pause = 1_000
        var parts = 1
        /// It sends no more than these.
        var stopsAfter = Int.max
        var asked = 0
    }

    private let world: World
    private let habits: Habits

    init(_ world: World, _ habits: Habits) { (self.world, self.habits) = (world, habits) }

    override func asked(_ link: Link, _ request: MessageReader.Message) {
        habits.asked += 1
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=600\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
        link.peerSend(Array(head.utf8))
        send(link, 0)
    }

    private func send(_ link: Link, _ part: Int) {
        guard part < min(habits.parts, habits.stopsAfter) else { return }
        world.after(UInt64(habits.pause) * 1_000_000) { [self] in
            guard !link.isOver else { return }
            func start(_ part: Int) -> Int { Self.picture.count * part / habits.parts }
            let bytes = Self.picture[start(part)..<start(part + 1)]
            link.peerSend(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
            guard part == habits.parts - 1 else { return send(link, part + 1) }
            link.peerSend(Array("0\r\n\r\n".utf8))
            readOn(link)
        }
    }
}

/// Viewers of one picture before such an origin.
private struct Studio {
    let hand: HandTurnedEdge
    let habits = Painter.Habits()

    /// - Parameter leaves: after how long viewers leave, in milliseconds; nil: they stay.
    init(
        parts: Int, pause: Int = 1_000, leaves: Int? = nil,
        _ change: (inout Settings) -> Void = { _ in }
    ) throws {
        hand = try HandTurnedEdge(
            """
            config:
              role: tier
              behaviors: [{ path: "*", class: tiles }]
            steps:
              - get: "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=\
            &SRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png"
                expect: any
            \(leaves.map { "    leaves: \($0)ms" } ?? "")
            """, change)
        (habits.parts, habits.pause) = (parts, pause)
        let (world, habits) = (hand.world, habits)
        hand.serve { Painter(world, habits) }
    }

    func begin() throws -> ScenarioViewer { try hand.begin(0) }
}

@Suite("A picture that is drawn slowly, and who waits for it")
struct SlowPictureTests {
    @Test("held back to its end within ten seconds of its head, it has its length")
    func held() throws {
        let studio = try Studio(parts: 9)
        let viewer = try studio.begin()
        studio.hand.pass(milliseconds: 9_500)
        let answer = try #require(viewer.isWhole ? viewer.answer : nil)
        #expect(answer.head.status == 200 && answer.body == Painter.picture)
        #expect(answer.head["content-length"] == "\(Painter.picture.count)")
        #expect(9_000...9_100 ~= viewer.time)
        studio.hand.close()
    }

    @Test("after ten seconds what is there is passed on, and the rest as it comes; all is stored")
    func passedOn() throws {
        let studio = try Studio(parts: 20, pause: 1_050)
        let viewer = try studio.begin()
        studio.hand.pass(milliseconds: 21_500)
        let answer = try #require(viewer.isWhole ? viewer.answer : nil)
        #expect(answer.head.status == 200 && answer.body == Painter.picture)
        #expect(answer.head["content-length"] == nil)
        let next = try studio.hand.ask(0)
        #expect(next.head["cache-status"]?.contains("; hit") == true)
        #expect(next.head["content-length"] == "\(Painter.picture.count)")
        #expect(studio.habits.asked == 1)
        studio.hand.close()
    }

    @Test(
        "nobody has a status before those ten seconds, and everybody with the part behind them",
        arguments: [(10_400, false), (10_600, true)])
    func status(_ leaves: Int, _ isThere: Bool) throws {
        let studio = try Studio(parts: 20, pause: 1_050, leaves: leaves)
        let viewer = try studio.begin()
        studio.hand.pass(milliseconds: leaves + 10)
        #expect(viewer.isDone && (viewer.answer?.head.status == 200) == isThere)
        studio.hand.close()
    }

    @Test("who waits for one that is held asks for none as long as parts of it come")
    func waiters() throws {
        let studio = try Studio(parts: 9) { $0.cache.collapseTimeout = 2_000 }
        let viewers = try (0..<3).map { _ in try studio.begin() }
        studio.hand.pass(milliseconds: 9_500)
        for viewer in viewers { #expect(viewer.isWhole && viewer.answer?.head.status == 200) }
        #expect(studio.habits.asked == 1 && studio.hand.edge.total(.collapsed) == 2)
        studio.hand.close()
    }

    @Test("and asks for it himself when no more come")
    func forsaken() throws {
        let studio = try Studio(parts: 9) { $0.cache.collapseTimeout = 2_000 }
        studio.habits.stopsAfter = 3
        let leader = try studio.begin()
        studio.hand.pass(milliseconds: 500)
        let waiter = try studio.begin()
        studio.hand.pass(milliseconds: 4_400)
        #expect(studio.habits.asked == 1)
        studio.habits.stopsAfter = .max
        studio.hand.pass(milliseconds: 200)
        #expect(studio.habits.asked == 2)
        studio.hand.pass(milliseconds: 9_100)
        #expect(waiter.isWhole && waiter.answer?.body == Painter.picture)
        #expect(!leader.isDone || leader.answer?.head.status != nil)
        studio.hand.close()
    }

    /// The site's own call.
    private func call(_ studio: Studio, milliseconds: Int) throws -> ScenarioViewer {
        let viewer = try studio.begin()
        studio.hand.pass(milliseconds: milliseconds)
        return viewer
    }

    @Test("the site's own call has it after more than its deadline, as long as parts of it come")
    func southbound() throws {
        let studio = try Studio(parts: 9) {
            $0.listeners[0].isSouthbound = true
            $0.southbound.breakerFailures = 1
        }
        let first = try call(studio, milliseconds: 9_500)
        #expect(first.isWhole && first.answer?.body == Painter.picture)
        #expect(try call(studio, milliseconds: 50).answer?.head.status == 200)
        #expect(studio.hand.edge.total(.southboundDeadlines) == 0)
        #expect(studio.hand.edge.total(.southboundRefusals) == 0)
        studio.hand.close()
    }

    @Test("and no longer than its deadline when no more come, which opens the breaker")
    func breaks() throws {
        let studio = try Studio(parts: 9) {
            $0.listeners[0].isSouthbound = true
            $0.southbound.breakerFailures = 1
        }
        studio.habits.stopsAfter = 4
        let first = try call(studio, milliseconds: 8_000)
        // Law 7's image.
        #expect(first.isDone && first.answer?.head.status == 503)
        #expect(first.answer?.head["cache-status"]?.contains("southbound-deadline") == true)
        #expect(7_000...7_100 ~= first.time)
        let next = try call(studio, milliseconds: 50).answer
        #expect(next?.head["cache-status"]?.contains("circuit-open") == true)
        #expect(studio.hand.edge.total(.southboundDeadlines) == 1)
        #expect(studio.hand.edge.total(.southboundRefusals) == 1)
        studio.hand.close()
    }
}

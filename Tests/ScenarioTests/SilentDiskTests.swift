import Control
import Testing

@testable import Edge
@testable import Simulation

@Suite("A disk that hangs holds no writer for ever, and nothing is sent twice")
struct SilentDiskTests {
    private let world: World
    private let fabric: Fabric
    private let site: ScenarioSite
    private let edge: SimulatedEdge
    private let scenario: Scenario

    /// An edge whose log of invalidations writes nothing, unless it is told to.
    init() throws {
        let text = """
            name: a disk that hangs
            about: None of it is a viewer's.
            report: https://www.rfc-editor.org/rfc/rfc9111.html#section-4.4
            config:
              behaviors: [{ path: "*", class: tiles }]
            steps:
              - request: POST /geoserver/rest/reload
                body: x
                expect: any
            """
        let reading = ScenarioReading.read(text: text, named: "case.yaml")
        scenario = try #require(reading.scenarios.first, "\(reading.findings)")
        world = World(clock: SimulatedClock(stands: false), dice: Dice(seed: 1))
        fabric = Fabric(world, loops: 1)
        site = ScenarioSite(world)
        edge = try SimulatedEdge(scenario.settings, mapBytes: 16 << 20, fabric)
        fabric.route = { [site] _, _ in site.route("default") }
    }

    private func ask() throws -> ScenarioViewer {
        guard case .request(let request) = scenario.steps[0].action else {
            throw Misread()
        }
        return ScenarioViewer(request, fabric)
    }

    private struct Misread: Error {}

    /// Lets so much time pass; the disk does nothing in it.
    private func pass(seconds: Int) {
        let end = world.now + UInt64(seconds) * 1_000_000_000
        while true {
            if let loop = edge.runnable.first {
                edge.tick(loop)
                world.clock.advance(to: world.now + 1_000)
            } else if let next = world.nextTime, next <= world.now {
                world.happen()
            } else {
                let next = [world.nextTime, edge.nextDeadline].compactMap { $0 }.min()
                guard let next, next <= end else { break }
                world.clock.advance(to: max(next, world.now + 1))
            }
        }
        world.clock.advance(to: end)
    }

    private func close() {
        world.end()
        fabric.route = nil
        edge.close()
        #expect(edge.remove() == nil)
    }

    @Test("a write is forwarded, and its answer goes out, when the disk says nothing")
    func answered() throws {
        site.add(try Self.script("{ body: done }"))
        let viewer = try ask()
        pass(seconds: 5)
        #expect(site.seen.isEmpty, "it is not on disk yet")
        pass(seconds: 60)
        #expect(site.seen.count == 1)
        pass(seconds: 60)
        #expect(viewer.isDone && viewer.answer?.head.status == 200)
        close()
    }

    @Test("a write whose answer was lost is told so when the disk says nothing, and is sent once")
    func failed() throws {
        site.add(try Self.script("{ fault: reset }"))
        let viewer = try ask()
        pass(seconds: 200)
        #expect(site.seen.count == 1)
        #expect(viewer.isDone && viewer.answer?.head.status == 502)
        close()
    }

    @Test("word that comes late is not taken for word of something else")
    func late() throws {
        site.add(try Self.script("{ fault: reset }"))
        let viewer = try ask()
        pass(seconds: 40)
        #expect(site.seen.count == 1 && !viewer.isDone)
        // That it was to be forwarded is on disk now; that it may have been done is as well.
        while edge.store.step() {}
        pass(seconds: 1)
        pass(seconds: 100)
        #expect(viewer.isDone && site.seen.count == 1)
        close()
    }

    private static func script(_ answer: String) throws -> OriginScript {
        let text = """
            name: an origin
            about: It takes the request.
            report: https://www.rfc-editor.org/rfc/rfc9111.html#section-4.4
            config:
              behaviors: [{ path: "*", class: tiles }]
            steps:
              - origin: \(answer)
              - get: /
                expect: any
            """
        let reading = ScenarioReading.read(text: text, named: "case.yaml")
        guard let step = reading.scenarios.first?.steps.first,
            case .script(let script) = step.action
        else { throw Misread() }
        return script
    }
}

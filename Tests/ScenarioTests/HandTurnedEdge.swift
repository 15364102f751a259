import Control
import Testing

@testable import Edge
@testable import Simulation

/// An edge in front of scripted origins whose disk does nothing unless it is told to, and the steps
/// of a scenario to be taken one by one.
final class HandTurnedEdge {
    let world: World
    let site: ScenarioSite
    let edge: SimulatedEdge
    let fabric: Fabric
    private let scenario: Scenario

    private struct Misread: Error {}

    /// - Parameters:
    ///   - steps: `config:` or `distribution:`, and `steps:`, as a scenario has them; what is
    ///     expected is for the test to say.
    ///   - change: what no scenario can say of the settings.
    init(_ steps: String, _ change: (inout Settings) -> Void = { _ in }) throws {
        let text = """
            name: turned by hand
            about: Its disk waits to be told.
            report: https://www.rfc-editor.org/rfc/rfc9111.html
            \(steps)
            """
        let reading = ScenarioReading.read(text: text, named: "case.yaml")
        scenario = try #require(reading.scenarios.first, "\(reading.findings)")
        world = World(clock: SimulatedClock(stands: false), dice: Dice(seed: 1))
        fabric = Fabric(world, loops: 1)
        site = ScenarioSite(world)
        var settings = scenario.settings
        change(&settings)
        edge = try SimulatedEdge(settings, mapBytes: 16 << 20, fabric)
        fabric.route = { [site] _, _ in site.route("default") }
    }

    /// Whom connections to origins lead to from now on, in place of the scripted ones, and how.
    func serve(_ style: LinkStyle = .scripted, _ peer: @escaping () -> RequestPeer) {
        fabric.route = { _, _ in .server(peer(), style) }
    }

    /// A step's origin says so from now on.
    func script(_ step: Int) throws {
        guard case .script(let script) = scenario.steps[step].action else { throw Misread() }
        site.add(script)
    }

    /// Asks what a step asks; nothing comes of it before time passes.
    func begin(_ step: Int) throws -> ScenarioViewer {
        guard case .request(let request) = scenario.steps[step].action else { throw Misread() }
        return ScenarioViewer(request, fabric)
    }

    /// Asks what a step asks, and waits for the answer.
    func ask(_ step: Int) throws -> MessageReader.Message {
        let viewer = try begin(step)
        pass(milliseconds: 50)
        return try #require(viewer.isDone && viewer.isWhole ? viewer.answer : nil)
    }

    /// The disk does all that waits for it.
    func write() { while edge.store.step() {} }

    /// Lets so much time pass; the disk does nothing in it.
    func pass(milliseconds: Int) {
        let end = world.now + UInt64(milliseconds) * 1_000_000
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

    func close() {
        world.end()
        fabric.route = nil
        edge.close()
        #expect(edge.remove() == nil)
    }
}

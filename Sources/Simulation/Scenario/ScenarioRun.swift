import Caching
public import Edge
import Reactor

/// Plays one scenario on an edge of its own: the real data plane, a clock that moves when a step
/// says so, and a disk in memory. Takes milliseconds.
public struct ScenarioRun {
    private let scenario: Scenario
    private let seed: UInt64
    private let trace: ((String) -> Void)?
    private let tape: Tape?

    /// - Parameters:
    ///   - seed: decides the order of things that happen at the same time.
    ///   - tape: what passes is written there, as an edge does while it is recorded.
    ///   - trace: told line by line of what happens.
    public init(
        _ scenario: Scenario, seed: UInt64 = 1, tape: Tape? = nil,
        trace: ((String) -> Void)? = nil
    ) {
        self.scenario = scenario
        self.seed = seed
        self.tape = tape
        self.trace = trace
    }

    /// Plays it up to the first difference.
    ///
    /// - Throws: when no cache directory can be made.
    public func run() throws -> ScenarioReport {
        let play = try ScenarioPlay(scenario, seed, tape, trace)
        let difference = try play.run()
        var outcome = difference.map { ScenarioReport.Outcome.failed($0) } ?? .ok
        if let reason = scenario.pending {
            if case .ok = outcome { outcome = .holdsAlready } else { outcome = .pending(reason) }
        }
        return ScenarioReport(scenario: scenario, outcome: outcome)
    }
}

/// The course of one scenario.
private final class ScenarioPlay {
    private let scenario: Scenario
    private let tape: Tape?
    private let settings: Settings
    private let world: World
    private let fabric: Fabric
    private let site: ScenarioSite
    private var edge: SimulatedEdge
    /// When the first step began.
    private var start: UInt64 = 0
    private var startWall: Milliseconds = 0

    /// Longest simulated wait for an answer, in nanoseconds.
    private static let patience: UInt64 = 3_600_000_000_000
    /// What happens so soon after the last answer still belongs to the step.
    private static let afterglow: UInt64 = 100_000_000
    /// Between the starts of requests that run at the same time.
    private static let spacing: UInt64 = 5_000_000

    init(
        _ scenario: Scenario, _ seed: UInt64, _ tape: Tape?, _ trace: ((String) -> Void)?
    ) throws {
        self.scenario = scenario
        self.tape = tape
        let names: [Endpoint: String]
        (settings, names) = Self.apart(scenario.settings)
        let clock = SimulatedClock(stands: scenario.hasManualClock)
        if let start = scenario.start { clock.setWall(by: start - clock.wall) }
        world = World(clock: clock, dice: Dice(seed: seed))
        world.trace = trace
        fabric = Fabric(world, loops: 1)
        site = ScenarioSite(world)
        edge = try SimulatedEdge(settings, mapBytes: Self.mapBytes(settings), fabric)
        fabric.route = { [site] endpoint, _ in
            names[endpoint].map { site.route($0) } ?? .refused(late: false)
        }
        if let tape { edge.record(on: tape) }
        settle()
    }

    /// A map that no scenario fills, unless it is one about a small cache.
    private static func mapBytes(_ settings: Settings) -> Int {
        Int(min(settings.cache.bytes, 64 << 20))
    }

    /// The same with addresses that are one origin's each, and whose: two of one name and port, as
    /// a bucket with two paths is, could not be told apart.
    private static func apart(_ settings: Settings) -> (Settings, [Endpoint: String]) {
        var settings = settings
        var names: [Endpoint: String] = [:]
        var last: UInt32 = 0x0B00_0000
        for index in settings.origins.indices {
            let id = settings.origins[index].id
            // What a distribution's origin is asked over TLS is the same origin.
            let name = id.hasSuffix("+tls") ? String(id.dropLast(4)) : id
            for member in settings.origins[index].members.indices {
                settings.origins[index].members[member].endpoints =
                    settings.origins[index].members[member].endpoints.map { endpoint in
                        var own = endpoint
                        while names[own].map({ $0 != name }) ?? false {
                            last += 1
                            own = .ip(SocketAddress(ipv4: last, port: 80))
                        }
                        names[own] = name
                        return own
                    }
            }
        }
        return (settings, names)
    }

    func run() throws -> Difference? {
        defer { end() }
        (start, startWall) = (world.now, world.clock.wall)
        for (index, step) in scenario.steps.enumerated() {
            world.trace?("step \(index + 1): \(step.action)")
            let before = site.seen.count
            let results = try play(step)
            settle()
            let seen = Array(site.seen[before...])
            for result in results {
                let judge = StepJudge(
                    scenario: scenario, number: index + 1, result: result, seen: seen)
                if let difference = judge.difference { return difference }
            }
        }
        return nil
    }

    private func end() {
        world.end()
        fabric.route = nil
        edge.close()
        _ = edge.remove()
    }

    // MARK: steps

    private func play(_ step: Step) throws -> [StepResult] {
        switch step.action {
        case .request:
            let result = begin(step)
            turn(until: world.now + Self.patience) { result.viewer?.isDone == false }
            return [result]
        case .concurrently(let steps): return playTogether(step, steps)
        case .restart:
            edge.close()
            edge.store.close()
            edge = try SimulatedEdge(
                settings, mapBytes: Self.mapBytes(settings), fabric, directory: edge.directory)
            if let tape { edge.record(on: tape) }
        default: return [begin(step)]
        }
        return [StepResult(step: step)]
    }

    /// Does what the step says; a request is only sent.
    private func begin(_ step: Step) -> StepResult {
        var result = StepResult(step: step)
        switch step.action {
        case .script(let script): site.add(script)
        case .connect(let origin, let manner):
            site.set(manner, of: origin.map { [$0] } ?? settings.origins.map(\.id))
        case .request(let request): result.viewer = ScenarioViewer(request, fabric)
        case .advance(let time):
            turn(until: world.now + UInt64(time) * 1_000_000)
            if scenario.hasManualClock { world.clock.setWall(by: time) }
        case .wait(let time): wait(until: time)
        case .invalidate(let invalidation):
            if invalidation.refusal == nil {
                edge.store.invalidate(invalidation.rules)
                let isSoft = invalidation.rules.contains(where: \.isSoft)
                tape?.noteInvalidation(
                    invalidation.paths, isSoft: isSoft, at: world.clock.wall)
            }
            result.outcome = invalidation.refusal == nil ? "accepted" : "refused"
        // Their beginning is not told from their end: `play` does them.
        case .concurrently, .restart: break
        }
        return result
    }

    private func wait(until time: Milliseconds) {
        if scenario.hasManualClock {
            world.clock.setWall(by: max(0, startWall + time - world.clock.wall))
        } else {
            turn(until: max(world.now, start + UInt64(time) * 1_000_000))
        }
    }

    /// The whole's own expectations come last: who was answered wrongly is told first.
    private func playTogether(_ whole: Step, _ steps: [Step]) -> [StepResult] {
        var results: [StepResult] = []
        for step in steps {
            results.append(begin(step))
            turn(until: world.now + Self.spacing)
        }
        let viewers = results.compactMap(\.viewer)
        turn(until: world.now + Self.patience) { !viewers.allSatisfy(\.isDone) }
        return results + [StepResult(step: whole)]
    }

    // MARK: turning

    /// Lets happen what may happen, in an order that the dice decide, while `goes` says so and
    /// until a moment; the clock stands there then.
    private func turn(until end: UInt64, while goes: () -> Bool = { true }) {
        while goes() {
            if happen() { continue }
            let next = [world.nextTime, edge.nextDeadline].compactMap { $0 }.min()
            guard let next, next <= end else {
                world.clock.advance(to: end)
                return
            }
            world.clock.advance(to: max(next, world.now + 1))
        }
    }

    /// Lets what is under way come to its end; no timer of the edge fires by that.
    private func settle() {
        let end = world.now + Self.afterglow
        while true {
            if happen() { continue }
            guard let next = world.nextTime, next <= end else { return }
            world.clock.advance(to: max(next, world.now + 1))
        }
    }

    /// One thing that is due now. The disk has its turn when nobody else has anything to do.
    private func happen() -> Bool {
        let loops = edge.runnable
        let isDue = world.nextTime.map { $0 <= world.now } ?? false
        guard !loops.isEmpty || isDue else { return edge.store.step() }
        let choice = world.dice.below(loops.count + (isDue ? 1 : 0))
        if choice == loops.count {
            world.happen()
        } else {
            edge.tick(loops[choice])
            world.clock.advance(to: world.now + UInt64(world.dice.pick(1_000...30_000)))
        }
        return true
    }
}

/// What came of one step.
struct StepResult {
    var step: Step
    var viewer: ScenarioViewer?
    var outcome: String?
}

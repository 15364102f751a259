import Caching
import Dispatch
import Reactor
import Synchronization

/// A job under way: connections that ask, and what watches them.
public final class SeedRun: Sendable {
    /// How a run ended.
    public struct End: Sendable {
        /// For people, line by line.
        public var report: [String]
        /// Every tile is stored.
        public var isComplete: Bool
        /// Why it ended before its end, and how it goes on; nil: it did not.
        public var cutShort: String?
    }

    /// Each has a thread of libdispatch's, which has 255 for all queues of the process: some must
    /// be left for signals, for the pool's watch, and within the edge for all else.
    static let connectionsMax = 128
    private static let tick: Milliseconds = 250
    /// By which the edge's clock may be behind what is thought of it.
    private static let clockSlack: Milliseconds = 1_000
    /// Between two looks at the pool, and between two states on disk.
    private static let interval: Milliseconds = 2_000
    /// Between two looks at a store that is nearly full.
    private static let closeInterval: Milliseconds = 250

    private let job: SeedJob
    private let admin: AdminClient
    private let origin: String
    private let plan: SeedPlan
    private let notOlderThan: Milliseconds?
    /// By which the edge knows that its viewers' tiles are meant.
    private let word: String?
    /// The edge's time when the run began; nil: times in requests mean nothing to it.
    private let edgeStart: Milliseconds?
    /// The store when the run began, and the edge's time then.
    private let space: SeedSpace?
    private let began: Milliseconds
    private let desk: Mutex<SeedDesk>
    private let start = ContinuousClock.now
    private let ended = DispatchGroup()
    /// Nobody signals it: it is waited for as long as there is nothing to do.
    private let never = DispatchSemaphore(value: 0)
    /// What whoever starts it should know.
    public let notes: [String]

    /// Asks the edge what it would do, and takes up the state where there is one.
    public init(_ job: SeedJob, _ admin: AdminClient) throws(CommandMistake) {
        (self.job, self.admin) = (job, admin)
        let state = try job.stateFile?.read(job.definition)
        plan = try job.plan(isTakenUp: state != nil)
        var notes: [String] = []
        if let state {
            guard state.total == plan.total else {
                throw CommandMistake(
                    "--state: the job had \(state.total) tiles and now has \(plan.total), since "
                        + "the grid set is another; remove the file to begin anew")
            }
            notes.append("going on behind \(state.position) of \(state.total) tiles")
        }
        var probe = plan
        guard let first = probe.next() else {
            throw CommandMistake("there is no tile; widen the area")
        }
        let members: Int
        let doubts: [String]
        do throws(AdminClientError) {
            word = try admin.seederWord()
            let forecast = try admin.forecast(first, word: word)
            doubts = try Self.notes(of: forecast, job, first)
            origin = forecast.origin
            (members, space) = try admin.sight(of: origin)
            began = try admin.edgeTime()
            edgeStart = forecast.isCanonical ? began : nil
            notOlderThan = state?.notOlderThan ?? (job.replaces ? edgeStart : nil)
        } catch {
            throw CommandMistake(error.description)
        }
        if job.isUnattended, let doubt = doubts.first { throw CommandMistake(doubt) }
        self.notes = notes + doubts
        desk = Mutex(
            SeedDesk(
                plan, state?.ledger ?? SeedLedger(total: plan.total),
                SeedPace(job.limits, members: members), tally: state?.tally ?? SeedTally(), at: 0))
    }

    /// What would make the work vain is an error (as one of the admin port's), what may is told.
    private static func notes(
        of forecast: SeedForecast, _ job: SeedJob, _ first: SeedTarget
    ) throws(AdminClientError) -> [String] {
        if let obstacle = forecast.obstacle {
            throw AdminClientError(
                "the edge would not store these tiles: \(obstacle); ask "
                    + "\"mapedge explain\" about \(first.target)")
        }
        var notes: [String] = []
        if !forecast.isCanonical {
            guard !job.replaces else {
                throw AdminClientError(
                    "the edge keys maps as they are asked for, so that it cannot be asked for "
                        + "newer ones; use \"mapedge truncate\" and seed without --reseed, or set "
                        + "canonicalKeys")
            }
            notes.append(
                "the edge keys maps as they are asked for (canonicalKeys is off): only requests "
                    + "that are spelt like these will find the tiles")
        }
        if forecast.keysHost, !job.namesHost {
            notes.append(
                "keys have the Host: viewers who ask for another one than \(job.host) will not "
                    + "find the tiles; name theirs with --host")
        }
        return notes
    }

    private var now: Milliseconds {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    /// Hands out nothing more; what is under way is waited for. From any thread.
    public func stop() { desk.withLock { $0.stop() } }

    public var hasStopped: Bool { desk.withLock { $0.hasStopped } }

    /// Asks for all tiles, and returns when that is over.
    ///
    /// - Parameter show: called four times a second, on the calling thread.
    /// - Throws: when the state cannot be kept.
    public func run(show: (SeedProgress) -> Void) throws(CommandMistake) -> End {
        try save()
        watchPool()
        var connections = 0
        var saved = now
        repeat {
            let places = desk.withLock { $0.pace.places }
            while connections < Self.connections(for: places) {
                connections += 1
                connect(connections)
            }
            let time = now
            show(
                desk.withLock { desk in
                    desk.sample(at: time)
                    return desk.progress
                })
            if time - saved >= Self.interval {
                saved = time
                try save()
            }
        } while ended.wait(timeout: .now() + .milliseconds(Int(Self.tick))) == .timedOut
        return try end()
    }

    /// How many are open at the most, for so many requests that may be under way.
    static func connections(for places: Int) -> Int { min(connectionsMax, max(1, places)) }

    /// One more connection, with a thread of its own.
    private func connect(_ number: Int) {
        DispatchQueue(label: "seed.\(number)").async(group: ended) { [self] in
            let connection = SeedConnection(
                job.endpoints, notOlderThan: notOlderThan, word: word)
            while true {
                let time = now
                switch desk.withLock({ $0.next(at: time) }) {
                case .over: return
                case .wait(let time):
                    // Not for long, since one may be told to stop.
                    let part = min(time, Self.tick)
                    _ = never.wait(timeout: .now() + .milliseconds(Int(part)))
                case .ask(let ask):
                    let (outcome, bytes) = fetch(ask, connection)
                    let time = self.now
                    desk.withLock { $0.finish(ask, outcome, bytes: bytes, at: time) }
                }
            }
        }
    }

    /// What came of a tile, and bytes of body.
    private func fetch(_ ask: SeedDesk.Ask, _ connection: SeedConnection) -> (SeedOutcome, Int) {
        let answer = connection.ask(ask.target)
        let outcome = SeedOutcome(answer?.reply)
        guard outcome == .stale, let edgeStart else { return (outcome, answer?.bytes ?? 0) }
        // The edge refreshes it behind its answer: whoever asks for what was stored since waits for
        // that, so that no more is asked of the pool at a time than it is to be.
        let fresh = connection.ask(
            ask.target, notOlderThan: edgeStart + ask.at - Self.clockSlack)
        return (SeedOutcome(fresh?.reply), (answer?.bytes ?? 0) + (fresh?.bytes ?? 0))
    }

    /// Members come and go, and as many tiles may be under way; the store fills.
    private func watchPool() {
        DispatchQueue(label: "seed.pool").async { [weak self] in
            var pause = Self.interval
            while let self, !self.isOver {
                _ = never.wait(timeout: .now() + .milliseconds(Int(pause)))
                // An edge that does not answer has no members that could be counted.
                guard let (members, space) = try? admin.sight(of: origin) else { continue }
                desk.withLock { $0.pace.members = members }
                guard let space, let before = self.space else { continue }
                pause = space.isNearlyFull ? Self.closeInterval : Self.interval
                if let why = space.surrender(after: before, began: began) {
                    desk.withLock { $0.giveUp(why) }
                }
            }
        }
    }

    private var isOver: Bool { desk.withLock { $0.hasStopped || $0.surrender != nil || $0.isDone } }

    private var state: SeedState {
        // Nobody waits at the desk while it is sorted.
        let (ledger, tally) = desk.withLock { ($0.ledger, $0.progress.tally) }
        return SeedState(job.definition, ledger, notOlderThan: notOlderThan, tally)
    }

    private func save() throws(CommandMistake) {
        guard let file = job.stateFile else { return }
        do throws(CommandMistake) { try file.write(state) } catch {
            stop()
            ended.wait()
            throw error
        }
    }

    private func end() throws(CommandMistake) -> End {
        let time = now
        let (progress, surrender) = desk.withLock { ($0.progress, $0.surrender) }
        let isComplete = progress.done == progress.total
        if isComplete { job.stateFile?.remove() } else { try save() }
        // Whoever asked the edge for it has no command that could be given again.
        let goesOn: String? =
            if job.isUnattended {
                nil
            } else if job.stateFile == nil {
                "give --state FILE, so that the next run goes on from where this one ended"
            } else {
                "the same command goes on from there"
            }
        var cutShort: String?
        if let surrender {
            cutShort =
                "\(surrender); look at \"mapedge status\"" + (goesOn.map { ", then \($0)" } ?? "")
        } else if hasStopped, !isComplete {
            cutShort =
                "stopped at \(progress.done) of \(progress.total) tiles"
                + (goesOn.map { "; \($0)" } ?? "")
        }
        return End(
            report: progress.report(job.layer, time: time), isComplete: isComplete,
            cutShort: cutShort)
    }
}

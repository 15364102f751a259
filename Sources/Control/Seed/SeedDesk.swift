import Caching

/// Where the connections of a seed fetch their work and bring their answers: all its decisions,
/// without clock or socket.
struct SeedDesk: Sendable {
    struct Ask: Equatable {
        var index: Int
        var target: SeedTarget
        /// When it began.
        var at: Milliseconds
    }

    enum Step: Equatable {
        case ask(Ask)
        case wait(Milliseconds)
        /// There is nothing left for this connection.
        case over
    }

    /// A tile that was given back so often in a row is a failure of its own.
    private static let returnsMax = 3
    private static let staleness = "stale, and being refreshed"

    /// More failed tiles of a run are not remembered: each is a place in memory and in the state.
    static let failedMax = 100_000

    private let failedMax: Int
    /// By earlier runs.
    private let failedBefore: Int
    private var plan: SeedPlan
    /// How many of the plan were taken from it.
    private var taken = 0
    private(set) var ledger: SeedLedger
    var pace: SeedPace
    private(set) var progress: SeedProgress
    /// Tiles that may be asked for again: those given back, and those that failed.
    private var targets: [Int: SeedTarget] = [:]
    private var returns: [Int: Int] = [:]
    private var isStopping = false
    /// Why it has given up.
    private(set) var surrender: String?

    init(
        _ plan: SeedPlan, _ ledger: SeedLedger, _ pace: SeedPace, tally: SeedTally,
        at now: Milliseconds, failedMax: Int = SeedDesk.failedMax
    ) {
        self.failedMax = failedMax
        failedBefore = ledger.failed.count
        targets = plan.targets(at: ledger.failed.keys.sorted())
        progress = SeedProgress(total: plan.total, done: ledger.done, tally: tally, at: now)
        (self.plan, self.ledger, self.pace) = (plan, ledger, pace)
    }

    /// What a connection is to do next.
    mutating func next(at now: Milliseconds) -> Step {
        guard !isStopping, surrender == nil else { return .over }
        let before = pace
        switch pace.ask(at: now) {
        case .wait(let time):
            return isDone ? .over : .wait(time)
        case .ask: break
        }
        guard let index = ledger.take() else {
            pace = before
            // What is under way may be given back yet.
            return pace.inFlight == 0 ? .over : .wait(SeedPace.look)
        }
        return .ask(Ask(index: index, target: target(index), at: now))
    }

    private mutating func target(_ index: Int) -> SeedTarget {
        if let known = targets[index] { return known }
        plan.skip(index - taken)
        taken = index + 1
        guard let target = plan.next() else {
            preconditionFailure("the ledger has more tiles than the plan")
        }
        return target
    }

    /// What came of one that `next` handed out.
    mutating func finish(
        _ ask: Ask, _ outcome: SeedOutcome, bytes: Int, at now: Milliseconds
    ) {
        progress.note(bytes: bytes)
        switch outcome {
        case .stored:
            pace.succeed(asked: ask.at)
            settle(ask, isStored: true)
        case .present:
            pace.leave()
            settle(ask, isStored: false)
        case .stale:
            pace.leave()
            fail(ask, Self.staleness, isFinal: false)
        case .failed(let why, let isFinal):
            pace.failTile(asked: ask.at)
            fail(ask, why, isFinal: isFinal)
        case .full:
            pace.leave()
            targets[ask.index] = ask.target
            ledger.giveBack(ask.index)
            giveUp(SeedSpace.words)
        case .busy(let why, let retryAfter):
            pace.pause(asked: ask.at, retryAfter: retryAfter, at: now)
            returns[ask.index, default: 0] += 1
            if returns[ask.index] == Self.returnsMax {
                returns[ask.index] = nil
                fail(ask, why, isFinal: false)
            } else {
                targets[ask.index] = ask.target
                ledger.giveBack(ask.index)
                progress.noteError()
            }
            progress.note(wait: why)
        }
        if pace.hasGivenUp, surrender == nil {
            surrender =
                "\(pace.failuresInRow) requests in a row failed, the last with \(why(outcome)) for "
                + "\(ask.target.target)"
        }
        if ledger.failed.count - failedBefore > failedMax, surrender == nil {
            surrender = "more than \(failedMax) tiles failed, the last \(ask.target.target)"
        }
        progress.update(done: ledger.done, failed: ledger.failed.count)
    }

    /// There is no point in going on.
    mutating func giveUp(_ why: String) { if surrender == nil { surrender = why } }

    private func why(_ outcome: SeedOutcome) -> String {
        switch outcome {
        case .stored, .present: "nothing"
        case .stale: Self.staleness
        case .full: SeedSpace.words
        case .failed(let why, _), .busy(let why, _): why
        }
    }

    private mutating func settle(_ ask: Ask, isStored: Bool) {
        (targets[ask.index], returns[ask.index]) = (nil, nil)
        ledger.settle(ask.index)
        progress.note(isStored: isStored)
    }

    private mutating func fail(_ ask: Ask, _ why: String, isFinal: Bool) {
        ledger.fail(ask.index, isFinal: isFinal)
        // Only for what is asked for once more.
        targets[ask.index] = ledger.isGivenUp(ask.index) ? nil : ask.target
        progress.note(failure: why, of: ask.target.target)
    }

    /// Targets that are held.
    var held: Int { targets.count }

    /// Hands out nothing more.
    mutating func stop() { isStopping = true }

    /// Once a second or so.
    mutating func sample(at now: Milliseconds) {
        progress.sample(at: now, pausedUntil: pace.pausedUntil, members: pace.members)
    }

    var hasStopped: Bool { isStopping }

    /// All is settled that can be.
    var isDone: Bool { pace.inFlight == 0 && !ledger.hasMore }
}

/// Which tiles of a job are settled, which are under way, and which failed: so much that a job that
/// ended anywhere asks for the rest and nothing else.
struct SeedLedger: Equatable, Sendable {
    /// How often a tile that failed is asked for, all in all.
    static let attemptsMax = 3

    let total: Int
    /// All tiles before it are settled.
    private(set) var position = 0
    /// Settled ones behind it: as many as were under way at a time, at the most.
    private(set) var ahead: Set<Int> = []
    /// Settled for the time being: how often each was asked for.
    private(set) var failed: [Int: Int] = [:]
    /// The first that was never handed out.
    private(set) var next = 0
    /// Handed out and given back.
    private var returned: [Int] = []
    /// Failed ones that are to be asked for once more, the last first, and those that were handed
    /// out so.
    private var round: [Int] = []
    private var retried: Set<Int> = []

    init(total: Int) { self.total = total }

    /// Takes up a job. Failed ones are asked for as if for the first time.
    ///
    /// - Returns: nil where the numbers are not those of one job.
    init?(total: Int, position: Int, ahead: [Int], failed: [Int]) {
        let settled = { index in index < position || ahead.contains(index) }
        guard 0...total ~= position, ahead.allSatisfy({ position..<total ~= $0 }),
            failed.allSatisfy({ $0 >= 0 && settled($0) })
        else { return nil }
        self.init(total: total)
        self.position = position
        self.ahead = Set(ahead)
        self.failed = Dictionary(uniqueKeysWithValues: Set(failed).map { ($0, 0) })
        next = position
        advance()
    }

    /// Tiles that are settled and not failed.
    var done: Int { position + ahead.count - failed.count }

    /// False: `take` has nothing, unless what is under way is given back or fails.
    var hasMore: Bool {
        !returned.isEmpty || next < total || !round.isEmpty
            || retried.isEmpty && failed.contains { $0.value < Self.attemptsMax }
    }

    /// The next tile to be asked for; nil where there is none now.
    mutating func take() -> Int? {
        if let index = returned.popLast() { return index }
        while next < total {
            next += 1
            // What an earlier run has settled may be behind the position by now, too.
            if next > position, !ahead.contains(next - 1) { return next - 1 }
        }
        // Each once more, and only behind all others.
        if round.isEmpty, retried.isEmpty {
            round = failed.filter { $0.value < Self.attemptsMax }.keys.sorted(by: >)
        }
        guard let index = round.popLast() else { return nil }
        retried.insert(index)
        return index
    }

    /// It is stored.
    mutating func settle(_ index: Int) {
        retried.remove(index)
        failed[index] = nil
        mark(index)
    }

    /// It failed, for good where `isFinal`.
    mutating func fail(_ index: Int, isFinal: Bool) {
        retried.remove(index)
        failed[index] = isFinal ? Self.attemptsMax : failed[index, default: 0] + 1
        mark(index)
    }

    /// It failed, and is not asked for again in this run.
    func isGivenUp(_ index: Int) -> Bool { failed[index, default: 0] >= Self.attemptsMax }

    /// It was not to be had just now, and is asked for next.
    mutating func giveBack(_ index: Int) { returned.append(index) }

    private mutating func mark(_ index: Int) {
        guard index >= position else { return }
        ahead.insert(index)
        advance()
    }

    private mutating func advance() {
        while ahead.remove(position) != nil { position += 1 }
    }
}

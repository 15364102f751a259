import Tiles

/// What is asked for one tile.
struct SeedTarget: Hashable, Sendable {
    /// The Host that it is asked for with.
    var host: String
    /// Path and query.
    var target: String
}

/// The tiles of a job, in an order that is always the same.
struct SeedPlan: Sendable {
    private enum Source {
        case walk(TileWalk, TileQuestion, MapServices, host: String)
        case list([SeedTarget], next: Int)
    }

    private var source: Source
    let total: Int
    /// How many tiles of each level there are; levels without any are left out.
    let levels: [(level: Int, tiles: Int)]

    /// The tiles of an area.
    init(_ walk: TileWalk, _ question: TileQuestion, _ services: MapServices, host: String) {
        source = .walk(walk, question, services, host: host)
        levels = walk.counts().filter { $0.tiles > 0 }
        total = levels.reduce(0) { $0 + $1.tiles }
    }

    /// Tiles one by one.
    ///
    /// - Parameter levels: of each of them.
    init(_ list: [SeedTarget], levels: [Int]) {
        source = .list(list, next: 0)
        total = list.count
        var counts: [Int: Int] = [:]
        for level in levels { counts[level, default: 0] += 1 }
        self.levels = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    mutating func next() -> SeedTarget? {
        switch source {
        case .walk(var walk, let question, let services, let host):
            guard let address = walk.next() else { return nil }
            source = .walk(walk, question, services, host: host)
            guard let target = question.target(of: address, services) else {
                preconditionFailure("a walk has left its grid set")
            }
            return SeedTarget(host: host, target: target)
        case .list(let list, let next):
            guard next < list.count else { return nil }
            source = .list(list, next: next + 1)
            return list[next]
        }
    }

    /// Passes over so many.
    mutating func skip(_ count: Int) {
        switch source {
        case .walk(var walk, let question, let services, let host):
            walk.skip(count)
            source = .walk(walk, question, services, host: host)
        case .list(let list, let next):
            source = .list(list, next: min(list.count, next + count))
        }
    }

    /// The tiles at these places of the order, which rise; of a plan that was not begun.
    func targets(at places: [Int]) -> [Int: SeedTarget] {
        var plan = self
        var at = 0
        var found: [Int: SeedTarget] = [:]
        for place in places {
            plan.skip(place - at)
            found[place] = plan.next()
            at = place + 1
        }
        return found
    }
}

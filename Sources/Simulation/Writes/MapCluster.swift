import Caching
import Edge
import Reactor

/// Simulated map servers with one catalog on one disk, which each of them has in memory; features,
/// permissions and tiles are everybody's at once. The first takes all writes of the catalog.
final class MapCluster {
    /// The change of the catalog that each has read last, by the changes' numbers.
    private(set) var memories: [Int]
    /// The latest one on disk, and how many there were: what servers tell as update sequence.
    private(set) var disk = 0
    private var changes: [Int] = []
    private let world: World
    private let sabotage: WriteSabotage?
    var isEnding = false
    /// A server begins to read the catalog anew.
    var onLoad: () -> Void = {}

    /// - Parameter count: of servers.
    init(_ world: World, count: Int, _ sabotage: WriteSabotage?) {
        (self.world, self.sabotage) = (world, sabotage)
        memories = Array(repeating: 0, count: count)
    }

    /// The leader has changed the catalog.
    func commit(_ change: Int) {
        changes.append(change)
        (disk, memories[0]) = (change, change)
    }

    /// What a picture says of how old it is, the latest change being so much: that number, and
    /// where a server has not read the catalog, what it has read in its place.
    func told(_ place: Int, _ number: Int) -> Int {
        memories[place] == disk ? number : number | (memories[place] + 1) << 12
    }

    /// The number of the latest change in such a picture, and of the latest one of the catalog.
    static func read(_ told: Int) -> (number: Int, catalog: Int) {
        (told & 0xFFF, told >> 12 == 0 ? told & 0xFFF : told >> 12 - 1)
    }

    // MARK: the slow side

    /// Looks for work ten times a second, as the keeper does, and does it in its own time.
    func keep(_ edge: @escaping () -> SimulatedEdge) {
        world.after(100_000_000) { [self] in
            guard !isEnding else { return }
            for work in edge().clusterWork(at: Milliseconds(world.now / 1_000_000)) {
                perform(work)
            }
            keep(edge)
        }
    }

    private func perform(_ work: ClusterWork) {
        guard let place = work.origin.members.firstIndex(where: { $0.name == work.member.name })
        else { return }
        if case .load = work.task { onLoad() }
        // A load may have read the disk when it began or when it ended.
        let early = world.dice.chance(50) ? disk : nil
        world.after(world.dice.delay(1_000...1_500_000)) { [self] in
            let now = Milliseconds(world.now / 1_000_000)
            switch work.task {
            case .load(let member):
                if sabotage != .liesOfLoads {
                    memories[place] = max(memories[place], early ?? disk)
                }
                world.note("server \(place) has read \(memories[place])", 24)
                work.cluster.loaded(member, failure: nil, at: now)
            case .check(let member, let asked):
                work.cluster.checked(
                    member, print(of: place), failure: nil, asked: asked, at: now)
            }
        }
    }

    /// Two catalogs in a row look the same in capabilities, as when a style's body is written.
    private func print(of place: Int) -> CatalogPrint {
        let isLie = sabotage == .liesOfLoads || sabotage == .passesUnseen
        let count = isLie ? 0 : changes.count { $0 <= memories[place] }
        return CatalogPrint(fingerprint: UInt64(count / 2), sequence: "\(count)")
    }
}

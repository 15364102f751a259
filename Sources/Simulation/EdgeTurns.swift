/// Turns the edge of a life, which a restart may replace in mid-turn, and counts.
final class EdgeTurns {
    private let world: World
    /// More than any life needs: a loop that has always something to do hangs.
    private let ticksMax: Int
    private let edge: () -> SimulatedEdge
    /// Turns of loops so far.
    private(set) var ticks = 0

    /// - Parameter edge: the one there is now; asked before each turn.
    init(_ world: World, ticksMax: Int, _ edge: @escaping () -> SimulatedEdge) {
        (self.world, self.ticksMax, self.edge) = (world, ticksMax, edge)
    }

    /// Lets happen what may happen, in an order that the dice decide, until `condition` is false
    /// or so much simulated time has passed.
    func turn(while condition: () -> Bool, seconds: UInt64) {
        let end = world.now + seconds * 1_000_000_000
        while condition(), world.now < end, ticks < ticksMax {
            guard let turn = edge().turn() else { return }
            if turn == .loop { ticks += 1 }
        }
        if ticks >= ticksMax { world.violate("a loop finds no rest") }
    }
}

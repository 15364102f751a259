/// One who asks the edge through connections of its own, until nothing is left to ask.
class Caller {
    final let fabric: Fabric
    private let loops: Int
    final var link: Link?
    /// Of the connection there is.
    final var reader = MessageReader()
    /// Requests that are still to be sent.
    final var left: Int
    private(set) final var isDone = false

    init(_ fabric: Fabric, loops: Int, requests: Int) {
        (self.fabric, self.loops, left) = (fabric, loops, requests)
    }

    /// Sees to a connection for the next request, or goes where there is none to be sent.
    ///
    /// - Parameters:
    ///   - peer: the caller itself.
    ///   - style: of a new connection.
    /// - Returns: whether there is something to ask.
    final func connects(_ peer: any Peer, _ style: LinkStyle) -> Bool {
        guard left > 0 else {
            isDone = true
            link?.peerClose()
            link = nil
            return false
        }
        if link == nil {
            reader = MessageReader()
            link = fabric.dial(fabric.world.dice.below(loops), style, peer)
        }
        return true
    }
}

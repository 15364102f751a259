/// A request that an origin has and that the edge has not yet got the answer of.
final class RunningFetch {
    let link: Link
    let began: UInt64
    /// How many bytes the edge has read of the connection when it has the whole answer.
    var end = Int.max

    init(_ link: Link) {
        self.link = link
        began = link.world.now
    }

    var isOver: Bool { link.isOver || link.toEdge.taken >= end }
}

/// What a viewer asked, and when.
struct Ask {
    var viewer: Int
    var method: String
    var resource: Resource
    /// Who or what language it is for: see ``Resource/body(_:_:)``.
    var variant: String
    /// What tells its answers from others, the coding included.
    var key: String
    var sentAt: UInt64
    var isConditional = false
    var isRange = false
    var takesGzip = false
    /// Says itself that a stale answer will do.
    var takesStale = false
    /// Wants nothing that is older than the question.
    var wantsNew = false
    /// Nothing in this world fails, so that nothing else than an answer will do.
    var mustSucceed: Bool
    /// What is sent, head and body.
    var bytes: [UInt8] = []
}

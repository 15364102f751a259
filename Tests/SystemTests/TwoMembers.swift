import WireTesting

/// An edge in front of a pool of two members that serve the same room.
struct TwoMembers {
    let first: Origin
    let second: Origin
    let rooms: [Room]
    let edge: Edge

    /// - Parameter pool: lines of the origin's section, such as `memberConcurrency: 1`.
    init(pool: [String] = [], arguments: [String] = []) throws {
        first = try Origin()
        second = try Origin()
        let room = first.room("pool")
        rooms = [room, second.room(named: room.name)]
        let text = Configured.text(members: [first.url, second.url], pool: pool)
        edge = try Edge(origin: nil, arguments: arguments, configuration: text)
    }

    func states() throws -> [String] { try members().compactMap { $0["state"]?.text } }

    /// The members as `/status` shows them.
    func members() throws -> [JSON] {
        let status = try JSON(edge.admin("/status").text)
        return status["origins"]?.elements.first?["members"]?.elements ?? []
    }
}

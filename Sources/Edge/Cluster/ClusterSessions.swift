/// Which member a session is at home at, by a hash of its cookie's value; bounded, pure.
struct ClusterSessions: Sendable {
    /// Sessions that are known at once; of more, those that were entered first are forgotten, and
    /// go to any member until that one sets a cookie of its own.
    static let limit = 16_384

    private var homes: [UInt64: Int] = [:]
    /// In the order of entry, from `oldest` on round to it.
    private var entered: [UInt64] = []
    private var oldest = 0

    var count: Int { homes.count }

    func home(of session: UInt64) -> Int? { homes[session] }

    /// The member has set the session's cookie.
    mutating func bind(_ session: UInt64, to member: Int) {
        if homes.updateValue(member, forKey: session) != nil { return }
        if entered.count < Self.limit {
            entered.append(session)
            return
        }
        homes[entered[oldest]] = nil
        entered[oldest] = session
        oldest = (oldest + 1) % Self.limit
    }

    /// The member has lost the session, which is at home nowhere now. Its place in the order stays
    /// taken until its turn comes.
    mutating func release(_ session: UInt64) { homes[session] = nil }

    mutating func releaseAll(of member: Int) {
        homes = homes.filter { $0.value != member }
    }

    /// The hash of a cookie's value, another one in each process, so that nobody can choose values
    /// that meet.
    static func hash(_ value: some Sequence<UInt8>) -> UInt64 {
        var hasher = Hasher()
        for byte in value { hasher.combine(byte) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

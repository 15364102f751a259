import Caching
import Edge

/// What a source says of a pool's members, and for how long.
struct SourceAnswer: Sendable, Equatable {
    var members: [DiscoveredMember]
    /// Milliseconds until it is to be asked again.
    var lease: Milliseconds
}

/// A source has no answer.
struct SourceFailure: Error, Sendable, Equatable {
    /// One line, with what to do.
    var text: String
    /// Milliseconds until it is asked again.
    var pause: Milliseconds
}

/// Where the members of a pool are told. Blocks while it is asked.
protocol MemberSource: Sendable {
    func ask() throws(SourceFailure) -> SourceAnswer
    /// Tells a group that a member may go on, or is being worked on; returns why it could not.
    func carryOut(_ order: Membership.Order) -> String?
}

extension MemberSource {
    func carryOut(_ order: Membership.Order) -> String? { nil }
}

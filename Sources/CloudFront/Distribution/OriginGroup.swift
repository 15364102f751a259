/// Two origins, the second of which is asked when the first one fails.
///
/// Source: CloudFront, "Optimizing high availability with CloudFront origin failover".
public struct OriginGroup: Sendable, Equatable {
    public var place: ConfigPlace
    public var id: String
    /// Always tried first, on every miss.
    public var primary: String
    public var secondary: String
    public var criteria: FailoverCriteria

    static func read(_ item: ConfigItem, _ log: FindingLog) -> OriginGroup {
        var fields = item.fields(log)
        defer { fields.finish() }
        let id = fields.requiredText("Id")
        if let criterion = fields.text("SelectionCriteria"), criterion != "default" {
            log.notEmulated(
                fields.place("SelectionCriteria"), "\(criterion) is not emulated",
                "the members are tried in order")
        }
        var statuses: Set<Int> = []
        if var criteria = fields.requiredMap("FailoverCriteria") {
            statuses = readStatuses(&criteria)
            criteria.finish()
        }
        let members = readMembers(&fields)
        return OriginGroup(
            place: fields.place, id: id, primary: members.first ?? "",
            secondary: members.last ?? "",
            criteria: FailoverCriteria(statuses: statuses))
    }

    private static func readStatuses(_ fields: inout ConfigFields) -> Set<Int> {
        let items = fields.items("StatusCodes")
        if items.isEmpty {
            fields.log.error(
                fields.place, "no status makes the group fail over",
                "list one of \(FailoverCriteria.words)")
        }
        var statuses: Set<Int> = []
        for item in items {
            guard let text = fields.text(of: item) else { continue }
            guard let status = Int(text), FailoverCriteria.allowed.contains(status) else {
                fields.log.error(
                    item.place, "\(text) cannot make a group fail over",
                    "list one of \(FailoverCriteria.words)")
                continue
            }
            statuses.insert(status)
        }
        return statuses
    }

    private static func readMembers(_ fields: inout ConfigFields) -> [String] {
        let items = fields.items("Members")
        let members = items.map { item in
            var member = item.fields(fields.log)
            defer { member.finish() }
            return member.requiredText("OriginId")
        }
        if members.count != 2 {
            fields.log.error(
                fields.place("Members"), "the group has \(members.count) members",
                "name two: the primary origin, then the secondary")
        }
        return members
    }
}

/// What makes a group ask its secondary origin.
public struct FailoverCriteria: Sendable, Equatable {
    public var statuses: Set<Int>

    public init(statuses: Set<Int>) { self.statuses = statuses }

    /// Source: CloudFront API Reference, "OriginGroupFailoverCriteria".
    public static let allowed = [400, 403, 404, 416, 429, 500, 502, 503, 504]

    static var words: String { allowed.map { String($0) }.joined(separator: ", ") }

    /// How asking the primary origin ended.
    public enum Outcome: Sendable, Equatable {
        case status(Int)
        /// No connection: counts as 503.
        case notConnected
        /// No connection in time: that is no connection, and it is late, too.
        case notConnectedInTime
        /// No answer in time: counts as 504.
        case timedOut
    }

    /// "CloudFront fails to connect to the primary origin (when 503 is set as a failover code)", or
    /// its response "takes too long (times out) (when 504 is set as a failover code)". The status
    /// that a viewer gets without a group, 502 or 504, is no matter of these. That a connection
    /// which timed out counts by 504 as well is our reading.

    public func failsOver(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .status(let status): statuses.contains(status)
        case .notConnected: statuses.contains(503)
        case .notConnectedInTime: statuses.contains(503) || statuses.contains(504)
        case .timedOut: statuses.contains(504)
        }
    }
}

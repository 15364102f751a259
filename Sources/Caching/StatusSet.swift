/// Statuses of which CloudFront's documentation does not say that they are cached, or that they
/// are not.
///
/// Those below 400 are kept as a 200 is, errors as a 404 is.
public struct StatusSet: OptionSet, Sendable, Equatable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// All that there may be in one.
    public static let all = [
        203, 204, 300, 401, 402, 406, 408, 409, 410, 411, 413, 417, 422, 425, 429, 431, 451, 505,
        507, 511,
    ]

    /// What is kept unless somebody says otherwise: those that HTTP lets every cache keep, and 410,
    /// which the documentation names once beside 404.
    public static let standard = StatusSet([203, 204, 300, 410])

    /// What is not in ``all`` is left out.
    public init(_ statuses: [Int]) {
        self = []
        for status in statuses { formUnion(Self.bit(of: status)) }
    }

    /// Whether a response with that status is kept.
    public func contains(status: Int) -> Bool {
        !isDisjoint(with: Self.bit(of: status))
    }

    private static func bit(of status: Int) -> StatusSet {
        guard let index = all.firstIndex(of: status) else { return [] }
        return StatusSet(rawValue: 1 << UInt32(index))
    }
}

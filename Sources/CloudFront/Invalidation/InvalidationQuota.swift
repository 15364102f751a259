/// What is in progress for one distribution, and what may still be added.
///
/// Source: CloudFront, "Quotas on invalidations".
public struct InvalidationQuota: Sendable, Equatable {
    /// Items without a star at their end, tags included.
    public var paths: Int
    public var wildcards: Int

    public static var pathsMax: Int { 3_000 }
    public static var wildcardsMax: Int { 15 }

    public init(paths: Int = 0, wildcards: Int = 0) {
        self.paths = paths
        self.wildcards = wildcards
    }

    /// Counts the items of a batch that is in progress.
    public mutating func count(_ items: [String]) {
        let stars = items.count { InvalidationPath.isWildcard($0) }
        wildcards += stars
        paths += items.count - stars
    }

    /// Counts a batch in, or says which quota stands against it.
    public mutating func add(_ batch: InvalidationBatch) throws(APIError) {
        var sum = self
        sum.count(batch.items)
        if sum.wildcards > max(wildcards, Self.wildcardsMax) {
            throw .tooManyInProgress("wildcard ")
        }
        if sum.paths > max(paths, Self.pathsMax) { throw .tooManyInProgress("") }
        self = sum
    }
}

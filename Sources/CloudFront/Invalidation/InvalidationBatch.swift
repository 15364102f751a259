/// What CreateInvalidation is asked for. Source: CloudFront API Reference, "InvalidationBatch".
public struct InvalidationBatch: Sendable, Equatable {
    /// As they were given, for the answers of the API.
    public var paths: [String]
    public var callerReference: String
    /// What they mean, in the same order.
    public var targets: [InvalidationPath]

    /// Items that one request may have.
    public static var pathLimit: Int { 3_000 }

    /// Checks paths from a command line or a program.
    public init(paths: [String], callerReference: String) throws(APIError) {
        guard !paths.isEmpty, !callerReference.isEmpty else {
            throw APIError(
                .invalidArgument, "Your request contains empty paths or no caller reference.")
        }
        guard paths.count <= Self.pathLimit else {
            throw APIError(
                .batchTooLarge,
                "Your request has \(paths.count) paths; the most is \(Self.pathLimit).")
        }
        self.paths = paths
        self.callerReference = callerReference
        targets = []
        for path in paths { targets.append(try InvalidationPath(path)) }
    }

    /// Reads an InvalidationBatch, or a document that holds one.
    public static func read(_ document: ConfigNode) throws(APIError) -> InvalidationBatch {
        let log = FindingLog()
        var fields = ConfigFields(
            document["InvalidationBatch"] ?? document, "InvalidationBatch", log)
        let paths = fields.requiredMap("Paths").map { given in
            var list = given
            return list.texts()
        }
        let reference = fields.requiredText("CallerReference")
        if let error = APIError(log.findings) { throw error }
        return try InvalidationBatch(paths: paths ?? [], callerReference: reference)
    }

    /// What a caller reference that was used before means.
    public enum Reuse: Sendable, Equatable {
        /// Nobody used it.
        case fresh
        /// The same request again: answer the earlier invalidation, which has this index.
        case same(Int)
        /// Another request under the same name.
        case conflict
    }

    /// Compares with the earlier batches of the distribution; their paths count as a set.
    public func reuse(of earlier: [InvalidationBatch]) -> Reuse {
        guard let index = earlier.firstIndex(where: { $0.callerReference == callerReference })
        else { return .fresh }
        return Set(earlier[index].paths) == Set(paths) ? .same(index) : .conflict
    }

    /// What `conflict` is answered with.
    public static var reusedReference: APIError {
        APIError(
            .invalidArgument,
            "Your request contains a caller reference that was used for a previous invalidation "
                + "batch for the same distribution.")
    }
}

/// What is in progress for one distribution, and what may still be added.
///
/// Source: CloudFront, "Quotas on invalidations".
public struct InvalidationQuota: Sendable, Equatable {
    /// Items without a star at their end, tags included.
    public var paths: Int
    public var wildcards: Int

    public static var pathLimit: Int { 3_000 }
    public static var wildcardLimit: Int { 15 }

    public init(paths: Int = 0, wildcards: Int = 0) {
        self.paths = paths
        self.wildcards = wildcards
    }

    /// Counts a batch in, or says which quota stands against it.
    public mutating func add(_ batch: InvalidationBatch) throws(APIError) {
        let stars = batch.targets.count { $0.isWildcard }
        let others = batch.targets.count - stars
        if stars > 0, wildcards + stars > Self.wildcardLimit { throw Self.exceeded("wildcard ") }
        if others > 0, paths + others > Self.pathLimit { throw Self.exceeded("") }
        wildcards += stars
        paths += others
    }

    /// Takes out a batch that is completed.
    public mutating func remove(_ batch: InvalidationBatch) {
        let stars = batch.targets.count { $0.isWildcard }
        wildcards = max(0, wildcards - stars)
        paths = max(0, paths - (batch.targets.count - stars))
    }

    private static func exceeded(_ kind: String) -> APIError {
        APIError(
            .tooManyInvalidationsInProgress,
            "Processing your request will cause you to exceed the maximum number of in-progress "
                + "\(kind)invalidations.")
    }
}

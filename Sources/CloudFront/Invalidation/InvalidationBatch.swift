/// What CreateInvalidation is asked for. Source: CloudFront API Reference, "InvalidationBatch".
public struct InvalidationBatch: Sendable, Equatable {
    /// As they were given, for the answers of the API.
    public var items: [String]
    public var callerReference: String
    /// What they mean, in the same order.
    public var targets: [InvalidationPath]

    /// Items that one request may have.
    public static var itemsMax: Int { 3_000 }

    /// Checks paths, and tags that begin with `#`, from a command line or a program.
    public init(_ items: [String], callerReference: String) throws(APIError) {
        guard items.count <= Self.itemsMax else { throw .batchTooLarge }
        guard !callerReference.isEmpty else {
            throw .invalidArgument("The CallerReference is missing.")
        }
        guard !items.isEmpty else {
            throw .invalidArgument("Your request contains no invalidation paths.")
        }
        self.items = items
        self.callerReference = callerReference
        targets = []
        for item in items { targets.append(try InvalidationPath(item)) }
    }

    /// Reads an `InvalidationBatch` element.
    public init(_ node: ConfigNode) throws(APIError) {
        guard let paths = node["Paths"], paths.text("Quantity") != nil else {
            throw .malformedXML("The element Paths with its Quantity is missing.")
        }
        guard let nodes = paths.items else { throw .inconsistentQuantities }
        let items = nodes.compactMap(\.scalar)
        guard items.count == nodes.count else { throw .malformedXML("A Path is no text.") }
        try self.init(items, callerReference: node.text("CallerReference") ?? "")
    }

    /// Whether an earlier batch, which had the same reference, asked for the same: then this is
    /// that one again. The items count as a set, unless their order is to count: CloudFront does
    /// not say.
    public func isSame(as earlier: [String], inOrder: Bool = false) -> Bool {
        inOrder ? items == earlier : Set(items) == Set(earlier)
    }
}

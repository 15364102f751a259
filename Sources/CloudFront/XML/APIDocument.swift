/// A document of CloudFront's API: the name of its root element and what is in it.
///
/// The node has the shape of the JSON that `aws cloudfront get-...` prints, so that one reader
/// serves both: a list is `{"Quantity": "2", "Items": [...]}`, without `Items` when it is empty.
public struct APIDocument: Equatable, Sendable {
    /// What every document of the API lies in.
    public static var namespace: String { "http://cloudfront.amazonaws.com/doc/2020-05-31/" }

    /// The root's local name: `DistributionConfig`.
    public var root: String
    public var node: ConfigNode

    public init(root: String, _ node: ConfigNode) {
        self.root = root
        self.node = node
    }
}

/// Why a document is no document of the API, and where.
public struct APIDocumentError: Error, Equatable, Sendable, CustomStringConvertible {
    public var problem: String
    /// Both from 1.
    public var line: Int
    public var column: Int

    /// `line 1, column 20: the element "Id" is repeated`
    public var description: String { "line \(line), column \(column): \(problem)" }
}

/// How much of a document a scanner takes. What is larger is refused as soon as that is certain,
/// so that a scanner's own memory is bounded by these numbers and not by the sender.
public struct XMLLimits: Equatable, Sendable {
    /// Most elements open at a time.
    public var depth: Int
    /// Longest qualified name, in bytes.
    public var nameBytes: Int
    /// Most attributes of one element, declarations of namespaces included.
    public var attributeCount: Int
    /// Longest attribute value after decoding, in bytes.
    public var attributeBytes: Int
    /// Longest run of text between two tags after decoding, in bytes.
    public var textBytes: Int
    /// Longest piece in which text is told, in bytes; a character more completes the last one.
    public var pieceBytes: Int
    /// Longest document, in bytes as received.
    public var documentBytes: Int
    /// Longest document type declaration that is passed over unread, in bytes; 0: there may be
    /// none. Nothing that it declares is known afterwards.
    public var documentTypeBytes: Int

    /// Limits of the given sizes.
    public init(
        depth: Int, nameBytes: Int, attributeCount: Int, attributeBytes: Int, textBytes: Int,
        pieceBytes: Int, documentBytes: Int, documentTypeBytes: Int = 0
    ) {
        self.depth = depth
        self.nameBytes = nameBytes
        self.attributeCount = attributeCount
        self.attributeBytes = attributeBytes
        self.textBytes = textBytes
        self.pieceBytes = pieceBytes
        self.documentBytes = documentBytes
        self.documentTypeBytes = documentTypeBytes
    }

    /// What suits a document that is held whole: a request to a control API, an exception report.
    public static var document: XMLLimits {
        XMLLimits(
            depth: 64, nameBytes: 256, attributeCount: 64, attributeBytes: 8_192,
            textBytes: 65_536, pieceBytes: 8_192, documentBytes: 1 << 20)
    }

    /// What suits a document that streams by, such as a WFS transaction with large geometries.
    public static var stream: XMLLimits {
        XMLLimits(
            depth: 256, nameBytes: 256, attributeCount: 64, attributeBytes: 16_384,
            textBytes: 64 << 20, pieceBytes: 8_192, documentBytes: 256 << 20)
    }
}

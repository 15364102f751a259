/// The name of an element or attribute (Namespaces in XML 1.0 §4). Prefixes are split off and not
/// resolved: whoever must tell namespaces apart reads the `xmlns` attributes.
public struct XMLName: Equatable, Sendable {
    /// As written: `gml:posList`.
    public let qualified: String
    /// What stands before the colon; nil without one.
    public let prefix: String?
    /// What stands behind the colon, or all of it.
    public let local: String

    init(_ qualified: String, prefix: String?, local: String) {
        self.qualified = qualified
        self.prefix = prefix
        self.local = local
    }
}

/// One attribute of a start tag, its references decoded and its line ends and tabs made spaces
/// (XML 1.0 §3.3.3, for attributes without a declared type).
public struct XMLAttribute: Equatable, Sendable {
    public let name: XMLName
    public let value: String
}

/// What a start tag says.
public struct XMLElement: Equatable, Sendable {
    public let name: XMLName
    /// In the order of the document; no two have the same qualified name.
    public let attributes: [XMLAttribute]

    /// The value of the first attribute of that local name, whatever its prefix.
    public subscript(local: String) -> String? {
        attributes.first { $0.name.local == local }?.value
    }

    /// The value of the attribute of that name without a prefix, which no namespace claims
    /// (Namespaces in XML 1.0 §6.2): what a server looks for that is not asked for another's.
    public func unprefixed(_ name: String) -> String? {
        attributes.first { $0.name.prefix == nil && $0.name.local == name }?.value
    }
}

/// A place in a document. Both count from 1; a column is a character, not a byte.
public struct XMLPosition: Equatable, Sendable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// What one look at the bytes of a document brought.
public struct XMLStep: Equatable, Sendable {
    public enum Event: Equatable, Sendable {
        /// A start tag. For `<a/>` the end follows in the next step.
        case start(XMLElement)
        case end(XMLName)
        /// Text within an element, never empty, white space included. A long run comes in several
        /// pieces; where they are cut depends on the limits and on how the input is cut.
        case text(String)
        /// The input holds nothing more to tell.
        case needMore
    }

    /// Bytes at the start of the input that are done with: all of them before `needMore`.
    public var consumed: Int
    public var event: Event
    /// Where the tag, or this piece of text, began.
    public var position: XMLPosition

    public init(consumed: Int, event: Event, position: XMLPosition) {
        self.consumed = consumed
        self.event = event
        self.position = position
    }
}

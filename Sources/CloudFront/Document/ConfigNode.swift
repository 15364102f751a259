/// A configuration document as its reader found it, whatever it was written in: JSON and YAML come
/// from `Control`, and so does the XML of the API. Each node knows its place, for error messages.
public struct ConfigNode: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case null
        /// Text, number or boolean, as written: `"60"`, `"true"`, `"E2QWRUHAPOMQZL"`.
        case scalar(String)
        case list([ConfigNode])
        /// In the order of the document.
        case map([Member])
    }

    public struct Member: Sendable, Equatable {
        public var key: String
        public var value: ConfigNode

        public init(_ key: String, _ value: ConfigNode) {
            self.key = key
            self.value = value
        }
    }

    public var content: Content
    /// From 1; 0 where the document has no lines.
    public var line: Int
    public var column: Int

    public init(_ content: Content, line: Int = 0, column: Int = 0) {
        self.content = content
        self.line = line
        self.column = column
    }

    /// The first member of that name; nil where there is none, or this is no map.
    public subscript(key: String) -> ConfigNode? {
        guard case .map(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }
}

public import HTTP

extension APIDocument {
    /// What a document of the API may measure: 3,000 paths of 4,000 characters and their markup.
    public static var limits: XMLLimits {
        var limits = XMLLimits.document
        limits.documentBytes = 16 << 20
        return limits
    }

    /// Reads a whole document.
    ///
    /// Prefixes, namespaces and attributes are ignored, the order of children is free. An element
    /// called `Items` becomes the list of its children, whatever they are called, and so does one
    /// whose first child is called `member`; one with other children becomes a map; any other is
    /// its text, "" when it is empty. White space around elements is no text.
    ///
    /// - Throws: if it is no XML, if text and elements are mixed, or if an element is repeated
    ///   where it is no item.
    public init(parsing bytes: RawSpan, limits: XMLLimits) throws(APIDocumentError) {
        var reader = DocumentReader()
        do throws(XMLError) {
            var scanner = XMLScanner(limits: limits)
            var at = 0
            while true {
                let step = try scanner.next(bytes.extracting(at..<bytes.byteCount))
                if step.event == .needMore { break }
                at += step.consumed
                reader.take(step)
                if reader.failure != nil { break }
            }
            if reader.failure == nil { try scanner.finish() }
        } catch {
            throw APIDocumentError(error)
        }
        if let failure = reader.failure { throw failure }
        self.init(root: reader.root, reader.node)
    }
}

extension APIDocumentError {
    init(_ error: XMLError) {
        self.init("\(error.problem)", error.position)
    }

    init(_ problem: String, _ position: XMLPosition) {
        self.problem = problem
        line = position.line
        column = position.column
    }
}

/// Puts nodes together from the inside out.
private struct DocumentReader {
    /// An element whose end was not seen yet.
    private struct Open {
        let name: String
        let position: XMLPosition
        var text = ""
        var children: [ConfigNode.Member] = []
        /// The names of the children, unless this is a list.
        var names: Set<String> = []

        var isList: Bool { name == "Items" || children.first?.key == "member" }

        /// What it became; nil if it mixes text and elements.
        var node: ConfigNode? {
            let hasText = text.contains { !$0.isWhitespace }
            if hasText, !children.isEmpty || isList { return nil }
            let content: ConfigNode.Content =
                if isList {
                    .list(children.map(\.value))
                } else if children.isEmpty {
                    .scalar(text)
                } else {
                    .map(children)
                }
            return ConfigNode(content, line: position.line, column: position.column)
        }
    }

    private(set) var root = ""
    private(set) var node = ConfigNode(.null)
    private(set) var failure: APIDocumentError?
    private var open: [Open] = []
    private var elements = 0
    /// Most elements of a document; an invalidation of 3,000 paths has 3,005.
    private static var elementsMax: Int { 65_536 }

    mutating func take(_ step: XMLStep) {
        switch step.event {
        case .start(let element):
            elements += 1
            if elements > Self.elementsMax {
                note("the document has more than \(Self.elementsMax) elements", step.position)
            }
            open.append(Open(name: element.name.local, position: step.position))
        case .text(let piece): open[open.count - 1].text += piece
        case .end: close()
        case .needMore: break
        }
    }

    private mutating func close() {
        let element = open.removeLast()
        let node = element.node ?? ConfigNode(.null)
        if element.node == nil {
            note("the element \"\(element.name)\" holds text beside elements", element.position)
        }
        guard let parent = open.indices.last else {
            root = element.name
            self.node = node
            return
        }
        if !open[parent].isList, !open[parent].names.insert(element.name).inserted {
            note("the element \"\(element.name)\" is repeated", element.position)
        }
        open[parent].children.append(ConfigNode.Member(element.name, node))
    }

    private mutating func note(_ problem: String, _ position: XMLPosition) {
        if failure == nil { failure = APIDocumentError(problem, position) }
    }
}

import CloudFront

/// Writes block YAML; every text in it is quoted as JSON does, which YAML 1.2 reads alike.
struct YAMLText {
    private(set) var text = ""

    mutating func line(_ depth: Int, _ content: String) {
        text += String(repeating: "  ", count: depth) + content + "\n"
    }

    mutating func member(_ depth: Int, _ name: String, _ value: String) {
        line(depth, "\(Self.key(name)): \(Self.quoted(value))")
    }

    mutating func member(_ depth: Int, _ name: String, _ value: some BinaryInteger) {
        line(depth, "\(Self.key(name)): \(value)")
    }

    /// Fields below a name; those of one name are a list.
    mutating func fields(_ depth: Int, _ name: String, _ fields: [(name: String, value: String)]) {
        guard !fields.isEmpty else { return }
        line(depth, "\(name):")
        var written: Set<String> = []
        for field in fields where written.insert(field.name.lowercased()).inserted {
            let values = fields.filter { $0.name.lowercased() == field.name.lowercased() }
            if values.count == 1 {
                member(depth + 1, field.name, field.value)
            } else {
                let list = values.map { Self.quoted($0.value) }.joined(separator: ", ")
                line(depth + 1, "\(Self.key(field.name)): [\(list)]")
            }
        }
    }

    /// A document, as a value below what was written last.
    mutating func node(_ depth: Int, _ node: ConfigNode) {
        switch node.content {
        case .null: line(depth, "~")
        case .scalar(let text): line(depth, Self.quoted(text))
        case .map(let members):
            for member in members { self.member(depth, member.key, member.value) }
        case .list(let items):
            for item in items { element(depth, item) }
        }
    }

    private mutating func member(_ depth: Int, _ key: String, _ value: ConfigNode) {
        switch value.content {
        case .null: line(depth, "\(Self.key(key)): ~")
        case .scalar(let text): member(depth, key, text)
        case .map(let members) where members.isEmpty: line(depth, "\(Self.key(key)): {}")
        case .list(let items) where items.isEmpty: line(depth, "\(Self.key(key)): []")
        case .map, .list:
            line(depth, "\(Self.key(key)):")
            node(depth + 1, value)
        }
    }

    private mutating func element(_ depth: Int, _ item: ConfigNode) {
        var inner = YAMLText()
        switch item.content {
        case .map(let members) where members.isEmpty: inner.line(depth + 1, "{}")
        case .list(let items) where items.isEmpty: inner.line(depth + 1, "[]")
        default: inner.node(depth + 1, item)
        }
        // The dash takes the place of the first line's indentation.
        let lead = String(repeating: "  ", count: depth)
        text += lead + "- " + inner.text.dropFirst(lead.utf8.count + 2)
    }

    static func quoted(_ text: String) -> String { JSON.text(text).encoded }

    /// Plain where no reader could take it for anything else.
    static func key(_ name: String) -> String {
        let isPlain =
            name.first?.isLetter == true
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || $0 == 0x2D
            }
        return isPlain
            && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
                .contains(name.lowercased())
            ? name : quoted(name)
    }
}

package import HTTP

/// The texts of a document of a REST interface, each with the names of the elements it stands in.
package struct ResourceValues {
    /// In the order of the document, white space reduced; empty ones are left out, but for names
    /// and values of pairs and what a group publishes.
    package private(set) var all: [(path: String, text: String)] = []
    /// The local name of the outermost element; nil: none has begun.
    package private(set) var root: String?
    private let most: Int
    private let keepsEmpty: Bool
    /// The local names of the open elements.
    private var path: [String] = []
    private var text = ""

    /// Deeper than this no text is kept.
    private static var depthMax: Int { 6 }

    /// - Parameters:
    ///   - most: texts that are kept.
    ///   - keepsEmpty: all that are empty, too.
    package init(atMost most: Int = .max, keepsEmpty: Bool = false) {
        (self.most, self.keepsEmpty) = (most, keepsEmpty)
    }

    /// There may have been more than are kept.
    package var isFull: Bool { all.count >= most }

    package mutating func take(_ event: XMLStep.Event) {
        switch event {
        case .start(let element):
            path.append(element.name.local)
            if root == nil { root = path[0] }
            if let name = element.unprefixed("resource") { add(name, at: path + ["@resource"]) }
            text = ""
        case .text(let piece): if path.count <= Self.depthMax { text += piece }
        case .end:
            add(text, at: path)
            path.removeLast()
            text = ""
        case .needMore: break
        }
    }

    /// Takes in the text of an element that stands in these, the last being its own name.
    mutating func add(_ text: String, at path: [String]) {
        let value = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let isPaired = path.suffix(2) == ["entry", "string"]
        let isPublished = path.count > 1 && path[path.count - 2] == "publishables"
        guard !value.isEmpty || keepsEmpty || isPaired || isPublished, !isFull else { return }
        all.append((path.joined(separator: "/"), value))
    }

    package func values(at path: String) -> [String] {
        all.filter { $0.path == path }.map(\.text)
    }

    /// The only value at a path; nil if there is none, or several.
    package func value(at path: String) -> String? {
        let found = values(at: path)
        return found.count == 1 ? found[0] : nil
    }

    /// What `entry/string` are in turn below a path: names, in capitals, and values, of which
    /// either may be empty. nil: they are no pairs, or a name has two values, of which a server
    /// takes one or the other.
    package func pairs(at path: String) -> [String: String]? {
        let texts = values(at: "\(path)/entry/string")
        guard texts.count.isMultiple(of: 2) else { return nil }
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: texts.count, by: 2) {
            guard pairs.updateValue(texts[index + 1], forKey: texts[index].uppercased()) == nil
            else { return nil }
        }
        return pairs
    }
}

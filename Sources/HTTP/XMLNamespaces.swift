/// The namespaces in scope at a place of a document (Namespaces in XML 1.0 §6).
///
/// Bounded: declarations of the open elements may be so many, and take so many bytes together, that
/// elements that each declare some cannot fill memory, and that a look for a prefix, which passes
/// all of them when it is not declared, stays short.
public struct XMLNamespaces: Sendable {
    private struct Binding: Sendable {
        /// Empty for the default namespace.
        var prefix: String
        var uri: String
        /// Of the element that declares it; the root's is 1.
        var depth: Int
    }

    private var bindings: [Binding] = []
    private var depth = 0
    private var byteCount = 0
    private let byteLimit: Int

    /// Most declarations in scope: twice what one element may have (`XMLLimits.attributeCount`).
    public static var countLimit: Int { 128 }

    /// Nothing is declared yet.
    ///
    /// - Parameter byteLimit: the most that prefixes and URIs in scope may take together.
    public init(byteLimit: Int = 65_536) {
        self.byteLimit = byteLimit
    }

    /// Enters an element.
    ///
    /// - Throws: when there is more declared than is kept.
    public mutating func begin(_ element: XMLElement) throws(XMLError.Problem) {
        depth += 1
        for attribute in element.attributes {
            let prefix: String
            if attribute.name.prefix == "xmlns" {
                prefix = attribute.name.local
            } else if attribute.name.prefix == nil, attribute.name.local == "xmlns" {
                prefix = ""
            } else {
                continue
            }
            byteCount += prefix.utf8.count + attribute.value.utf8.count + 32
            guard byteCount <= byteLimit else { throw .namespacesTooLong(limit: byteLimit) }
            guard bindings.count < Self.countLimit else {
                throw .tooManyNamespaces(limit: Self.countLimit)
            }
            bindings.append(Binding(prefix: prefix, uri: attribute.value, depth: depth))
        }
    }

    /// Leaves the element that was entered last.
    public mutating func end() {
        while let last = bindings.last, last.depth == depth {
            byteCount -= last.prefix.utf8.count + last.uri.utf8.count + 32
            bindings.removeLast()
        }
        depth = max(depth - 1, 0)
    }

    /// The namespace that a prefix stands for; `nil` for the prefix is the default namespace.
    ///
    /// Empty where there is none; nil for a prefix that is not declared.
    public func uri(ofPrefix prefix: String?) -> String? {
        if prefix == "xml" { return "http://www.w3.org/XML/1998/namespace" }
        if let found = bindings.last(where: { $0.prefix == prefix ?? "" }) { return found.uri }
        return prefix == nil ? "" : nil
    }
}

import Caching
import Edge
import HTTP

/// Reads from the site's own list of its layers which of them a number is. Blocking; bounded in
/// documents and numbers.
///
/// A list is the first one in each document, with objects that have a `pk` or an `id`, and an
/// `alternate` or a `typename`; the next document is what `links.next`, `meta.next` or `next` lead
/// to. Source: GeoNode 4, `api/v2/datasets`; GeoNode 2 and 3, `api/layers`.
struct LayerNumberReader {
    /// Most documents that are asked for.
    static let documentLimit = 1_000
    /// Most layers of which the numbers are kept.
    static let numberLimit = 100_000

    let ask: CatalogueReader.Ask

    /// - Parameter path: of the first document, with its query.
    func read(_ path: String) throws(MemberClient.Failure) -> [String: LayerName] {
        var numbers: [String: LayerName] = [:]
        var asked: Set<String> = []
        var next: String? = path
        while let path = next {
            guard asked.insert(path).inserted, asked.count <= Self.documentLimit,
                numbers.count <= Self.numberLimit
            else { throw MemberClient.Failure("its list of layers does not end") }
            let document = try ask(path)
            Self.take(document, &numbers)
            next = Self.next(in: document)
        }
        return numbers
    }

    private static func take(_ document: [UInt8], _ numbers: inout [String: LayerName]) {
        var members: [String: String] = [:]
        JSONMember.forEach(in: document) { names, value in
            guard names.count == 3, names[1].isEmpty else { return true }
            guard !value.isEmpty else {
                // The object is over.
                let (number, name) = (
                    members["pk"] ?? members["id"], members["alternate"] ?? members["typename"]
                )
                members = [:]
                guard let number, let name = name.map({ LayerName($0) }), name.workspace != nil
                else { return true }
                numbers[number] = name
                return true
            }
            let key = String(decoding: names[2], as: UTF8.self)
            if ["pk", "id", "alternate", "typename"].contains(key) {
                members[key] = JSONMember.text(of: value)
            }
            return true
        }
    }

    /// The path of the next document, whatever host it is said to be at.
    private static func next(in document: [UInt8]) -> String? {
        for path in [["links", "next"], ["meta", "next"], ["next"]] {
            guard var target = JSONMember.text(at: path, in: document)?[...] else { continue }
            for scheme in ["http://", "https://"] where target.hasPrefix(scheme) {
                target = target.dropFirst(scheme.count).drop { $0 != "/" }
            }
            return target.hasPrefix("/") ? String(target) : nil
        }
        return nil
    }
}

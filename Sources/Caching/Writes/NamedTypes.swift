import HTTP
import Tiles

/// The feature types that a transaction by parameters names: `REQUEST=Transaction` with TYPENAME
/// (OGC 04-094 §14.7.7) or TYPENAMES (09-025r2), and with FEATUREID or RESOURCEID, of which each
/// begins with a type's name.
enum NamedTypes {
    /// What it touches: all that shows one of them, which is nothing where it names a feature only
    /// that there is none of (`FilterReader.probe`); nil: not all of its types are told.
    ///
    /// - Parameters:
    ///   - parameters: all that come with it, in the query and in a form. Of several of a name
    ///     servers take one or the other, so that each counts.
    ///   - workspace: the one that the path is confined to; nil: none.
    static func scope(of parameters: [[UInt8]], _ workspace: String?) -> WriteScope? {
        var (texts, ids): ([String], [String]) = ([], [])
        var (declaresPrefixes, selectsByIDs) = (false, true)
        for bytes in parameters {
            let query = unsafe bytes.span.bytes
            var walk = QueryParameters()
            while let parameter = walk.next(in: query) {
                let name = query.extracting(parameter.name)
                let text = decodedText(query.extracting(parameter.value))
                if spells(name, "namespace", "namespaces") {
                    declaresPrefixes = true
                } else if spells(name, "featureid", "resourceid") {
                    ids += text.split { ",()".contains($0) }.map { String($0) }
                } else if spells(name, "typename", "typenames") {
                    texts.append(text)
                } else if spells(name, "filter", "bbox", "cql_filter") {
                    selectsByIDs = false
                }
            }
        }
        // What it may select beside them is not known.
        if selectsByIDs, !ids.isEmpty, ids.allSatisfy({ $0 == FilterReader.probe }) {
            return WriteScope()
        }
        // An id has its own type, which a server may take in place of the named one.
        let namesTypes = !texts.isEmpty
        for id in ids where id != FilterReader.probe {
            guard let point = id.lastIndex(of: ".") else {
                if !namesTypes { return nil }
                continue
            }
            let type = LayerName(String(id[..<point])).name
            let isNamed = texts.contains { text in
                text.split { ",() ".contains($0) }.contains { LayerName(String($0)).name == type }
            }
            if !isNamed { texts.append(String(id[..<point])) }
        }
        var scope = WriteScope()
        for text in texts {
            // Lists in parentheses, one for each of several actions.
            let names = text.split { ",()".contains($0) }
            guard !names.isEmpty else { return nil }
            for name in names {
                guard let layer = layer(name, workspace, declaresPrefixes) else { return nil }
                scope.insert(WriteScope.Part(.layer(layer), .edited))
            }
        }
        return scope.isEmpty ? nil : scope
    }

    private static func spells(_ name: RawSpan, _ words: StaticString...) -> Bool {
        for word in words where PercentCoding.spells(name, word) { return true }
        return false
    }

    private static func layer(
        _ text: Substring, _ workspace: String?, _ declaresPrefixes: Bool
    ) -> LayerName? {
        let name = String(
            text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        // Of other letters nobody says in which encoding they are; a star may stand for any.
        guard name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !name.contains("*"),
            !name.contains("/")
        else { return nil }
        var layer = LayerName(name)
        guard !layer.name.isEmpty, !layer.name.contains(":") else { return nil }
        let isAgreed = layer.workspace == nil || workspace == nil || layer.workspace == workspace
        layer.workspace = isAgreed && !declaresPrefixes ? layer.workspace ?? workspace : nil
        return layer
    }
}

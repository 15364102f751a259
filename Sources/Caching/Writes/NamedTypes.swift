import HTTP
import Tiles

/// The feature types that a transaction by parameters names: `REQUEST=Transaction` with TYPENAME
/// (OGC 04-094 §14.7.7) or TYPENAMES (09-025r2).
enum NamedTypes {
    /// What it touches: all that shows one of them; nil: not all of its types are told.
    ///
    /// - Parameters:
    ///   - parameters: all that come with it, in the query and in a form. Of several of a name
    ///     servers take one or the other, so that each counts.
    ///   - workspace: the one that the path is confined to; nil: none.
    static func scope(of parameters: [[UInt8]], _ workspace: String?) -> WriteScope? {
        var (texts, declaresPrefixes): ([String], Bool) = ([], false)
        for bytes in parameters {
            let query = unsafe bytes.span.bytes
            var walk = QueryParameters()
            while let parameter = walk.next(in: query) {
                let name = query.extracting(parameter.name)
                if PercentCoding.spells(name, "namespace")
                    || PercentCoding.spells(name, "namespaces")
                {
                    declaresPrefixes = true
                } else if PercentCoding.spells(name, "featureid")
                    || PercentCoding.spells(name, "resourceid")
                {
                    // An id has its own type, which a server may take in place of the named one.
                    return nil
                } else if PercentCoding.spells(name, "typename")
                    || PercentCoding.spells(name, "typenames")
                {
                    texts.append(decodedText(query.extracting(parameter.value)))
                }
            }
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

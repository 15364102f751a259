import Caching
import Edge
import HTTP

/// Reads from GeoServer's REST interface what decides how far a write reaches: whose namespaces are
/// which workspaces', and which groups have which layers. Blocking; bounded in documents and bytes.
///
/// Source: GeoServer user manual, "REST": namespaces, layergroups.
struct CatalogueReader {
    /// Asks for a document below the REST path; throws when there is none.
    typealias Ask = (_ path: String) throws(MemberClient.Failure) -> [UInt8]

    /// Most documents that are asked for; a catalogue with more is not read.
    static let documentLimit = 4_000

    private let ask: Ask
    private var asked = 0

    init(_ ask: @escaping Ask) { self.ask = ask }

    mutating func read() throws(MemberClient.Failure) -> WriteCatalogue {
        var catalogue = WriteCatalogue()
        let workspaces = try document("/namespaces.xml").values(at: "namespaces/namespace/name")
        for workspace in workspaces {
            let found = try document("/namespaces/\(Self.encoded(workspace)).xml")
            for uri in found.values(at: "namespace/uri") { catalogue.workspaces[uri] = workspace }
        }
        try readGroups(nil, &catalogue)
        for workspace in workspaces { try readGroups(workspace, &catalogue) }
        return catalogue
    }

    private mutating func readGroups(
        _ workspace: String?, _ catalogue: inout WriteCatalogue
    ) throws(MemberClient.Failure) {
        let place = workspace.map { "/workspaces/\(Self.encoded($0))" } ?? ""
        let names = try document("\(place)/layergroups.xml")
            .values(at: "layerGroups/layerGroup/name")
        for name in names {
            let found = try document("\(place)/layergroups/\(Self.encoded(name)).xml")
            // 2.x calls them published, older ones layers.
            let members =
                found.values(at: "layerGroup/publishables/published/name")
                + found.values(at: "layerGroup/layers/layer/name")
                // Of an Earth Observation tree; a group of one.
                + found.values(at: "layerGroup/rootLayer/name")
            let group = LayerName(workspace: workspace, name)
            catalogue.groups[group] = members.map { member in
                var layer = LayerName(member)
                if layer.workspace == nil { layer.workspace = workspace }
                return layer
            }
        }
    }

    private mutating func document(
        _ path: String
    ) throws(MemberClient.Failure) -> ResourceValues {
        asked += 1
        guard asked <= Self.documentLimit else {
            throw MemberClient.Failure("its catalogue has too many workspaces and groups")
        }
        let bytes = try ask(path)
        guard let document = ResourceValues(bytes) else {
            throw MemberClient.Failure("\(path) is no XML that can be read")
        }
        return document
    }

    /// A name as a segment of a path.
    static func encoded(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            let letter = Character(UnicodeScalar(byte))
            if letter.isASCII, letter.isLetter || letter.isNumber || "-._~".contains(letter) {
                text.append(letter)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return text
    }
}

extension ResourceValues {
    /// Those of a whole document; nil: it is not whole, or no XML.
    init?(_ bytes: [UInt8]) {
        self.init()
        var stream = XMLStream(limits: .document)
        unsafe stream.append(bytes.span.bytes)
        stream.close()
        do throws(XMLError) {
            while let event = try stream.next() { take(event) }
            try stream.finish()
        } catch { return nil }
    }
}

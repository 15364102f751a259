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
        // Isolated workspaces may share a namespace: which of them is meant it does not tell.
        var shared: Set<String> = []
        for workspace in workspaces {
            let found = try document("/namespaces/\(Self.encoded(workspace)).xml")
            for uri in found.values(at: "namespace/uri") {
                let other = catalogue.workspaces.updateValue(workspace, forKey: uri)
                if let other, other != workspace { shared.insert(uri) }
            }
        }
        for uri in shared { catalogue.workspaces[uri] = nil }
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
            Self.readStyles(of: group, in: found, &catalogue.groupStyles)
        }
    }

    /// By which styles a group draws: those that its document names, for whichever member. A bare
    /// name may be any workspace's.
    private static func readStyles(
        of group: LayerName, in found: ResourceValues, _ styles: inout DefaultStyles
    ) {
        let names = ["layerGroup/styles/style", "layerGroup/rootLayerStyle"].flatMap {
            found.values(at: $0 + "/name") + found.values(at: $0)
        }
        for name in Set(names) { styles.layers[LayerName(name), default: []].append(group) }
        // A member without a name is a style whose text says which layers it draws, and by what; a
        // group with styles of its own may draw other members by others.
        let place = "layerGroup/publishables/"
        let members = found.all.count {
            $0.path.hasPrefix(place) && !$0.path.dropFirst(place.count).contains("/")
        }
        let named = found.values(at: place + "published/name").count
        let hasOwn = found.all.contains { $0.path.hasPrefix("layerGroup/layerGroupStyles/") }
        if members != named || hasOwn { styles.untold.append(group) }
    }

    private mutating func document(
        _ path: String
    ) throws(MemberClient.Failure) -> ResourceValues {
        asked += 1
        guard asked <= Self.documentLimit else {
            throw MemberClient.Failure("its catalogue has too many workspaces and groups")
        }
        return try ResourceValues(of: path, ask)
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
    /// Longest document of a catalogue that is read, in bytes.
    static var byteLimit: Int { 4 << 20 }

    /// Those of a document that is asked for; throws when there is none that can be read.
    init(of path: String, _ ask: CatalogueReader.Ask) throws(MemberClient.Failure) {
        guard let document = ResourceValues(try ask(path), atMost: Self.byteLimit) else {
            throw MemberClient.Failure("\(path) is no XML that can be read")
        }
        self = document
    }

    /// Those of a whole document; nil: it is not whole, too long, or no XML.
    init?(_ bytes: [UInt8], atMost byteLimit: Int = XMLLimits.document.documentBytes) {
        self.init()
        var limits = XMLLimits.document
        limits.documentBytes = byteLimit
        var stream = XMLStream(limits: limits)
        unsafe stream.append(bytes.span.bytes)
        stream.close()
        do throws(XMLError) {
            while let event = try stream.next() { take(event) }
            try stream.finish()
        } catch { return nil }
    }
}

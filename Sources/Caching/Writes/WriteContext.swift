public import Tiles

/// What the edge knows of the servers behind it when it reads a write. Everything in it may be
/// missing: what is not known makes scopes wider.
public struct WriteContext: Sendable {
    /// The segment of the path below which GeoServer answers.
    public var root: String
    /// The workspace that a namespace URI belongs to, from the catalogue (REST `namespaces`).
    public var workspaces: [String: String]
    /// The native system of layers: of a geometry that names none.
    public var systems: [LayerName: CoordinateSystem]
    /// Layers whose features are single points. Only of these a filter that says where features
    /// intersect something also says where they are: others may reach beyond it.
    public var pointLayers: Set<LayerName>
    /// Where the site's own pages are: below these paths an unsafe request is a write to them, and
    /// elsewhere none. Decoded, in whole segments; `/` is everywhere.
    public var site: [String]
    /// The languages that the site has, in small letters: a first segment of that name says in
    /// which one a page is, and nothing of what it is about.
    public var languages: [String] = []
    /// Which layer a number of the site's is. A number is no other's later, and what has one that
    /// is not here may be anything.
    public var numbers: [String: LayerName] = [:]
    /// By which requests to GeoWebCache name tiles.
    public var gridSets = GridSets.wellKnown

    public init(
        root: String = "geoserver", workspaces: [String: String] = [:],
        systems: [LayerName: CoordinateSystem] = [:], pointLayers: Set<LayerName> = [],
        site: [String] = ["/"]
    ) {
        self.site = site
        self.root = root
        self.workspaces = workspaces
        self.systems = systems
        self.pointLayers = pointLayers
    }

    /// Whether a path, as `WritePath.text` has it, is one of the site's pages.
    func isSite(_ path: String) -> Bool {
        site.contains { $0 == "/" || WriteScope.Target.page($0).matches(path: path) }
    }

    /// How many of a path's segments are the site's own prefix: of several that fit the longest.
    func sitePrefix(of segments: [String]) -> Int {
        var longest = 0
        for prefix in site {
            let names = prefix.split(separator: "/")
            guard segments.count >= names.count else { continue }
            let fits = zip(segments, names).allSatisfy { segment, name in segment == name }
            if fits { longest = max(longest, names.count) }
        }
        return longest
    }

    func isLanguage(_ segment: String) -> Bool { languages.contains(segment.lowercased()) }

    /// Whether the catalogue knows a workspace of that name. Only then does a path's first segment
    /// say whose layers are meant; it may as well be a global layer group's.
    func hasWorkspace(_ name: String) -> Bool { workspaces.values.contains(name) }
}

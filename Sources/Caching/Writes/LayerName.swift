/// The name of a layer, layer group or style: `geonode:roads`, or `roads` where the workspace is
/// not known.
///
/// Names are case-sensitive, as GeoServer's catalogue has them.
public struct LayerName: Sendable, Hashable, CustomStringConvertible {
    /// nil: not known, so that it may be any.
    public var workspace: String?
    public var name: String

    public init(workspace: String?, _ name: String) {
        self.workspace = workspace
        self.name = name
    }

    /// Reads `workspace:name` or `name`; an empty workspace is none.
    public init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            self.init(workspace: parts[0].isEmpty ? nil : String(parts[0]), String(parts[1]))
        } else {
            self.init(workspace: nil, text)
        }
    }

    /// Whether the two may be the same: a workspace that is not known may be any.
    public func mayBe(_ other: LayerName) -> Bool {
        name == other.name
            && (workspace == nil || other.workspace == nil || workspace == other.workspace)
    }

    public var description: String { workspace.map { "\($0):\(name)" } ?? name }
}

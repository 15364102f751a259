/// A path of GeoWebCache's REST interface, however its segments are escaped.
struct TileCachePath: Equatable {
    /// The path above the services, such as `/geoserver`; empty for none. As it was sent, where
    /// nobody could have configured such a one.
    var context: String
    /// What stands behind `gwc/rest/`: segments in which nothing is escaped but what has to be.
    var resource: String

    /// nil for any other path.
    init?(_ path: String) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let words = segments.map { percentDecoded($0) }
        guard
            let start = words.indices.dropLast(2).first(where: {
                words[$0] == "gwc" && words[$0 + 1] == "rest"
            })
        else { return nil }
        let context = words[..<start].joined(separator: "/")
        self.context =
            context.utf8.allSatisfy(isServicePathByte)
            ? context : segments[..<start].joined(separator: "/")
        var below = words[(start + 2)...]
        // `masstruncate/` is the same thing.
        while below.count > 1, below.last == "" { below.removeLast() }
        resource = below.map(CatalogueReader.encoded).joined(separator: "/")
    }
}

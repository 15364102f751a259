import HTTP

/// What a request to the site's own proxy asks another server for: `/proxy/?url=URL`, with the
/// request's method and body. Source: GeoNode `geonode/proxy/views.py`.
///
/// Whose server it is cannot be told, since the site knows its map server by a name of its own:
/// what was meant for another's may make something stale here.
struct ProxiedTarget {
    /// As the URL has it, percent-encoded.
    var path: [UInt8]
    /// Without its `?`.
    var query: [UInt8]

    /// nil: it is no such request, or names no target.
    init?(_ path: WritePath, _ query: RawSpan, _ context: WriteContext) {
        guard SiteWrites.names(of: path, context).first == "proxy",
            let url = parameterValue("url", in: query)
        else { return nil }
        var target = Substring(url).prefix { $0 != "#" }
        let rest = target.drop { $0 != ":" }
        if rest.hasPrefix("://") { target = rest.dropFirst(3).drop { $0 != "/" && $0 != "?" } }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = Array(parts[0].utf8)
        self.query = parts.count > 1 ? Array(parts[1].utf8) : []
    }
}

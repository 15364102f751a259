import HTTP

// Capabilities: what they tell.
extension MapSubject {
    /// Whether capabilities may say where or when there are features, as those of WMS and WFS do,
    /// and what is not known to be another's. WCS tells of coverages, which no edit of features
    /// changes, WPS of processes, and GeoWebCache's tile services of the extents and the parameter
    /// filters that it is configured with; its WMS (WMS-C) may pass on what the layers' own says.
    static func tellsExtents(
        _ table: borrowing ParameterTable, path: RawSpan, query: RawSpan
    ) -> Bool {
        // Of two values servers take one or the other.
        guard table.conflict == nil else { return true }
        let named = table[.service]
        var (walk, last) = (PathWalk(at: 0, skipsSessions: true), QueryText.empty)
        var (isCache, isCached) = (false, false)
        while let segment = walk.next(in: path) {
            if segment.isEmpty { continue }
            if segment.spells(".", in: path) || segment.spells("..", in: path) { return true }
            if isCache, segment.spells("service", in: path) { isCached = true }
            isCache = segment.spells("gwc", in: path)
            last = segment
        }
        if isCached { return named.spells("wfs", in: query) || last.spells("wms", in: path) }
        let isOthers =
            named.spells("wcs", in: query) || named.spells("wmts", in: query)
            || named.spells("tms", in: query) || named.spells("wps", in: query)
        if last.spells("wcs", in: path) { return !isOthers && !named.isEmpty }
        // Of a path and a parameter that disagree servers take one or the other.
        return !(isOthers && last.spells("ows", in: path))
    }
}

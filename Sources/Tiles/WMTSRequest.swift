/// OGC WMTS 1.0.0 GetTile, as KVP and as GeoWebCache's REST paths.
enum WMTSRequest {
    /// Source: OGC 07-057r7 §7.2.
    static func question(
        _ table: borrowing ParameterTable, query: RawSpan, _ services: borrowing MapServices
    ) -> GridQuestion {
        var question = GridQuestion()
        question.layers = table[.layer]
        question.styles = table[.style]
        question.format = table[.format]
        let named: [7 of MapParameter] = [
            .layer, .style, .format, .tileMatrixSet, .tileMatrix, .tileRow, .tileCol,
        ]
        for index in 0..<7 { question.understood |= named[index].bit }
        guard let set = services.gridSets.servedSet(named: table[.tileMatrixSet], in: query),
            let level = services.gridSets.level(named: table[.tileMatrix], of: set, in: query),
            let row = table[.tileRow].index(in: query),
            let column = table[.tileCol].index(in: query)
        else { return question }
        question.address = services.gridSets.tile(set, level, column: column, row: row)
        return question
    }

    /// `.../wmts/rest/layer[/style]/set/matrix/row/column?format=`; the style may be empty.
    /// Source: GeoWebCache `WMTSService`.
    static func question(
        _ service: ServicePath, _ table: borrowing ParameterTable, path: RawSpan,
        _ services: borrowing MapServices
    ) -> GridQuestion {
        var question = GridQuestion()
        var segments = [6 of QueryText](repeating: .empty)
        var count = 0
        var walk = PathWalk(at: service.rest, skipsSessions: service.hasSession)
        while let segment = walk.next(in: path) {
            guard count < 6 else { return question }
            segments[count] = segment
            count += 1
        }
        guard count >= 5 else { return question }
        question.layers = segments[0]
        if count == 6 { question.styles = segments[1] }
        question.format = table[.format]
        question.understood = MapParameter.format.bit
        // STYLE and LAYER of the query would contradict the path.
        guard !table.has(.style), !table.has(.layer) else { return question }
        guard let set = services.gridSets.servedSet(named: segments[count - 4], in: path),
            let level = services.gridSets.level(named: segments[count - 3], of: set, in: path),
            let row = segments[count - 2].index(in: path),
            let column = segments[count - 1].index(in: path)
        else { return question }
        question.address = services.gridSets.tile(set, level, column: column, row: row)
        return question
    }
}

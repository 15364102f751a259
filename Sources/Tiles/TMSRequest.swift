/// GeoWebCache's Tile Map Service: `.../tms/1.0.0/layer@set@ext/z/x/y.ext`.
enum TMSRequest {
    /// Rows count from the south, with `flipY=true` from the north. The extension of the last
    /// segment is the format. Source: OSGeo Tile Map Service 1.0.0, GeoWebCache `TMSService`.
    static func question(
        _ service: ServicePath, _ table: borrowing ParameterTable, path: RawSpan, query: RawSpan,
        _ services: borrowing MapServices
    ) -> GridQuestion {
        var question = GridQuestion()
        var segments = [4 of QueryText](repeating: .empty)
        var count = 0
        var walk = PathWalk(at: service.rest, skipsSessions: service.hasSession)
        while let segment = walk.next(in: path) {
            guard count < 4 else { return question }
            segments[count] = segment
            count += 1
        }
        // FORMAT would contradict the extension.
        guard count == 4, !table.has(.format) else { return question }
        var name = segments[0]
        guard let layer = name.cut(before: UInt8(ascii: "@"), in: path),
            let setName = name.cut(before: UInt8(ascii: "@"), in: path)
        else { return question }
        question.layers = layer
        question.styles = table[.styles]
        question.understood = MapParameter.styles.bit | MapParameter.flipY.bit
        var last = segments[3]
        guard let number = last.cut(before: UInt8(ascii: "."), in: path) else { return question }
        question.format = last
        guard let set = services.gridSets.servedSet(named: setName, in: path),
            let level = segments[1].index(in: path), let column = segments[2].index(in: path),
            let row = number.index(in: path), let matrix = services.gridSets.matrix(set, level)
        else { return question }
        let isFlipped = table[.flipY].spells("true", in: query)
        question.address = services.gridSets.tile(
            set, level, column: column, row: isFlipped ? row : matrix.rows - 1 - row)
        return question
    }
}

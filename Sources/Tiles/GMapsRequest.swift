/// Tiles by Google's x, y and zoom, or by Bing's quadkey, as GeoWebCache serves both.
///
/// Source: GeoWebCache `GMapsConverter` and `VEConverter`; either takes PNG where FORMAT is not
/// named.
enum GMapsRequest {
    static func question(
        _ table: borrowing ParameterTable, query: RawSpan, _ services: borrowing MapServices
    ) -> GridQuestion {
        var question = named(table)
        question.understood |= MapParameter.zoom.bit | MapParameter.x.bit | MapParameter.y.bit
        guard let set = services.gridSets.google, let level = table[.zoom].index(in: query),
            let column = table[.x].index(in: query), let row = table[.y].index(in: query)
        else { return question }
        question.address = services.gridSets.tile(set, level, column: column, row: row)
        return question
    }

    static func quadKeyQuestion(
        _ table: borrowing ParameterTable, query: RawSpan, _ services: borrowing MapServices
    ) -> GridQuestion {
        var question = named(table)
        question.understood |= MapParameter.quadKey.bit
        let key = table[.quadKey]
        var (at, level, column, row) = (key.start, 0, 0, 0)
        while at < key.end {
            let (value, width) = key.byte(at: at, in: query)
            guard value &- 0x30 < 4, level < 30 else { return question }
            column = column << 1 | Int(value & 1)
            row = row << 1 | Int(value >> 1 & 1)
            level += 1
            at += width
        }
        guard let set = services.gridSets.google else { return question }
        question.address = services.gridSets.tile(set, level, column: column, row: row)
        return question
    }

    private static func named(_ table: borrowing ParameterTable) -> GridQuestion {
        var question = GridQuestion()
        question.layers = table[.layers]
        question.styles = table[.styles]
        question.format = table[.format]
        question.understood =
            MapParameter.layers.bit | MapParameter.styles.bit | MapParameter.format.bit
        return question
    }
}

import Caching

/// Records as lines for a person: columns as wide as what usually stands in them.
struct LogTable {
    private static let columns: [(name: String, width: Int, isNumber: Bool)] = [
        ("TIME (UTC)", 23, false), ("STATUS", 6, true), ("RESULT", 10, false),
        ("METHOD", 6, false), ("BYTES", 9, true), ("SECONDS", 8, true), ("VIEWER", 15, false),
    ]

    static let header =
        columns.map { padded($0.name, $0.width, $0.isNumber) }.joined(separator: " ") + " TARGET"

    static func line(_ entry: LogEntry) -> String {
        var cells: [String] = []
        cells.append(entry.moment.map { time($0, isExact: entry.isExact) } ?? "-")
        cells.append(number(entry.status))
        cells.append(shown(entry.result))
        cells.append(shown(entry.method))
        cells.append(number(entry.sentBytes))
        cells.append(entry.taken.map(seconds) ?? "-")
        cells.append(shown(entry.viewer))
        var line = ""
        for (cell, column) in zip(cells, columns) {
            line += padded(cell, column.width, column.isNumber) + " "
        }
        line += shown(entry.host + entry.target)
        // Why is told where it is no repetition of the result.
        if !["", "-", entry.result].contains(entry.detail) { line += " (\(shown(entry.detail)))" }
        return line
    }

    private static func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "-" }

    /// What a viewer sent must not move a terminal's cursor.
    private static func shown(_ text: String) -> String { text.isEmpty ? "-" : printable(text) }

    /// By milliseconds lines can be put in order, which those of several loops are not in.
    private static func time(_ moment: Milliseconds, isExact: Bool) -> String {
        String(timestampText(moment).prefix(isExact ? 23 : 19))
    }

    private static func seconds(_ milliseconds: Milliseconds) -> String {
        let fraction = "\(1_000 + milliseconds % 1_000)".dropFirst()
        return "\(milliseconds / 1_000).\(fraction)"
    }

    private static func padded(_ text: String, _ width: Int, _ isNumber: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return isNumber ? padding + text : text + padding
    }
}

import HTTP

/// A notice's text as an operator writes it: HTML with places to be filled in.
///
/// Places are `{{since}}` (when it began, as `26 Nov 2026 09:05 GMT`), `{{seconds}}` (the same as
/// seconds since 1970), `{{retry}}` (seconds until it is worth trying again), `{{name}}` (the
/// edge's) and, in a page only, `{{notice}}`. What is filled in holds no character that HTML has a
/// meaning for.
public struct NoticeTemplate: Sendable, Equatable {
    enum Place: String, CaseIterable {
        case since, seconds, retry, name, notice
    }

    private enum Piece: Equatable {
        case literal([UInt8])
        case place(Place)
    }

    /// What is wrong with a template, and in which line, counted from 1.
    public struct Mistake: Error, Sendable, Equatable {
        public var line: Int
        public var problem: String
        public var remedy: String
    }

    private var pieces: [Piece] = []

    /// - Parameter isPage: it is a whole page, and may show the notice.
    /// - Throws: for a place that is unknown or not closed, with its line.
    public init(_ text: String, isPage: Bool) throws(Mistake) {
        var rest = Substring(text)
        var line = 1
        while let start = rest.firstRange(of: "{{") {
            append(rest[..<start.lowerBound])
            line += rest[..<start.lowerBound].utf8.count { $0 == 10 }
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}") else {
                throw Mistake(
                    line: line, problem: "\"{{\" is not closed", remedy: "write \"}}\" behind it")
            }
            let name = rest[..<end.lowerBound].filter { $0 != " " }
            guard let place = Place(rawValue: name), isPage || place != .notice else {
                let known = Place.allCases.filter { isPage || $0 != .notice }
                throw Mistake(
                    line: line, problem: "\"{{\(name)}}\" is nothing that can be filled in",
                    remedy:
                        "use one of \(known.map { "{{\($0.rawValue)}}" }.joined(separator: ", "))")
            }
            pieces.append(.place(place))
            rest = rest[end.upperBound...]
        }
        append(rest)
    }

    private mutating func append(_ text: Substring) {
        if !text.isEmpty { pieces.append(.literal(Array(text.utf8))) }
    }

    /// What is filled in.
    struct Filling: Equatable {
        /// Seconds since 1970.
        var since: Int64
        var retry: Int
        var name: String
        var notice: [UInt8] = []
    }

    func filled(_ filling: Filling) -> [UInt8] {
        pieces.reduce(into: []) { bytes, piece in
            switch piece {
            case .literal(let text): bytes += text
            case .place(.since): bytes += Self.dateText(filling.since)
            case .place(.seconds): bytes += Array("\(filling.since)".utf8)
            case .place(.retry): bytes += Array("\(filling.retry)".utf8)
            case .place(.name): bytes += Array(filling.name.utf8)
            case .place(.notice): bytes += filling.notice
            }
        }
    }

    /// `26 Nov 2026 09:05 GMT`: an HTTP date without its weekday and seconds.
    private static func dateText(_ seconds: Int64) -> [UInt8] {
        let date = unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            var writer = unsafe HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            writer.appendDate(epochSeconds: seconds)
            count = writer.count
        }
        return date.count == 29 ? Array(date[5..<22]) + Array(" GMT".utf8) : date
    }
}

/// What viewers of one language read.
public struct NoticeTexts: Sendable, Equatable {
    /// As in `Accept-Language`, in small letters: `en`, `pt-br`.
    public var language: String
    /// What is put into pages.
    public var notice: NoticeTemplate
    /// The page where none can be had.
    public var page: NoticeTemplate

    public init(language: String, notice: NoticeTemplate, page: NoticeTemplate) {
        self.language = language
        self.notice = notice
        self.page = page
    }
}

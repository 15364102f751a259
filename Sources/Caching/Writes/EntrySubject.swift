import HTTP
public import Tiles

/// What has to be known to read an entry's subject from its canonical key.
public struct ScopeReading: Sendable {
    /// Grid sets and layers of the servers behind the edge.
    public var services: MapServices
    /// How far beyond its own edges a picture shows something, in percent of its width and height:
    /// symbols, labels, and the rest of the metatile that it was drawn in. Default 50.
    public var margin: Int
    /// What pages show, by their paths. Of several that fit all count.
    public var pages: [ShownRule] = []
    /// Prefixes of the site's paths, and the languages that may follow them, as decoded bytes in
    /// small letters: what a page is about begins behind both.
    public var site: [[UInt8]] = []
    public var languages: [[UInt8]] = []
    /// The response field that tells what a page shows; empty: none does. Default `Surrogate-Key`.
    public var tagField = standardTagField

    public static var standardTagField: [UInt8] { Array("Surrogate-Key".utf8) }

    public init(services: MapServices = .standard, margin: Int = 50) {
        (self.services, self.margin) = (services, margin)
    }

    public static let standard = ScopeReading()
}

/// What a stored response is of, as far as its canonical key tells: its kind, its place, and its
/// layers with their styles.
///
/// Reads keys with a map request in its normal form, and keys with path and query as they were
/// sent, by the same code. Allocates nothing.
struct EntrySubject {
    /// Kinds that it may be of; empty: no write makes it stale.
    private(set) var kinds: EntryKinds = []
    /// The place it shows, grown by the margin; nil: none, or not known.
    private(set) var box: GeographicBox?
    /// Of a tile: its level; nil: it is none of a known grid set.
    var level: Int? { map?.level }
    /// The times it shows; nil: not known, or the default.
    var time: TimeSpan? { map?.time }
    /// Of a tile: the hash of its grid set's name; nil: it is none of a known one.
    var gridSet: UInt64? { map?.gridSet }
    /// Of a picture: nil: not known, or not told apart from others.
    var format: MapFormat? { map?.format }
    /// Of a page, which is no map server's: where its path is in the key.
    private(set) var path: Range<Int>?
    private var map: MapSubject?
    private var texts: (path: Range<Int>, query: Range<Int>) = (0..<0, 0..<0)
    /// Of a page about one layer: where that is named.
    private var pageLayer: Range<Int>?

    /// nil: the key is of no known form.
    init?(_ canonical: RawSpan, _ reading: ScopeReading) {
        var parts = CanonicalParts()
        var (path, query, normal): (Range<Int>?, Range<Int>?, Range<Int>?)
        while let (part, value) = parts.next(in: canonical) {
            switch part {
            case .path: path = value
            case .query: query = value
            case .mapRequest: normal = value
            default: break
            }
        }
        guard !parts.isBroken else { return nil }
        if let normal {
            readNormal(normal, canonical, reading)
        } else if let path {
            let end = path.upperBound
            read(path, query ?? end..<end, canonical, reading)
        } else {
            return nil
        }
    }

    private mutating func readNormal(
        _ text: Range<Int>, _ canonical: RawSpan, _ reading: ScopeReading
    ) {
        var mark = text.lowerBound
        while mark < text.upperBound, canonical[mark] != UInt8(ascii: "?"),
            canonical[mark] != UInt8(ascii: "#")
        {
            mark += 1
        }
        texts = (text.lowerBound..<mark, min(mark + 1, text.upperBound)..<text.upperBound)
        let (path, query) = (canonical.extracting(texts.path), canonical.extracting(texts.query))
        let isGetMap = mark < text.upperBound && canonical[mark] == UInt8(ascii: "?")
        take(
            isGetMap
                ? MapSubject(canonicalPath: path, query: query, reading.services)
                : MapSubject(path: path, query: query, reading.services), reading)
    }

    private mutating func read(
        _ path: Range<Int>, _ query: Range<Int>, _ canonical: RawSpan, _ reading: ScopeReading
    ) {
        texts = (path, query)
        let subject = MapSubject(
            path: canonical.extracting(path), query: canonical.extracting(query), reading.services)
        guard subject.kind == .none else { return take(subject, reading) }
        self.path = path
        let page = PagePath(canonical, path, reading)
        kinds = page.kinds
        pageLayer = page.layer
    }

    private mutating func take(_ subject: MapSubject, _ reading: ScopeReading) {
        map = subject
        box = subject.box(grownByPercent: reading.margin)
        kinds =
            switch subject.kind {
            case .none: []
            case .picture: .tiles
            case .legend: .legends
            case .featureInfo: .featureInfo
            case .features: .features
            case .capabilities: subject.tellsExtents ? [.capabilities, .extents] : .capabilities
            case .other: .all
            }
    }

    /// Of a map: calls `body` for each layer with its style; each nil where it is not known, and
    /// then perhaps with the workspace that the layer is of.
    func forEachName(
        in canonical: RawSpan, _ body: (ScopeName?, _ workspace: CacheKey?, ScopeName?) -> Void
    ) {
        guard let map else { return }
        let size = MapSubject.nameLimit
        unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { first in
            unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { second in
                var layer = unsafe first.mutableBytes
                var style = unsafe second.mutableBytes
                var names = map.names
                while let (named, drawn) = map.next(
                    &names, path: canonical.extracting(texts.path),
                    query: canonical.extracting(texts.query), layer: &layer, style: &style)
                {
                    body(
                        Self.name(named, layer.bytes), Self.workspace(named, layer.bytes),
                        drawn.flatMap { Self.name($0, style.bytes) })
                }
            }
        }
    }

    private static func name(_ name: MapSubject.Name, _ bytes: RawSpan) -> ScopeName? {
        guard !name.name.isEmpty else { return nil }
        let text = bytes.extracting(name.name)
        guard let workspace = name.workspace else { return ScopeName(workspace: nil, text) }
        return ScopeName(workspace: bytes.extracting(workspace), text)
    }

    private static func workspace(_ name: MapSubject.Name, _ bytes: RawSpan) -> CacheKey? {
        name.workspace.map { ScopeName.workspace(bytes.extracting($0)) }
    }

    /// The layer that a page is about; nil: its path names none.
    func pageLayer(hashedIn canonical: RawSpan) -> ScopeName? {
        guard let pageLayer else { return nil }
        return unsafe withUnsafeTemporaryAllocation(
            byteCount: MapSubject.nameLimit, alignment: 1
        ) {
            var memory = unsafe $0.mutableBytes
            return Self.decodedName(canonical.extracting(pageLayer), &memory)
        }
    }

    /// `workspace:name`, or a name alone, percent-encoded: of the workspace `*` any is meant.
    static func decodedName(_ text: RawSpan, _ memory: inout MutableRawSpan) -> ScopeName? {
        var (count, colon, at) = (0, -1, 0)
        while at < text.byteCount {
            let (value, width) = PercentCoding.decoded(text, at: at)
            guard count < memory.byteCount else { return nil }
            if value == UInt8(ascii: ":"), colon < 0 { colon = count }
            memory.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
            count += 1
            at += width
        }
        guard count > colon + 1 else { return nil }
        let name = memory.bytes.extracting((colon + 1)..<count)
        let isAny = colon == 1 && memory.bytes[0] == UInt8(ascii: "*")
        if colon <= 0 || isAny { return ScopeName(workspace: nil, name) }
        return ScopeName(workspace: memory.bytes.extracting(0..<colon), name)
    }
}

extension EntrySubject {
    /// A layer with its style; what is nil is not known, and may be any.
    struct Name: Equatable {
        var layer: LayerName?
        var style: LayerName?
    }

    /// What `forEachName` tells, as text, for whoever has to write it down.
    func names(in canonical: RawSpan) -> [Name] {
        guard let map else { return [] }
        var found: [Name] = []
        let size = MapSubject.nameLimit
        unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { first in
            unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { second in
                var layer = unsafe first.mutableBytes
                var style = unsafe second.mutableBytes
                var names = map.names
                while let (named, drawn) = map.next(
                    &names, path: canonical.extracting(texts.path),
                    query: canonical.extracting(texts.query), layer: &layer, style: &style)
                {
                    found.append(
                        Name(
                            layer: LayerName(named, layer.bytes),
                            style: drawn.flatMap { LayerName($0, style.bytes) }))
                }
            }
        }
        return found
    }

    /// The layer that a page is about, as text; nil: its path names none.
    func pageLayerName(_ canonical: RawSpan) -> LayerName? {
        guard let pageLayer else { return nil }
        let text = PercentCoding.decodedBytes(canonical.extracting(pageLayer))
        guard text.count <= MapSubject.nameLimit else { return nil }
        let name = LayerName.decoded(text)
        return name.name.isEmpty ? nil : name
    }
}

extension LayerName {
    /// A name as text, without its encoding; of the workspace `*` any is meant.
    static func decoded(_ text: [UInt8]) -> LayerName {
        let name = LayerName(String(decoding: text, as: UTF8.self))
        return name.workspace == "*" ? LayerName(workspace: nil, name.name) : name
    }

    /// nil: it is not known.
    fileprivate init?(_ name: MapSubject.Name, _ bytes: RawSpan) {
        guard !name.name.isEmpty else { return nil }
        func text(_ range: Range<Int>) -> String {
            String(decoding: range.map { bytes[$0] }, as: UTF8.self)
        }
        self.init(workspace: name.workspace.map(text), text(name.name))
    }
}

/// What a path of the site tells of the page behind it.
struct PagePath {
    private(set) var kinds: EntryKinds = [.pages, .lists]
    /// Where the layer that it is about is named.
    private(set) var layer: Range<Int>?

    init(_ canonical: RawSpan, _ path: Range<Int>, _ reading: ScopeReading) {
        let text = canonical.extracting(path)
        let first = Self.segment(text, from: Self.start(text, reading) + 1)
        let second = Self.segment(text, from: first.upperBound + 1)
        let word = text.extracting(first)
        if Self.isAny(word, ["layers", "data", "datasets"]), !second.isEmpty {
            kinds = .pages
            // A number is a record's of whatever layer (MapStory, `layer_detail_id`).
            if Self.isNumber(text.extracting(second)) { return }
            layer = path.lowerBound + second.lowerBound..<path.lowerBound + second.upperBound
        } else if Self.isAny(word, ["story", "maps", "mapstory", "documents"]), !second.isEmpty {
            kinds = .pages
        } else if Self.isAny(word, ["uploaded", "media", "thumbs"]) {
            // Thumbnails are drawn anew when what they show changes.
            kinds = .pages
        } else if Self.isAny(word, ["static"]) || Self.isFile(text) {
            kinds = []
        }
    }

    /// Where the part of a path begins, with its slash, that tells what the page is about.
    private static func start(_ text: RawSpan, _ reading: ScopeReading) -> Int {
        let parts: [11 of StaticString] = [
            "layers", "data", "datasets", "story", "maps", "mapstory", "documents", "uploaded",
            "media", "thumbs", "static",
        ]
        // A site may be told by its parts, which are no prefix of it.
        if isAny(text.extracting(segment(text, from: 1)), parts) { return 0 }
        var start = 0
        for index in reading.site.indices {
            if let end = passed(text, from: 0, reading.site[index]) { start = max(start, end) }
        }
        guard start < text.byteCount else { return start }
        for index in reading.languages.indices {
            if let end = passed(text, from: start + 1, reading.languages[index], anyCase: true) {
                return end
            }
        }
        return start
    }

    /// Where whole segments end that stand at a place, decoded; nil: others do.
    private static func passed(
        _ text: RawSpan, from start: Int, _ segments: [UInt8], anyCase: Bool = false
    ) -> Int? {
        var at = start
        for index in segments.indices {
            guard at < text.byteCount else { return nil }
            let (value, width) = PercentCoding.decoded(text, at: at)
            guard (anyCase ? lowercased(value) : value) == segments[index] else { return nil }
            at += width
        }
        return at == text.byteCount || text[at] == UInt8(ascii: "/") ? at : nil
    }

    private static func isNumber(_ text: RawSpan) -> Bool {
        for at in 0..<text.byteCount where !isDigit(text[at]) { return false }
        return true
    }

    private static func segment(_ text: RawSpan, from start: Int) -> Range<Int> {
        guard start < text.byteCount else { return text.byteCount..<text.byteCount }
        var end = start
        while end < text.byteCount, text[end] != UInt8(ascii: "/") { end += 1 }
        return start..<end
    }

    private static func isAny<let count: Int>(
        _ word: RawSpan, _ words: [count of StaticString]
    ) -> Bool {
        for index in 0..<count where PercentCoding.spells(word, words[index]) { return true }
        return false
    }

    /// Whether it ends like a program, a style sheet or a font, which no edit changes.
    private static func isFile(_ text: RawSpan) -> Bool {
        var start = text.byteCount
        while start > 0, text[start - 1] != UInt8(ascii: "."), text[start - 1] != UInt8(ascii: "/")
        {
            start -= 1
        }
        guard start > 0, text[start - 1] == UInt8(ascii: ".") else { return false }
        let ending = text.extracting(start..<text.byteCount)
        let files: [9 of StaticString] = [
            "js", "mjs", "css", "map", "woff", "woff2", "ttf", "ico", "svg",
        ]
        return isAny(ending, files)
    }
}

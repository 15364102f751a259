import HTTP
import Tiles

/// What pages show, by a rule of the configuration for their path.
public struct ShownRule: Sendable, Equatable {
    /// The first whole segments of the paths that are meant, decoded.
    public var path: [UInt8]
    /// Words as in ``ShownWords``, with spaces between.
    public var words: [UInt8]

    public init(path: String, words: [String]) {
        self.path = Array(path.utf8)
        self.words = Array(words.joined(separator: " ").utf8)
    }
}

/// Walks the words that tell what a page shows, in the field of its response that has cache tags or
/// in a rule: a word for each layer, workspace, style and page.
///
/// ```
/// layer:geonode:roads  layer:*:roads  layer:roads     of any workspace, the latter two
/// workspace:geonode
/// style:geonode:line   style:*:line   style:line
/// page:/story/x                                       it goes with what is below that path
/// ```
///
/// Names are percent-encoded where they hold what no tag may. Spaces (`Surrogate-Key`) and commas
/// (cache tags of CloudFront) part words; other words tell nothing, and are for others.
public struct ShownWords {
    /// Of a page with more words than these not all is known.
    public static var limit: Int { 512 }

    /// What a word names.
    public enum Kind: Sendable { case layer, workspace, style, page }

    private var at = 0

    /// A walk that stands before the first word.
    public init() {}

    /// The next word that tells something: what it names, and where the name is in `text`, the same
    /// in each call. Allocates nothing.
    public mutating func next(in text: RawSpan) -> (kind: Kind, name: Range<Int>)? {
        while at < text.byteCount {
            let start = at
            while at < text.byteCount, !Self.isBetween(text[at]) { at += 1 }
            if let word = Self.word(text, start..<at) { return word }
            at += 1
        }
        return nil
    }

    /// Whether a text is one word that tells something.
    public static func isWord(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var words = ShownWords()
        guard let (kind, place) = unsafe words.next(in: bytes.span.bytes),
            place.upperBound == bytes.count, bytes.allSatisfy({ (33...126).contains($0) })
        else { return false }
        if kind == .page, bytes[place].first != UInt8(ascii: "/") { return false }
        return unsafe withUnsafeTemporaryAllocation(
            byteCount: MapSubject.nameLimit, alignment: 1
        ) {
            var memory = unsafe $0.mutableBytes
            return unsafe name(bytes.span.bytes.extracting(place), kind, &memory) != nil
        }
    }

    private static func isBetween(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\t")
    }

    private static func word(_ text: RawSpan, _ word: Range<Int>) -> (Kind, Range<Int>)? {
        let place = text.extracting(word).index(of: UInt8(ascii: ":"), from: 0)
        guard let place, word.lowerBound + place + 1 < word.upperBound else { return nil }
        let colon = word.lowerBound + place
        let kinds: [4 of (StaticString, Kind)] = [
            ("layer", .layer), ("workspace", .workspace), ("style", .style), ("page", .page),
        ]
        let beginning = text.extracting(word.lowerBound..<colon)
        for index in kinds.indices where equalsIgnoringCase(beginning, kinds[index].0) {
            return (kinds[index].1, colon + 1..<word.upperBound)
        }
        return nil
    }

    /// What a word names, decoded; nil: it cannot be meant, so that anything may.
    static func name(
        _ text: RawSpan, _ kind: Kind, _ memory: inout MutableRawSpan
    ) -> ScopeName? {
        let end = text.extracting(last: 2)
        guard !equalsIgnoringCase(text, "*"), !equalsIgnoringCase(end, ":*"),
            let name = EntrySubject.decodedName(text, &memory)
        else { return nil }
        // No workspace's name has a colon: it would be taken to show nothing.
        return kind == .workspace && name.workspace != nil ? nil : name
    }
}

/// Of which kinds of writes it is not known which layers, or styles, of a page they touch: any may.
struct Untold {
    var layers: EntryKinds
    var styles: EntryKinds
    /// Not all that it shows is known, pages among it.
    var isAll: Bool
}

extension EntrySubject {
    /// Calls `body` for each word that a page is known to show something by: what it names,
    /// decoded, and as it stands there. Not for what its own path names.
    ///
    /// - Parameters:
    ///   - path: the page's.
    ///   - namesLayer: its path names the layer that it is about.
    ///   - fields: those of the response; nil: not at hand.
    /// - Returns: what is open yet. Who tells layers is touched by no other, but for lists: what
    ///   these do not show yet is in no word. Who tells no styles may show any.
    func forEachShown(
        path: RawSpan, namesLayer: Bool, fields: RawSpan?, _ reading: ScopeReading,
        _ body: (ShownWords.Kind, ScopeName, RawSpan) -> Void
    ) -> Untold {
        var (tellsLayer, tellsStyle) = (namesLayer, false)
        let isKnown = Self.forEachWord(path: path, fields: fields, reading) { kind, name, text in
            body(kind, name, text)
            tellsLayer = tellsLayer || kind == .layer || kind == .workspace
            tellsStyle = tellsStyle || kind == .style
        }
        let unseen = kinds.intersection(.lists)
        return Untold(
            layers: isKnown && tellsLayer ? unseen : kinds,
            styles: isKnown && tellsStyle ? unseen : kinds, isAll: !isKnown)
    }

    /// - Returns: whether these are all.
    private static func forEachWord(
        path: RawSpan, fields: RawSpan?, _ reading: ScopeReading,
        _ body: (ShownWords.Kind, ScopeName, RawSpan) -> Void
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: MapSubject.nameLimit, alignment: 1) {
            var memory = unsafe $0.mutableBytes
            var count = 0
            func tell(_ text: RawSpan, _ memory: inout MutableRawSpan) -> Bool {
                var words = ShownWords()
                while let (kind, place) = words.next(in: text) {
                    let name = text.extracting(place)
                    count += 1
                    guard count <= ShownWords.limit,
                        let decoded = ShownWords.name(name, kind, &memory)
                    else { return false }
                    body(kind, decoded, name)
                }
                return true
            }
            for rule in reading.pages where ScopeIndex.begins(path, with: rule.path) {
                guard unsafe tell(rule.words.span.bytes, &memory) else { return false }
            }
            if reading.tagField.isEmpty { return true }
            guard let fields else { return false }
            var lines = FieldLines()
            while let line = lines.next(in: fields) {
                guard
                    unsafe equalsIgnoringCase(
                        fields.extracting(line.name), reading.tagField.span.bytes)
                else { continue }
                guard tell(fields.extracting(line.value), &memory) else { return false }
            }
            return true
        }
    }
}

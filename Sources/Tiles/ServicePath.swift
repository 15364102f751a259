import HTTP

/// Which service of a GeoServer a path names, and through which workspace or layer.
struct ServicePath {
    enum Service: UInt8 {
        /// No service of a known context: the path itself is part of what identifies a map.
        case unknown
        /// `/wms` and `/ows`, global or virtual.
        case wms
        /// GeoWebCache's services, below `/gwc/service`.
        case cachedWMS, wmts, wmtsREST, tms, gmaps, quadKey

        /// GeoWebCache makes all tiles of a layer alike, whatever TRANSPARENT says.
        var isCached: Bool { self != .unknown && self != .wms }
    }

    private(set) var service = Service.unknown
    /// Index in `MapServices.contexts`; meaningless for `.unknown`.
    private(set) var context = 0
    /// Of a virtual service; empty for a global one.
    private(set) var workspace = QueryText.empty
    /// Of a layer's virtual service.
    private(set) var layer = QueryText.empty
    /// What stands behind the service's name in the path: a REST tile's own segments.
    private(set) var rest = 0
    /// A segment of the path ends with `;jsessionid=...`.
    private(set) var hasSession = false
    /// It is `/gwc/service/tms`, which has no maps: what tells of a service, and is none.
    private(set) var isTMSRoot = false

    init() {}

    init(_ path: RawSpan, _ services: borrowing MapServices) {
        hasSession = namesSession(path: path)
        guard let (context, length) = services.context(of: path, skipsSessions: hasSession)
        else { return }
        self.context = context
        var walk = PathWalk(at: length, skipsSessions: hasSession)
        var before: (QueryText, QueryText) = (.empty, .empty)
        for depth in 0..<3 {
            // A server would walk back or forward over such segments, each in its own way.
            guard let segment = walk.next(in: path), !segment.isEmpty,
                !segment.spells(".", in: path), !segment.spells("..", in: path)
            else { return }
            let isLast = walk.isAtEnd(in: path)
            let isWMS = segment.spells("wms", in: path) || segment.spells("ows", in: path)
            if isWMS, isLast {
                service = .wms
            } else if segment.spells("gwc", in: path), !isLast {
                readCached(&walk, path)
            }
            if service != .unknown || isTMSRoot {
                (workspace, layer) = before
                return
            }
            if depth == 0 { before.0 = segment } else { before.1 = segment }
        }
    }

    /// What follows `/gwc`.
    private mutating func readCached(_ start: inout PathWalk, _ path: RawSpan) {
        var walk = start
        guard let word = walk.next(in: path), word.spells("service", in: path),
            let name = walk.next(in: path)
        else { return }
        let isLast = walk.isAtEnd(in: path)
        if isLast {
            if name.spells("wms", in: path) {
                service = .cachedWMS
            } else if name.spells("wmts", in: path) {
                service = .wmts
            } else if name.spells("gmaps", in: path) {
                service = .gmaps
            } else if name.spells("ve", in: path) {
                service = .quadKey
            } else {
                isTMSRoot = name.spells("tms", in: path)
            }
        } else if name.spells("tms", in: path) {
            guard let version = walk.next(in: path), version.spells("1.0.0", in: path) else {
                return
            }
            service = .tms
        } else if name.spells("wmts", in: path) {
            guard let form = walk.next(in: path), form.spells("rest", in: path) else { return }
            service = .wmtsREST
        }
        rest = walk.at
        start = walk
    }

    /// The first of Tomcat's sessions in a part of a path: from the `;`, encoded or not, to the
    /// segment's end; empty for none.
    static func session(in path: RawSpan, within part: Range<Int>) -> Range<Int> {
        let whole = QueryText(start: part.lowerBound, end: part.upperBound, isInPath: true)
        var at = part.lowerBound
        while at < part.upperBound {
            // Eight bytes a step, as most paths have neither.
            if at + 8 <= part.upperBound, !mayHoldSemicolon(path.word(at)) {
                at += 8
                continue
            }
            let raw = path.byte(at)
            guard raw == UInt8(ascii: ";") || raw == UInt8(ascii: "%") else {
                at += 1
                continue
            }
            let (value, width) = whole.byte(at: at, in: path)
            let rest = QueryText(start: at + width, end: part.upperBound, isInPath: true)
            if value == UInt8(ascii: ";"), rest.prefix("jsessionid", in: path) != nil {
                var end = at + width
                while end < part.upperBound, path.byte(end) != UInt8(ascii: "/") { end += 1 }
                return at..<end
            }
            at += width
        }
        return 0..<0
    }

    /// Whether one of eight bytes is a `;` or begins an escape.
    @inline(__always)
    private static func mayHoldSemicolon(_ word: UInt64) -> Bool {
        let marked =
            EightBytes.equal(word, UInt8(ascii: ";")) | EightBytes.equal(word, UInt8(ascii: "%"))
        return marked & ~word & EightBytes.tops != 0
    }

    /// Behind the session that begins at a place; the place itself where none does.
    static func passedSession(in path: RawSpan, _ at: Int) -> Int {
        let session = session(in: path, within: at..<path.byteCount)
        return session.lowerBound == at && !session.isEmpty ? session.upperBound : at
    }
}

/// Whether a path, of a map or not, names a session as Tomcat does: `;jsessionid`, encoded or not.
public func namesSession(path: RawSpan) -> Bool {
    !ServicePath.session(in: path, within: 0..<path.byteCount).isEmpty
}

/// Walks the segments of a path.
struct PathWalk {
    private(set) var at: Int
    /// Sessions count as not there.
    let skipsSessions: Bool

    init(at: Int, skipsSessions: Bool = false) {
        (self.at, self.skipsSessions) = (at, skipsSessions)
    }

    /// The next segment, empty ones included; nil at the end.
    mutating func next(in path: RawSpan) -> QueryText? {
        guard at < path.byteCount, path.byte(at) == UInt8(ascii: "/") else { return nil }
        let start = at + 1
        var end = start
        while end < path.byteCount, path.byte(end) != UInt8(ascii: "/") { end += 1 }
        at = end
        if skipsSessions {
            let session = ServicePath.session(in: path, within: start..<end)
            if !session.isEmpty { end = session.lowerBound }
        }
        return QueryText(start: start, end: end, isInPath: true)
    }

    /// Nothing follows but one slash at the most.
    func isAtEnd(in path: RawSpan) -> Bool {
        at >= path.byteCount || at == path.byteCount - 1
    }
}

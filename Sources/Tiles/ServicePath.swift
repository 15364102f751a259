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
    /// Where a `;jsessionid=...` is in the path; empty for none.
    private(set) var token = 0..<0

    init() {}

    init(_ path: RawSpan, _ services: borrowing MapServices) {
        token = Self.session(in: path)
        guard let (context, length) = services.context(of: path) else { return }
        self.context = context
        var walk = PathWalk(at: length, skips: token)
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
            if service != .unknown {
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

    /// Tomcat's session in a path: from the `;`, encoded or not, to the segment's end.
    static func session(in path: RawSpan) -> Range<Int> {
        let whole = QueryText(start: 0, end: path.byteCount, isInPath: true)
        var at = 0
        while at < path.byteCount {
            let raw = path.byte(at)
            guard raw == UInt8(ascii: ";") || raw == UInt8(ascii: "%") else {
                at += 1
                continue
            }
            let (value, width) = whole.byte(at: at, in: path)
            let rest = QueryText(start: at + width, end: path.byteCount, isInPath: true)
            if value == UInt8(ascii: ";"), rest.prefix("jsessionid", in: path) != nil {
                var end = at + width
                while end < path.byteCount, path.byte(end) != UInt8(ascii: "/") { end += 1 }
                return at..<end
            }
            at += width
        }
        return 0..<0
    }
}

/// Whether a path, of a map or not, names a session as Tomcat does: `;jsessionid`, encoded or not.
public func namesSession(path: RawSpan) -> Bool { !ServicePath.session(in: path).isEmpty }

/// Walks the segments of a path; a range of bytes, such as a session's, counts as not there.
struct PathWalk {
    private(set) var at: Int
    let skips: Range<Int>

    init(at: Int, skips: Range<Int>) { (self.at, self.skips) = (at, skips) }

    /// The next segment, empty ones included; nil at the end.
    mutating func next(in path: RawSpan) -> QueryText? {
        guard at < path.byteCount, path.byte(at) == UInt8(ascii: "/") else { return nil }
        let start = at + 1
        var end = start
        while end < path.byteCount, path.byte(end) != UInt8(ascii: "/") { end += 1 }
        at = end
        if !skips.isEmpty, skips.upperBound == end, skips.lowerBound >= start {
            end = skips.lowerBound
        }
        return QueryText(start: start, end: end, isInPath: true)
    }

    /// Nothing follows but one slash at the most.
    func isAtEnd(in path: RawSpan) -> Bool {
        at >= path.byteCount || at == path.byteCount - 1
    }
}

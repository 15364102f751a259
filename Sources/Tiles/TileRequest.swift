/// A map request in its one normal form: what two spellings of the same picture have in common.
///
/// Holds no reference and no bytes of the request; free to copy. Call it once per request, before
/// the cache key is made:
///
///     switch TileRequest.normalise(path: path, query: query, services: services, key: memory) {
///     case .none: the target itself is the key
///     case .refused(let refusal): 400 with refusal.sentence
///     case .request(let request):
///         request.bypass == nil: the first request.keyLength bytes of memory are the key, in place
///         of path and query (`CanonicalKey.Part.mapRequest`); else the answer must not be shared
///     }
///
/// and `TileRequest.writeTarget` of the same path and query where the origin is asked. A hit pays
/// for `normalise` alone, which allocates nothing and is linear in the length of the target.
public struct TileRequest: Equatable, Sendable {
    /// What `normalise` found.
    public enum Outcome: Equatable, Sendable {
        /// No request for a map.
        case none
        /// A map, a legend, or a read of features or coverages that servers would not agree on:
        /// 400.
        case refused(TileRefusal)
        case request(TileRequest)
    }

    /// Why an answer belongs to nobody else.
    public enum Bypass: UInt8, Sendable {
        /// SLD or SLD_BODY: a style that only this request knows, from somewhere else.
        case styleDocument
        /// More unknown parameters than can be put in order.
        case tooManyParameters
        /// The key did not fit into the caller's memory, or a value is longer than
        /// `MapReading.freeTextMax`.
        case tooLong
    }

    /// Format, size, transparency and wish for errors. The size of a tile is its grid set's, and
    /// GeoWebCache's services are transparent where their format can be.
    public var map: MapRequest
    /// The tile; nil for a map that is none: another size, off the grid, or of a service whose
    /// addresses are not known. Such a map has a key like a page's.
    public var address: TileAddress?
    public var system = ReferenceSystem.unknown
    /// What the map covers, exactly where it is a tile; nil where that cannot be read.
    public var box: BoundingBox?
    /// The picture's width and height in pixels: its grid set's, or as a GetMap names them; nil
    /// where neither is known.
    public var size: PixelSize?
    public var bypass: Bypass?
    /// Bytes of the key.
    public var keyLength = 0
    /// From a cache-buster: the answer must not be older, in milliseconds since 1970; 0 for none.
    /// May lie in the future where a viewer's clock is wrong: use the earlier of it and now.
    public var notOlderThan: UInt64 = 0
    /// A cache-buster is there; without a time it asks for revalidation.
    public var hasCacheBuster = false
    /// A credential (`access_token`, `authkey`, `JSESSIONID`, `token`, `api_key` and their like) in
    /// the query, or `;jsessionid=` in the path: neither in the key nor in the canonical target.
    /// The answer is this viewer's until proved public.
    public var hasToken = false
    /// TIME names the present, so that the picture may change without a write.
    public var movesWithClock = false

    init(map: MapRequest) { self.map = map }

    /// Reads a request and writes its key.
    ///
    /// Never traps and refuses nothing but contradictions; what cannot be understood is keyed as
    /// it is written, in one spelling. The key is text: `PATH?NAME=VALUE&...`, names in capitals
    /// and in one order, values percent-encoded in one way, so that no two requests for different
    /// pictures have one.
    ///
    /// - Parameters:
    ///   - path: as sent.
    ///   - query: as sent, without `?`.
    ///   - key: of the caller, `keyCapacity(path:query:)` bytes; where that does not suffice
    ///     `bypass` is `.tooLong`.
    public static func normalise(
        path: RawSpan, query: RawSpan, services: MapServices, key: UnsafeMutableRawBufferPointer
    ) -> Outcome {
        let reading = MapReading(path: path, query: query, services)
        guard reading.isMap else {
            return reading.readRefusal(query).map { .refused($0) } ?? .none
        }
        if let refusal = reading.refusal(query) { return .refused(refusal) }
        var request = reading.request(services)
        if request.bypass == .tooManyParameters { return .request(request) }
        var writer = unsafe KeyWriter(key)
        request.movesWithClock = reading.writeKey(
            reading.address, path: path, query: query, services, to: &writer)
        if writer.hasOverflowed {
            request.bypass = .tooLong
        } else {
            request.keyLength = writer.count
        }
        return .request(request)
    }

    /// Bytes that suffice for a key or a target, but for hundreds of layers that all have to be
    /// told their workspace.
    public static func keyCapacity(path: RawSpan, query: RawSpan) -> Int {
        // Each byte may become `%XX`; a number with an exponent takes less (a list's), or there are
        // a few of them (a box's), as of workspaces and names.
        3 * (path.byteCount + query.byteCount) + 1_024
    }

    /// Writes what the origin is asked: path, `?` and query.
    ///
    /// A map of a known service becomes a GetMap 1.1.1 with the tile's exact box, to the virtual
    /// service of its layers' workspace, without cache-busters, EXCEPTIONS (law 5: errors must be
    /// told apart) and tokens; equal keys have equal targets. For a request whose `bypass` is nil
    /// and that is not refused.
    ///
    /// - Returns: its length; nil where there is none or it did not fit.
    public static func writeTarget(
        path: RawSpan, query: RawSpan, services: MapServices,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let reading = MapReading(path: path, query: query, services)
        guard reading.isMap, reading.refusal(query) == nil, !reading.table.hasTooManyOthers
        else { return nil }
        var writer = unsafe KeyWriter(memory)
        reading.writeTarget(path: path, query: query, services, to: &writer)
        return writer.hasOverflowed ? nil : writer.count
    }

    /// Writes the key of the tile `levels` further up that holds this one, and says which part of
    /// it this one is: what a cache is asked for when the tile itself cannot be had.
    ///
    /// - Returns: nil where there is no such tile, or its key did not fit.
    public static func writeAncestorKey(
        path: RawSpan, query: RawSpan, services: MapServices, levels: Int,
        into memory: UnsafeMutableRawBufferPointer
    ) -> (length: Int, part: TilePart)? {
        let reading = MapReading(path: path, query: query, services)
        guard reading.isMap, reading.refusal(query) == nil, !reading.table.hasTooManyOthers,
            let address = reading.address,
            let (above, part) = services.gridSets.ancestor(of: address, levels: levels),
            // By the name that the tile has when it is asked for itself.
            let canonical = services.gridSets.canonical(above)
        else { return nil }
        var writer = unsafe KeyWriter(memory)
        _ = reading.writeKey(canonical, path: path, query: query, services, to: &writer)
        return writer.hasOverflowed ? nil : (writer.count, part)
    }
}

extension TileRequest {
    /// Writes the key of another tile of the same map.
    ///
    /// - Returns: its length; nil where there is none, or it did not fit.
    public static func writeKey(
        of address: TileAddress, path: RawSpan, query: RawSpan, services: MapServices,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        unsafe write(path, query, services, into: memory) { reading, writer in
            // By the name that the tile has when it is asked for itself.
            guard let canonical = services.gridSets.canonical(address) else { return false }
            _ = reading.writeKey(canonical, path: path, query: query, services, to: &writer)
            return true
        }
    }

    /// Writes the key of the block's picture that holds the tile at hand.
    public static func writeKey(
        of block: TileBlock, path: RawSpan, query: RawSpan, services: MapServices,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        unsafe write(path, query, services, into: memory) { reading, writer in
            _ = reading.writeKey(
                block.first, or: block, path: path, query: query, services, to: &writer)
            return true
        }
    }

    /// Writes what the origin is asked for the block's picture: a GetMap as `writeTarget` has it,
    /// never of an integrated cache, which makes blocks of its own.
    public static func writeTarget(
        of block: TileBlock, path: RawSpan, query: RawSpan, services: MapServices,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        unsafe write(path, query, services, into: memory) { reading, writer in
            reading.writeTarget(block, path: path, query: query, services, to: &writer)
            return true
        }
    }

    /// - Returns: nil also where a parameter may mean another thing in a map of another frame.
    private static func write(
        _ path: RawSpan, _ query: RawSpan, _ services: MapServices,
        into memory: UnsafeMutableRawBufferPointer,
        _ body: (borrowing MapReading, inout KeyWriter) -> Bool
    ) -> Int? {
        let reading = MapReading(path: path, query: query, services)
        guard reading.isMap, reading.refusal(query) == nil, !reading.table.hasTooManyOthers,
            reading.address != nil, !reading.dependsOnFrame
        else { return nil }
        var writer = unsafe KeyWriter(memory)
        guard body(reading, &writer), !writer.hasOverflowed else { return nil }
        return writer.count
    }
}

/// Width and height of a picture in pixels.
public struct PixelSize: Equatable, Sendable {
    public var width: Int
    public var height: Int
}

/// Why a request of a map server has no meaning that all servers share.
public enum TileRefusal: Equatable, Sendable {
    /// A parameter is named twice with different values, of which MapServer takes the last,
    /// others the first or none.
    case repeated(String)
    /// SRS and CRS name different systems.
    case twoSystems

    /// One line for the viewer.
    public var sentence: String {
        switch self {
        case .repeated(let name): "\(name) is given twice with different values; give it once"
        case .twoSystems: "SRS and CRS name different reference systems; give one of them"
        }
    }
}

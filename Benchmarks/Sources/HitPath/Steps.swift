import Caching
import HTTP
import Tiles

/// The pure steps of a hit, over one request and one record, in the order the edge takes them.
///
/// Each returns a number that depends on its result, so that no step can be left out as unused. The
/// memory lives as long as the process.
struct Steps {
    private static let request: StaticString = """
        GET /geoserver/gwc/service/tms/1.0.0/bench-10240/12/123/45.png HTTP/1.1\r
        Host: tiles.example.org\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r
        Accept: image/avif,image/webp,image/png,*/*;q=0.8\r
        Accept-Encoding: gzip, deflate\r
        \r\n
        """
    private static let mapPath: StaticString = "/geoserver/geonode/wms"
    private static let mapQuery: StaticString = """
        LAYERS=hurricanes&FORMAT=image%2Fpng&TRANSPARENT=TRUE&TIME=2005-06-01%2F2005-12-31&SERVICE=WMS\
        &VERSION=1.1.1&REQUEST=GetMap&STYLES=&SRS=EPSG%3A3857\
        &BBOX=-10018754.17,2504688.5425,-7514065.6275,5009377.085&WIDTH=256&HEIGHT=256
        """
    private static let headers: StaticString = """
        Content-Type: image/png\r
        ETag: "bench-10240-0000000045"\r
        Cache-Control: public, max-age=86400\r\n
        """
    private static let now: Milliseconds = 1_750_000_000_000

    private let bytes: UnsafeRawBufferPointer
    private let keyMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2_048, alignment: 16)
    private let record = UnsafeMutableRawBufferPointer.allocate(byteCount: 2_000, alignment: 16)
    private let dateMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)
    private let services = MapServices.standard
    private let policy = BehaviorPolicy.standard(mode: .rfc9111)
    private let seed: (UInt64, UInt64) = (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)
    private var head = RequestHead()
    private var facts: RequestFacts
    private var keyCount = 0
    private var recordCount = 0
    private var entry: EntryHeader

    init() {
        bytes = UnsafeRawBufferPointer(
            start: Self.request.utf8Start, count: Self.request.utf8CodeUnitCount)
        facts = RequestFacts(head, bytes: bytes.bytes)
        let times = EntryTimes(
            storedAt: Self.now - 10_000, initialAge: 0, freshUntil: Self.now + 86_390_000,
            swrUntil: Self.now + 86_390_000, sieUntil: Self.now + 86_390_000)
        entry = EntryHeader(status: 200, flags: [], times: times)
        entry.bodyLength = 10_240
        entry.completeLength = 10_240
        let length = parse()
        precondition(length != 0, "the request is sound")
        _ = key()
        let headers = UnsafeRawBufferPointer(
            start: Self.headers.utf8Start, count: Self.headers.utf8CodeUnitCount)
        let key = UnsafeRawBufferPointer(rebasing: keyMemory[..<keyCount])
        recordCount =
            EntryRecord.encode(
                entry, key: key.bytes, seed: seed, headers: headers.bytes, body: RawSpan(),
                into: record) ?? 0
        let headersStart = decode()
        precondition(headersStart != 0, "the record is sound")
    }

    /// The request's head.
    mutating func parse() -> UInt64 {
        var scan = HeadScan()
        guard parseRequest(bytes.bytes, &scan, limits: .request, into: &head) == .complete else {
            return 0
        }
        return UInt64(head.length)
    }

    /// What the policy needs to know of it.
    mutating func readFacts() -> UInt64 {
        facts = RequestFacts(head, bytes: bytes.bytes)
        return facts.hasRange ? 2 : 1
    }

    /// The canonical key and its hash.
    mutating func key() -> UInt64 {
        var key = CanonicalKey(keyMemory)
        key.append(head, bytes: bytes.bytes)
        keyCount = key.count
        return CacheKey.hash(key.bytes.bytes, seed: seed).low
    }

    /// The canonical key of a map, however it is spelt, and its hash.
    mutating func mapKey() -> UInt64 {
        let (path, query) = (Self.mapPath, Self.mapQuery)
        var key = CanonicalKey(keyMemory)
        let outcome = key.append(
            mapOf: UnsafeRawBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount)
                .bytes,
            query: UnsafeRawBufferPointer(start: query.utf8Start, count: query.utf8CodeUnitCount)
                .bytes, services: services)
        guard case .request(let request) = outcome, request.address != nil else { return 0 }
        return CacheKey.hash(key.bytes.bytes, seed: seed).low
    }

    /// The record that was found, as it is read on a hit: key compared, checksum known.
    mutating func decode() -> UInt64 {
        let found = UnsafeRawBufferPointer(rebasing: record[..<recordCount])
        let key = UnsafeRawBufferPointer(rebasing: keyMemory[..<keyCount])
        let decoded = EntryRecord.decode(
            found.bytes, expecting: key.bytes, seed: seed, verifying: false)
        guard case .entry(let header, let layout) = decoded else { return 0 }
        entry = header
        return UInt64(layout.headers.lowerBound)
    }

    /// The latest of some invalidations that is the record's: none is.
    func look(among rules: borrowing Rules) -> UInt64 {
        rules.latest(of: UnsafeRawBufferPointer(rebasing: keyMemory[..<keyCount]))
    }

    /// The policy's word.
    mutating func decideServing() -> UInt64 {
        let decision = decide(
            .entry(entry), request: facts, policy: policy, health: .up, now: Self.now)
        return decision.action == .serve ? 1 : 0
    }

    /// Age and date, as they go into the answer.
    mutating func writeTimes() -> UInt64 {
        HTTPDate.write(Self.now / 1_000, into: dateMemory)
        return entry.times.ageSeconds(at: Self.now) &+ UInt64(dateMemory[28])
    }
}

/// Invalidations in force, none of which is a tile's: a loop's own, and so never copied.
struct Rules: ~Copyable {
    private var index = InvalidationIndex()

    /// - Parameter starred: how many of them, the first ones, end in a star.
    init(_ count: Int, starred: Int) {
        for number in 0..<count {
            let path = Array("/story/\(number)".utf8)
            index.insert(
                InvalidationRule(number < starred ? .prefix : .target, path),
                number: UInt64(number + 1))
        }
    }

    func latest(of key: UnsafeRawBufferPointer) -> UInt64 {
        index.numbers(of: key.bytes).highest
    }
}

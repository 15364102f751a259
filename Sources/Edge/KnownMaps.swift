import Caching
import Glibc
import HTTP
import LMDB
import Tiles

/// The normal forms of maps that were asked for lately, by the words they were asked in.
///
/// To read a request for a map costs as much as all else that a hit does, and the viewers of one
/// map use the same words. What hashes to one pair of places takes the one or the other; it has the
/// words themselves, which are compared, so that the hash decides of nothing but speed. What has a
/// token or a cache-buster is not remembered: the one shall not be kept, the other does not come
/// again.
///
/// One per loop: 4 MiB, in huge pages where the kernel has some, as a place is anywhere in it.
@safe  // owns its memory; `remember` bounds the lengths that `recall` goes by
struct KnownMaps {
    /// An even number, since they are used in pairs.
    static let places = byteCount / placeSize & ~1
    /// Bytes of a place: words of 350 bytes and a form of 250 beside the rest.
    static let placeSize = 704
    private static let byteCount = 2 * PageSize.huge
    /// A huge page more than is used, for the beginning of one.
    private static let mappedBytes = byteCount + PageSize.huge
    /// What is called for of each place of a pair: its head and the words of most tiles.
    private static let calledFor = 192
    static let headSize = MemoryLayout<Place>.stride

    /// How a place begins; the path, the query and the normal form stand behind it.
    private struct Place {
        var services: UInt
        var edition: UInt32
        var pathLength: UInt16
        var queryLength: UInt16
        var formLength: UInt16
        var isPicture: Bool
        /// Of a pair's first place: which of the two was taken last, so that the other is next.
        var latest: UInt8
    }

    private let mapped: UnsafeMutableRawPointer
    private let memory: UnsafeMutableRawPointer
    /// Of the configuration: services of an earlier one may have lain where one's own lie now.
    private var edition: UInt32 = 1

    init() {
        // All zeros, once they are touched: no place is of an edition.
        let given = unsafe mmap(
            nil, Self.mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let given = unsafe given, unsafe given != MAP_FAILED else {
            fatalError("no memory for known maps: \(Self.mappedBytes) bytes")
        }
        unsafe mapped = given
        unsafe memory = given.alignedUp(toMultipleOf: PageSize.huge)
        _ = unsafe madvise(memory, Self.byteCount, MADV_HUGEPAGE)
    }

    func deallocate() { unsafe munmap(mapped, Self.mappedBytes) }

    /// Forgets all.
    mutating func forget() {
        edition &+= 1
        if edition != 0 { return }
        unsafe memset(memory, 0, Self.byteCount)
        edition = 1
    }

    /// Appends the map's normal form to a key, where it has one: `map` tells.
    @inline(__always)
    func append(
        mapOf path: RawSpan, query: RawSpan, _ services: Unmanaged<MapServices>,
        _ map: inout MapFacts, to key: inout CanonicalKey
    ) {
        if unsafe recall(path, query, services, &map, to: &key) { return }
        let start = key.count + CanonicalKey.partHead
        unsafe TargetKey.append(mapOf: path, query: query, services, &map, to: &key)
        if map.isKeyed, !map.hasToken, map.notOlderThan == .min, !key.overflowed {
            unsafe remember(
                path, query, services, isPicture: map.isPicture,
                UnsafeRawBufferPointer(rebasing: key.bytes[start...]))
        }
    }

    /// The same for words that are remembered; false: they are not, and nothing was appended.
    @inline(__always)
    func recall(
        _ path: RawSpan, _ query: RawSpan, _ services: Unmanaged<MapServices>,
        _ map: inout MapFacts, to key: inout CanonicalKey
    ) -> Bool {
        let pair = unsafe pair(of: path, query)
        for way in 0..<2 {
            unsafe prefetch(
                UnsafeRawBufferPointer(
                    start: pair + way * Self.placeSize, count: Self.calledFor))
        }
        for way in 0..<2 {
            let place = unsafe pair + way * Self.placeSize
            let known = unsafe place.load(as: Place.self)
            guard unsafe known.services == UInt(bitPattern: services.toOpaque()),
                known.edition == edition, Int(known.pathLength) == path.byteCount,
                Int(known.queryLength) == query.byteCount
            else { continue }
            let words = unsafe place + Self.headSize
            let rest = unsafe words + path.byteCount
            guard unsafe Self.isSame(path, words), unsafe Self.isSame(query, rest)
            else { continue }
            map = MapFacts(keyedPicture: known.isPicture)
            let form = unsafe UnsafeRawBufferPointer(
                start: rest + query.byteCount, count: Int(known.formLength))
            unsafe key.append(.mapRequest, form.bytes)
            return true
        }
        return false
    }

    private func remember(
        _ path: RawSpan, _ query: RawSpan, _ services: Unmanaged<MapServices>, isPicture: Bool,
        _ form: UnsafeRawBufferPointer
    ) {
        let length = path.byteCount + query.byteCount
        guard length + form.count <= Self.placeSize - Self.headSize else { return }
        let pair = unsafe pair(of: path, query)
        var first = unsafe pair.load(as: Place.self)
        let way = first.latest ^ 1
        if way == 1 {
            first.latest = way
            unsafe pair.storeBytes(of: first, as: Place.self)
        }
        let place = unsafe pair + Int(way) * Self.placeSize
        unsafe place.storeBytes(
            of: Place(
                services: UInt(bitPattern: services.toOpaque()), edition: edition,
                pathLength: UInt16(path.byteCount),
                queryLength: UInt16(query.byteCount), formLength: UInt16(form.count),
                isPicture: isPicture, latest: 0),
            as: Place.self)
        let words = unsafe UnsafeMutableRawBufferPointer(
            start: place + Self.headSize, count: length + form.count)
        unsafe path.withUnsafeBytes { unsafe words.copyMemory(from: $0) }
        unsafe query.withUnsafeBytes {
            unsafe UnsafeMutableRawBufferPointer(rebasing: words[path.byteCount...])
                .copyMemory(from: $0)
        }
        unsafe UnsafeMutableRawBufferPointer(rebasing: words[length...]).copyMemory(from: form)
    }

    @inline(__always)
    private static func isSame(_ text: RawSpan, _ words: UnsafeMutableRawPointer) -> Bool {
        unsafe text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            return unsafe memcmp(base, words, bytes.count) == 0
        }
    }

    /// The two places of which one may have a target's words.
    @inline(__always)
    private func pair(of path: RawSpan, _ query: RawSpan) -> UnsafeMutableRawPointer {
        let hash = Self.mixed(query, Self.mixed(path, 0x9E37_79B9_7F4A_7C15))
        return unsafe memory + Int(hash % UInt64(Self.places / 2)) * 2 * Self.placeSize
    }

    /// Sixteen bytes a step, by one multiplication whose halves are folded.
    @inline(__always)
    private static func mixed(_ text: RawSpan, _ seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(text.byteCount)
        var at = 0
        while at + 16 <= text.byteCount {
            state = folded(state ^ text.word(at), text.word(at + 8) ^ 0xA076_1D64_78BD_642F)
            at += 16
        }
        while at < text.byteCount {
            state = (state ^ UInt64(text.byte(at))) &* 0xE703_7ED1_A0B4_28DB
            at += 1
        }
        return folded(state, 0x8EBC_6AF0_9C88_C6E3)
    }

    @inline(__always)
    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        return high ^ low
    }
}

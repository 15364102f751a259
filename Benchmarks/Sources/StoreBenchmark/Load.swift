import Caching
import Edge
import Glibc

/// Seconds on a clock that is never set.
func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// Seconds of processor time of this process.
func processorSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// Numbers that a seed decides.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    /// Below `limit`, evenly.
    mutating func next(below limit: Int) -> Int { Int(next() >> 33) % limit }

    /// From 0 up to 1, evenly.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}

/// Bytes that do not compress, from which all bodies are cut; each body begins with its own number,
/// so that no two are the same.
final class BodyPool: Sendable {
    let bytes: [UInt8]
    static let longest = 1 << 16

    init() {
        var numbers = Numbers(seed: 5)
        bytes = (0..<(4 << 20)).map { _ in UInt8(truncatingIfNeeded: numbers.next() >> 40) }
    }
}

/// The key of the n-th tile, as its canonical bytes.
func tileName(_ number: Int) -> [UInt8] {
    let place = "z=12&x=\(number % 4_096)&y=\(number / 4_096)"
    return Array("example.org/geoserver/gwc/service/wmts?layer=states&\(place)".utf8)
}

extension Store {
    /// The n-th tile's key.
    func key(_ number: Int) -> CacheKey { CacheKey.hash(tileName(number).span.bytes, seed: seed) }

    /// Puts a tile of that many bytes; `version` makes it differ from all others.
    func put(_ number: Int, version: Int, count: Int, _ pool: BodyPool, now: Milliseconds) -> Bool {
        var stamp = [UInt8](repeating: 0, count: 16)
        stamp.withUnsafeMutableBytes {
            $0.storeBytes(of: number, as: Int.self)
            $0.storeBytes(of: version, toByteOffset: 8, as: Int.self)
        }
        let offset = (number &* 7_919 &+ version &* 104_729) & (pool.bytes.count / 2 - 1)
        let rest = pool.bytes.withUnsafeBytes {
            StoreSegment(
                owner: pool,
                bytes: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count - 16]),
                held: count - 16)
        }
        let until = now + 86_400_000
        let times = EntryTimes(
            storedAt: now, initialAge: 0, freshUntil: until, swrUntil: until, sieUntil: until)
        let name = tileName(number)
        return enqueue(
            StorePut(
                key: CacheKey.hash(name.span.bytes, seed: seed),
                header: EntryHeader(status: 200, flags: [], times: times), canonicalKey: name,
                headers: Array(
                    "Content-Type: image/png\r\nLast-Modified: Mon, 23 Nov 2026 10:00:00 GMT\r\n"
                        .utf8),
                body: .segments([StoreSegment(copying: stamp), rest])))
    }
}

/// A number with so many digits behind the point.
func rounded(_ value: Double, _ digits: Int = 1) -> String {
    let scale = pow(10, Double(digits))
    return "\((value * scale).rounded() / scale)"
}

/// The number, right-aligned in a column.
func column(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

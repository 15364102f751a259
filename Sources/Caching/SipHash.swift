/// SipHash with 128 bits of output: a keyed hash that an outsider can neither predict nor steer.
///
/// Little-endian, as in Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and the
/// authors' 128-bit variant.
struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    @inline(__always)
    init(_ seed: (UInt64, UInt64)) {
        v0 = seed.0 ^ 0x736f_6d65_7073_6575
        v1 = seed.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = seed.0 ^ 0x6c79_6765_6e65_7261
        v3 = seed.1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64, rounds: Int) {
        v3 ^= word
        for _ in 0..<rounds { round() }
        v0 ^= word
    }

    @inline(__always)
    mutating func finish(rounds: Int) -> (UInt64, UInt64) {
        v2 ^= 0xee
        for _ in 0..<rounds { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<rounds { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }
}

/// The hash of `bytes`; `rounds` are those for each word and those at the end.
@inline(__always)
func sipHash(
    _ bytes: RawSpan, seed: (UInt64, UInt64), rounds: (word: Int, end: Int)
) -> (UInt64, UInt64) {
    var state = SipState(seed)
    let count = bytes.byteCount
    var at = 0
    while at &+ 8 <= count {
        state.absorb(bytes.word(at: at), rounds: rounds.word)
        at &+= 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    var shift: UInt64 = 0
    while at < count {
        last |= UInt64(bytes[at]) << shift
        shift &+= 8
        at &+= 1
    }
    state.absorb(last, rounds: rounds.word)
    return state.finish(rounds: rounds.end)
}

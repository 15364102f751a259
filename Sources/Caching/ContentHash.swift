/// The hash of a body, taken piece by piece: equal bytes have an equal hash, on every edge and in
/// whatever pieces they came.
///
/// SipHash-2-4-128 under a key that everybody knows. What is hashed comes from the operator's own
/// servers, who gain nothing by two pictures of one hash. About 1 ns for each 2 bytes; no
/// allocation.
public struct ContentHash {
    /// "mapedge tile tag" as two little-endian words; another key would be other tags everywhere.
    private static var seed: (UInt64, UInt64) { (0x2065_6764_6570_616d, 0x6761_7420_656c_6974) }

    private var state: SipState
    private var count: UInt64 = 0
    /// Bytes that do not make up a word yet.
    private var last: UInt64 = 0

    public init() { state = SipState(Self.seed) }

    /// Under a secret key: who has a hand in two bodies cannot make them have one hash.
    public init(seed: (UInt64, UInt64)) { state = SipState(seed) }

    public mutating func update(_ bytes: RawSpan) {
        var at = 0
        while at < bytes.byteCount {
            if count & 7 == 0, at &+ 8 <= bytes.byteCount {
                state.absorb(bytes.word(at: at), rounds: 2)
                at &+= 8
                count &+= 8
                continue
            }
            last |= UInt64(bytes[at]) << (count & 7 &* 8)
            at &+= 1
            count &+= 1
            if count & 7 == 0 {
                state.absorb(last, rounds: 2)
                last = 0
            }
        }
    }

    /// The hash of all that was given.
    public var value: (high: UInt64, low: UInt64) {
        var rest = state
        rest.absorb(last | count << 56, rounds: 2)
        let (high, low) = rest.finish(rounds: 4)
        return (high, low)
    }

    /// The strong entity tag of a representation with these bytes: 32 hexadecimal digits in quotes
    /// (RFC 9110 §8.8.3). Allocates.
    public var entityTag: [UInt8] {
        let (high, low) = value
        var tag: [UInt8] = [34]
        for word in [high, low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(word >> shift & 15)
                tag.append(digit < 10 ? 48 + digit : 87 + digit)
            }
        }
        return tag + [34]
    }
}

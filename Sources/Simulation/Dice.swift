/// The one source of chance in a simulated world: everything that could have gone otherwise asks
/// here, so that a seed decides all of it.
///
/// SplitMix64; a reference, since all parts of one world draw from the same row of numbers.
public final class Dice {
    private var state: UInt64

    public init(seed: UInt64) {
        // Neighbouring seeds must not begin alike, nor one be the other from its second number on:
        // the state goes on in steps of this constant.
        state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
        state = next()
    }

    /// The next 64 bits.
    public func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number from 0 up to, not including, `bound`; `bound` is at least 1.
    public func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// A number of the range, either end included.
    public func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// One of the elements, of which there must be one.
    public func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// True so many times in a hundred.
    public func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// Nanoseconds between the two numbers of microseconds, small ones far more often.
    public func delay(_ microseconds: ClosedRange<Int>) -> UInt64 {
        let span = microseconds.upperBound - microseconds.lowerBound
        let part = min(below(span + 1), below(span + 1), below(span + 1))
        return UInt64(microseconds.lowerBound + part) * 1_000 + UInt64(below(1_000))
    }
}

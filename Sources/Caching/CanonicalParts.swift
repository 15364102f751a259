/// Walks the parts of a canonical key, in their order.
///
/// For whoever shows a key to people; allocates nothing.
public struct CanonicalParts: Sendable {
    private var at = 0
    /// What was read is no canonical key, such as a digest.
    public private(set) var isBroken = false

    public init() {}

    /// What the next part is, and where its bytes are; nil behind the last, or where `isBroken`.
    public mutating func next(
        in canonical: RawSpan
    ) -> (part: CanonicalKey.Part, value: Range<Int>)? {
        guard at < canonical.byteCount, !isBroken else { return nil }
        guard at + 3 <= canonical.byteCount, let part = CanonicalKey.Part(rawValue: canonical[at])
        else { return fail() }
        let start = at + 3
        let end = start + (Int(canonical[at + 1]) | Int(canonical[at + 2]) << 8)
        guard end <= canonical.byteCount else { return fail() }
        at = end
        return (part, start..<end)
    }

    private mutating func fail() -> (part: CanonicalKey.Part, value: Range<Int>)? {
        isBroken = true
        return nil
    }
}

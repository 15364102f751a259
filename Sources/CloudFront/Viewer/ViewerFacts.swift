/// What the edge knows of a viewer beside its request: plain values.
public struct ViewerFacts: Sendable {
    /// Two capital letters of ISO 3166-1, the first in the upper byte; 0: unknown.
    public var country: UInt16 = 0
    /// Which place of the table's, which tells more than the country; negative: none is known.
    public var place: Int32 = -1
    public var usesTLS = false
    /// Its own fields of this kind are believed: it is a CloudFront in front of this edge.
    public var isTrusted = false

    public init() {}

    /// The code of two letters, in capitals; nil for anything else.
    public static func country(_ text: RawSpan) -> UInt16? {
        guard text.byteCount == 2 else { return nil }
        let (first, second) = (text[0] & 0xDF, text[1] & 0xDF)
        guard first &- 65 < 26, second &- 65 < 26 else { return nil }
        return UInt16(first) << 8 | UInt16(second)
    }
}

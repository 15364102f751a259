/// How large a message head may be. What is larger is refused as soon as that is certain.
public struct HeadLimits: Equatable, Sendable {
    /// Longest request target, in bytes (414 beyond). Unused for responses.
    public var targetBytes: Int
    /// Longest head, from its first byte to the end of the empty line, in bytes (431 beyond).
    /// More than 65,535 means 65,535, the most that a `ByteSlice` can reach.
    public var headBytes: Int
    /// Most field lines (431 beyond). More than `HeaderTable.capacity` means that many.
    public var fieldCount: Int
    /// Any expectation but `100-continue` is refused (417, RFC 9110 §10.1.1); else it is as if it
    /// were not there. Default: no.
    public var refusesExpectations = false

    /// Limits of the given sizes.
    public init(targetBytes: Int, headBytes: Int, fieldCount: Int) {
        self.targetBytes = targetBytes
        self.headBytes = headBytes
        self.fieldCount = fieldCount
    }

    /// `headBytes` within what offsets of 16 bits can name.
    var reachableHeadBytes: Int { min(max(headBytes, 0), 65_535) }

    /// What a viewer may send unless the configuration says otherwise.
    public static var request: HeadLimits {
        var limits = HeadLimits(targetBytes: 8_192, headBytes: 32_768, fieldCount: 100)
        limits.refusesExpectations = true
        return limits
    }

    /// What an origin may send: as much as offsets of 16 bits can name.
    public static var response: HeadLimits {
        HeadLimits(targetBytes: 0, headBytes: 65_535, fieldCount: 128)
    }
}

/// How large a message head may be. What is larger is refused as soon as that is certain.
public struct HeadLimits: Equatable, Sendable {
    /// Longest request target, in bytes (414 beyond). Unused for responses.
    public var targetBytes: Int
    /// Longest head, from its first byte to the end of the empty line, in bytes (431 beyond);
    /// at most 65,535.
    public var headBytes: Int
    /// Most field lines (431 beyond); at most `HeaderTable.capacity`.
    public var fieldCount: Int

    /// Limits of the given sizes; sizes beyond what a table can hold are cut down to that.
    public init(targetBytes: Int, headBytes: Int, fieldCount: Int) {
        self.headBytes = min(max(headBytes, 0), 65_535)
        self.targetBytes = min(max(targetBytes, 0), 65_535)
        self.fieldCount = min(max(fieldCount, 0), HeaderTable.capacity)
    }

    /// What a viewer may send unless the configuration says otherwise.
    public static var request: HeadLimits {
        HeadLimits(targetBytes: 8_192, headBytes: 32_768, fieldCount: 100)
    }

    /// What an origin may send: as much as offsets of 16 bits can name.
    public static var response: HeadLimits {
        HeadLimits(targetBytes: 0, headBytes: 65_535, fieldCount: 128)
    }
}
